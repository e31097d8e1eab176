// Small fixed workloads whose instructions callgrind counts (scripts/budget.mjs). Everything goes
// through what bindings use: src/quiver.h and the messages of docs/engine-messages.md.
//   quiver_budget --list             the workloads, one a line
//   quiver_budget --compiler         what the counts depend on
//   quiver_budget --prepare FOLDER   writes the folders that the workloads start from
//   quiver_budget WORKLOAD FOLDER    runs one, and counts from where it starts to where it ends

#include <valgrind/callgrind.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/msgpack.h"
#include "engine/batch.h"
#include "quiver.h"
#include "store/vfs_native.h"

namespace {

using quiver::Buffer;
using quiver::Bytes;
using quiver::engine::Session;
using quiver::msgpack::Writer;

constexpr uint32_t kDim = 64;
constexpr uint32_t kRows = 2000;
constexpr uint32_t kQueries = 200;
constexpr uint32_t kClusters = 40;
constexpr uint32_t kTopK = 10;
constexpr uint32_t kExact = 2;

template <typename T>
T check(quiver::Expected<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

void check(const quiver::Expected<void>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

// ---- data ---------------------------------------------------------------------------------------

/// Points around kClusters centres: the same on every machine.
class Points {
 public:
  std::vector<float> next() {
    const uint32_t cluster = random_() % kClusters;
    std::vector<float> point(kDim);
    for (uint32_t i = 0; i < kDim; ++i) point[i] = centres_[cluster * kDim + i] + 0.6F * uniform();
    return point;
  }

 private:
  float uniform() { return static_cast<float>(random_()) / 2147483648.0F - 1.0F; }
  std::vector<float> make_centres() {
    std::vector<float> centres(size_t{kClusters} * kDim);
    for (float& x : centres) x = uniform();
    return centres;
  }

  std::mt19937 random_{1};
  std::vector<float> centres_ = make_centres();
};

std::string id_of(uint32_t n) { return "item-" + std::to_string(n); }

Buffer metadata_of(uint32_t n) {
  Writer writer;
  writer.map(3);
  writer.text("n");
  writer.integer(n);
  writer.text("group");
  writer.text("group-" + std::to_string(n % 10));
  writer.text("tags");
  writer.array(2);
  writer.text(n % 2 == 0 ? "even" : "odd");
  writer.text(n % 3 == 0 ? "three" : "other");
  return writer.take();
}

// ---- messages -----------------------------------------------------------------------------------

/// Parts one after the other. (Not with ByteWriter: GCC 12 takes its inlined insertion for an
/// overflow.)
Buffer joined(std::initializer_list<Bytes> parts) {
  Buffer joined;
  for (const Bytes part : parts) {
    const size_t at = joined.size();
    joined.resize(at + part.size());
    if (!part.empty()) std::memcpy(&joined[at], part.data(), part.size());
  }
  return joined;
}

Buffer words(std::initializer_list<uint32_t> values) {
  return joined({quiver::as_bytes(std::span(values.begin(), values.size()))});
}

Buffer insert_request(Points& points, uint32_t first, uint32_t count) {
  std::vector<std::string> ids;
  std::vector<std::vector<float>> vectors;
  std::vector<Buffer> metadata;
  for (uint32_t n = first; n < first + count; ++n) {
    ids.push_back(id_of(n));
    vectors.push_back(points.next());
    metadata.push_back(metadata_of(n));
  }
  std::vector<quiver::engine::Operation> operations;
  for (uint32_t i = 0; i < count; ++i) {
    operations.push_back(
        {quiver::engine::OperationKind::kInsert, ids[i], vectors[i].data(), metadata[i]});
  }
  return joined({words({16}), quiver::engine::encode_batch(kDim, operations)});
}

Buffer query_request(const std::vector<float>& vector, uint32_t flags, const Buffer& filter) {
  const float no_limit[] = {-std::numeric_limits<float>::infinity(), 0};  // the default recall
  return joined({words({1, kTopK, 0, flags}), quiver::as_bytes(std::span<const float>(no_limit)),
                 words({1, kDim, static_cast<uint32_t>(filter.size()), 0}),
                 quiver::as_bytes(std::span<const float>(vector)), filter});
}

/// {group: "group-3"}: a tenth of the items.
Buffer simple_filter() {
  Writer writer;
  writer.map(1);
  writer.text("group");
  writer.text("group-3");
  return writer.take();
}

/// {$and: [{n: {$lt: 1500}}, {$or: [{tags: {$contains: "three"}}, {group: {$in: ["group-1",
/// "group-2"]}}]}]}
Buffer complex_filter() {
  Writer writer;
  const auto operation = [&writer](std::string_view field, std::string_view name) {
    writer.map(1);
    writer.text(field);
    writer.map(1);
    writer.text(name);
  };
  writer.map(1);
  writer.text("$and");
  writer.array(2);
  operation("n", "$lt");
  writer.integer(1500);
  writer.map(1);
  writer.text("$or");
  writer.array(2);
  operation("tags", "$contains");
  writer.text("three");
  operation("group", "$in");
  writer.array(2);
  writer.text("group-1");
  writer.text("group-2");
  return writer.take();
}

uint32_t first_word(const Buffer& response) {
  uint32_t word = 0;
  require(response.size() >= sizeof(word), "a response is too short");
  std::memcpy(&word, response.data(), sizeof(word));
  return word;
}

// ---- indexes ------------------------------------------------------------------------------------

std::unique_ptr<Session> open(const std::string& folder, uint32_t cache_bytes = 0) {
  Writer options;
  options.map(cache_bytes == 0 ? 1 : 2);
  if (cache_bytes != 0) {
    options.text("cacheSize");
    options.integer(cache_bytes);
  }
  options.text("durability");
  options.text("none");
  return check(quiver::open_session(
      quiver::store::native_vfs(folder), options.take(),
      [](const std::string& other) { return quiver::store::native_vfs(other); }));
}

void create(const std::string& folder) {
  Writer config;
  config.map(4);
  config.text("dimensions");
  config.integer(kDim);
  config.text("metric");
  config.text("cosine");
  config.text("M");
  config.integer(16);
  config.text("efConstruction");
  config.integer(100);
  check(quiver::create_index(*quiver::store::native_vfs(folder), config.take()));
}

void fill(const std::string& folder) {
  create(folder);
  Points points;
  check(open(folder)->write(insert_request(points, 0, kRows)));
}

/// One slice however long it takes, so that no clock decides what is done.
void optimize(Session& session) {
  check(session.write(words({21})));
  while (check(session.pump(std::chrono::hours(24)))) {
  }
}

void prepare(const std::string& folder) {
  fill(folder + "/filled");
  fill(folder + "/built");
  optimize(*open(folder + "/built"));
  create(folder + "/empty");
}

// ---- workloads ----------------------------------------------------------------------------------

/// Requests are made before the counting starts: only what answers them is counted.
template <typename Work>
void counted(Work work) {
  CALLGRIND_START_INSTRUMENTATION;
  work();
  CALLGRIND_STOP_INSTRUMENTATION;
}

void build(const std::string& folder) {
  const auto session = open(folder + "/filled");
  counted([&] { optimize(*session); });
}

void insert(const std::string& folder) {
  const auto session = open(folder + "/empty");
  Points points;
  std::vector<Buffer> requests;
  for (uint32_t n = 0; n < kRows; ++n) requests.push_back(insert_request(points, n, 1));
  counted([&] {
    for (const Buffer& request : requests) check(session->write(request));
  });
}

void ask(const std::string& folder, uint32_t flags, const Buffer& filter) {
  const auto session = open(folder + "/built");
  Points points;
  std::vector<Buffer> requests;
  for (uint32_t n = 0; n < kQueries; ++n) {
    requests.push_back(query_request(points.next(), flags, filter));
  }
  counted([&] {
    for (const Buffer& request : requests) {
      require(first_word(check(session->read(request))) == kTopK, "a query found too few items");
    }
  });
}

/// The same queries as those of "query", when they are asked again.
void query_cached(const std::string& folder) {
  const auto session = open(folder + "/built", 16 << 20);
  Points points;
  std::vector<Buffer> requests;
  for (uint32_t n = 0; n < kQueries; ++n) requests.push_back(query_request(points.next(), 0, {}));
  for (const Buffer& request : requests) check(session->read(request));
  counted([&] {
    for (const Buffer& request : requests) {
      require(first_word(check(session->read(request))) == kTopK, "a query found too few items");
    }
  });
}

void query(const std::string& folder) { ask(folder, 0, {}); }
void query_exact(const std::string& folder) { ask(folder, kExact, {}); }
void filter_simple(const std::string& folder) { ask(folder, 0, simple_filter()); }
void filter_complex(const std::string& folder) { ask(folder, 0, complex_filter()); }

/// Opening, and the first item: headers, and one of each column.
void reopen(const std::string& folder) {
  const std::string id = id_of(7);
  const Buffer request = joined(
      {words({2, 1, 1, static_cast<uint32_t>(id.size())}), quiver::as_bytes(std::string_view(id))});
  counted([&] {
    for (int i = 0; i < 50; ++i) {
      const auto session = open(folder + "/built");
      require(first_word(check(session->read(request))) == 1, "an item is missing");
    }
  });
}

/// Every item with its vector.
void list(const std::string& folder) {
  const auto session = open(folder + "/built");
  counted([&] {
    const uint32_t cursor = first_word(check(session->read(words({5, 1, 0}))));
    uint32_t listed = 0;
    while (const uint32_t items = first_word(check(session->read(words({7, cursor, 100}))))) {
      listed += items;
    }
    require(listed == kRows, "a list is not whole");
  });
}

/// As query(), by streams of so many batches of kTopK.
void stream(const std::string& folder, uint32_t batches) {
  const auto session = open(folder + "/built");
  Points points;
  std::vector<Buffer> requests;
  const float no_limit[] = {-std::numeric_limits<float>::infinity(), 0};
  for (uint32_t n = 0; n < kQueries; ++n) {
    const std::vector<float> point = points.next();
    requests.push_back(
        joined({words({6, 0}), quiver::as_bytes(std::span<const float>(no_limit)),
                words({0, kDim, 0}), quiver::as_bytes(std::span<const float>(point))}));
  }
  counted([&] {
    for (const Buffer& request : requests) {
      const uint32_t cursor = first_word(check(session->read(request)));
      for (uint32_t i = 0; i < batches; ++i) {
        require(first_word(check(session->read(words({7, cursor, kTopK})))) == kTopK,
                "a batch has too few items");
      }
      check(session->read(words({8, cursor})));
    }
  });
}

void stream_first(const std::string& folder) { stream(folder, 1); }
void stream_on(const std::string& folder) { stream(folder, 10); }

struct Workload {
  std::string_view name;
  void (*run)(const std::string& folder);
};

constexpr Workload kWorkloads[] = {
    {"build", build},
    {"insert", insert},
    {"query", query},
    {"query-cached", query_cached},
    {"query-exact", query_exact},
    {"stream-first", stream_first},
    {"stream-on", stream_on},
    {"filter-simple", filter_simple},
    {"filter-complex", filter_complex},
    {"open", reopen},
    {"list", list},
};

#if defined(__clang__)
constexpr const char* kCompiler = "clang";
constexpr int kCompilerVersion = __clang_major__;
#else
constexpr const char* kCompiler = "g++";
constexpr int kCompilerVersion = __GNUC__;
#endif

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "--list") {
    for (const Workload& workload : kWorkloads) std::puts(workload.name.data());
    return 0;
  }
  if (command == "--compiler") {
    std::printf("%s %d\n", kCompiler, kCompilerVersion);
    return 0;
  }
  require(argc == 3,
          "Usage: quiver_budget --list | --compiler | --prepare FOLDER | WORKLOAD FOLDER");
  if (command == "--prepare") {
    prepare(argv[2]);
    return 0;
  }
  for (const Workload& workload : kWorkloads) {
    if (workload.name != command) continue;
    workload.run(argv[2]);
    return 0;
  }
  std::fprintf(stderr, "No workload %s\n", argv[1]);
  return 1;
}
