// quiver_make_seeds FOLDER: writes where the fuzzers start, FOLDER/<target>/<name>, from files and
// messages that the core itself made.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>

#include "base/msgpack.h"
#include "column/packed_numbers.h"
#include "column/values.h"
#include "engine/config.h"
#include "store/file_names.h"
#include "support/batches.h"
#include "support/container.h"
#include "support/requests.h"
#include "support/require.h"
#include "support/sample_index.h"
#include "support/segment_file.h"

namespace quiver::fuzz {
namespace {

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void add(const std::string& target, const std::string& name, Bytes content) const {
    std::filesystem::create_directories(folder_ / target);
    std::ofstream file(folder_ / target / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
    require(static_cast<bool>(file.flush()), "a seed is written");
  }

 private:
  std::filesystem::path folder_;
};

/// The file, and those of its sections that are columns.
void add_segment(const Seeds& seeds, const std::string& name, const Buffer& file) {
  seeds.add("segment", name, file);
  std::vector<Piece> columns;
  for (const SegmentImage::Section& section : read_segment_file(file).sections) {
    if (section.id == 4) columns.push_back({"i", section.content});
    if (section.id == 5) columns.push_back({"l", section.content});
    if (section.id >= 256) {
      columns.push_back({"p" + std::to_string(section.id - 256), section.content});
    }
  }
  require(columns.size() > 4, "a segment has ids and metadata");
  seeds.add("column", name, pack(columns));
}

/// Values of which some are a block by themselves, and numbers of each width.
void add_columns(const Seeds& seeds) {
  Buffer values;
  column::ValuesWriter writer([&values](Bytes bytes) -> Expected<void> {
    values.insert(values.end(), bytes.begin(), bytes.end());
    return {};
  });
  for (uint32_t n = 0; n < 300; ++n) {
    const Buffer value = sample_metadata(n);
    require(static_cast<bool>(writer.add(value)), "a value is written");
  }
  for (const size_t size : {size_t{0}, size_t{9000}, size_t{1}}) {
    require(static_cast<bool>(writer.add(Buffer(size, 'x'))), "a value is written");
  }
  require(static_cast<bool>(writer.finish()), "values are written");
  seeds.add("column", "values", pack({{"v", values}}));
  for (const uint64_t most :
       {uint64_t{0}, uint64_t{200}, uint64_t{60000}, uint64_t{1} << 31, uint64_t{1} << 62}) {
    ByteWriter numbers;
    column::append_packed(std::vector<uint64_t>{3, 3 + most / 2, 3 + most}, numbers);
    seeds.add("column", "numbers-" + std::to_string(most), pack({{"n", numbers.take()}}));
  }
}

void add_index(const Seeds& seeds, const std::string& name, const Sample& sample) {
  std::vector<Piece> files;
  for (const auto& [file, content] : sample_index(sample)) {
    files.push_back({file, *content});
    if (file == store::kManifestName) seeds.add("manifest", name, *content);
    if (store::log_file_number(file)) seeds.add("log", name + "-" + file, *content);
    if (store::segment_file_number(file)) add_segment(seeds, name + "-" + file, *content);
  }
  for (const char* target : {"index", "repair"}) seeds.add(target, name, pack(files));
}

/// A folder before and after another process sealed its head.
void add_followed_index(const Seeds& seeds) {
  Sample sample{Metric::kL2, 4, 1, 20, 8};
  std::vector<Piece> files;
  for (const auto& [file, content] : sample_index(sample)) files.push_back({file, *content});
  sample.segments = 2;
  for (const auto& [file, content] : sample_index(sample)) {
    files.push_back({"+" + file, *content});
  }
  seeds.add("index", "followed", pack(files));
}

Buffer map_of_all_types() {
  msgpack::Writer writer;
  writer.map(8);
  for (uint32_t n = 0; n < 8; ++n) {
    writer.text(std::string(1, static_cast<char>('a' + n)));
    writer.encoded(sample_metadata(n));
  }
  return writer.take();
}

template <typename Value>
Buffer filter_of(std::string_view field, std::string_view op, const Value& value) {
  msgpack::Writer writer;
  writer.map(1);
  writer.text(field);
  writer.map(1);
  writer.text(op);
  value(writer);
  return writer.take();
}

std::vector<Buffer> sample_filters() {
  const auto number = [](msgpack::Writer& writer) { writer.number(5); };
  const auto text = [](msgpack::Writer& writer) { writer.text("x"); };
  const auto yes = [](msgpack::Writer& writer) { writer.boolean(true); };
  const auto list = [](msgpack::Writer& writer) {
    writer.array(3);
    writer.number(1);
    writer.text("x");
    writer.nil();
  };
  std::vector<Buffer> filters;
  for (const char* op : {"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"}) {
    filters.push_back(filter_of("n", op, number));
  }
  for (const char* op : {"$in", "$nin"}) filters.push_back(filter_of("a", op, list));
  filters.push_back(filter_of("a", "$exists", yes));
  filters.push_back(filter_of("a", "$contains", text));
  filters.push_back(filter_of("a.b.c", "$ne", number));
  filters.push_back(filter_of("n", "$not", [&](msgpack::Writer& writer) {
    writer.map(1);
    writer.text("$gt");
    writer.number(3);
  }));
  for (const char* op : {"$and", "$or"}) {
    msgpack::Writer writer;
    writer.map(1);
    writer.text(op);
    writer.array(static_cast<uint32_t>(2));
    writer.encoded(filters[0]);
    writer.encoded(filters[8]);
    filters.push_back(writer.take());
  }
  return filters;
}

void add_values(const Seeds& seeds) {
  seeds.add("msgpack", "all-types", map_of_all_types());
  const std::vector<Buffer> filters = sample_filters();
  for (size_t i = 0; i < filters.size(); ++i) {
    seeds.add("msgpack", "filter-" + std::to_string(i), filters[i]);
    const Buffer metadata = sample_metadata(static_cast<uint32_t>(i));
    seeds.add("filter", std::to_string(i), joined({filters[i], metadata}));
  }
  engine::Config config;
  config.dimensions = 8;
  config.user = {1, 2, 3};
  seeds.add("config", "config", engine::encode_config(config));
  msgpack::Writer options;
  options.map(3);
  options.text("durability");
  options.text("async");
  options.text("sealThreshold");
  options.integer(100);
  options.text("readOnly");
  options.boolean(false);
  seeds.add("config", "options", options.take());
}

/// {groupBy: {field: "n", limit: 2}}
Buffer group_by_options() {
  msgpack::Writer writer;
  writer.map(1);
  writer.text("groupBy");
  writer.map(2);
  writer.text("field");
  writer.text("n");
  writer.text("limit");
  writer.integer(2);
  return writer.take();
}

/// {mmr: {lambda: 0.5, candidates: 9}}
Buffer mmr_options() {
  msgpack::Writer writer;
  writer.map(1);
  writer.text("mmr");
  writer.map(2);
  writer.text("lambda");
  writer.number(0.5);
  writer.text("candidates");
  writer.integer(9);
  return writer.take();
}

void add_requests(const Seeds& seeds) {
  const uint32_t dim = Sample{}.dim;
  std::mt19937 random(2);
  const std::vector<float> vector = test::random_vector(random, dim);
  const Buffer filter = sample_filters()[3];
  const float no_limit = -std::numeric_limits<float>::infinity();
  const Buffer batch = test::BatchMaker(dim)
                           .insert("new", vector, sample_metadata(5))
                           .upsert("a3", test::random_vector(random, dim))
                           .add(engine::OperationKind::kUpdate, "a4", {}, sample_metadata(4))
                           .remove("a6")
                           .encode();
  const Buffer second = test::BatchMaker(dim).remove("new").insert("newer", vector).encode();
  const Piece pump{"p", {}};

  seeds.add("session", "queries",
            pack({{"r", query_request(3, 0, 1, no_limit, 1, vector, {})},
                  {"r", query_request(5, 2, 0, 0.1F, 1, vector, filter)},
                  {"r", query_request(100, 1, 2, no_limit, 2, test::random_vector(random, 2 * dim),
                                      filter)},
                  {"r", query_request(3, 0, 9, no_limit, 1, vector, filter)},
                  {"r", query_request(3, 0, 1, no_limit, 1, vector, {})},
                  {"r", numbers({11})},
                  {"r", query_request(4, 0, 0, no_limit, 1, vector, filter, group_by_options())},
                  {"r", query_request(4, 0, 0, no_limit, 1, vector, {}, mmr_options())},
                  {"r", get_request(1, {"a0", "a1", "", "no such"})}}));
  // Numbers of cursors and transactions count up from 1.
  seeds.add("session", "cursors",
            pack({{"r", list_request(1, filter)},
                  {"r", stream_request(0, no_limit, 7, vector, {})},
                  {"r", stream_request(2, no_limit, 0, vector, filter)},
                  {"r", numbers({7, 1, 5})},
                  {"r", numbers({7, 2, 100})},
                  {"r", numbers({7, 3, 2})},
                  {"r", numbers({7, 3, 100})},
                  {"w", joined({numbers({16}), batch})},
                  {"r", numbers({7, 1, 100})},
                  {"r", numbers({8, 1})},
                  {"r", numbers({7, 1, 1})}}));
  seeds.add("session", "writes",
            pack({{"w", joined({numbers({16}), batch})},
                  {"w", joined({numbers({16}), second})},
                  pump,
                  {"w", numbers({21})},
                  pump,
                  {"r", numbers({3})},
                  {"r", numbers({9})}}));
  seeds.add("session", "transactions",
            pack({{"w", numbers({17})},
                  {"w", joined({numbers({18, 1}), batch})},
                  {"w", joined({numbers({18, 1}), second})},
                  {"w", numbers({17})},
                  {"w", joined({numbers({18, 2}), second})},
                  {"w", numbers({19, 1})},
                  {"w", numbers({20, 2})}}));
  seeds.add("session", "snapshots",
            pack({{"r", snapshot_request("copy", "")},
                  {"w", joined({numbers({16}), batch})},
                  {"r", snapshot_request("later", "copy")},
                  {"r", numbers({4})}}));
}

}  // namespace
}  // namespace quiver::fuzz

int main(int count, char** arguments) {
  using namespace quiver;
  fuzz::require(count == 2, "one argument: the folder");
  const fuzz::Seeds seeds{arguments[1]};
  fuzz::add_index(seeds, "cosine", {});
  fuzz::add_index(seeds, "l2", {Metric::kL2, 4, 2, 20, 5});
  fuzz::add_index(seeds, "ip", {Metric::kInnerProduct, 3, 1, 70, 0});
  fuzz::add_index(seeds, "binary", {Metric::kInnerProduct, 5, 1, 40, 0, CodeKind::kBinary});
  fuzz::add_index(seeds, "pq", {Metric::kCosine, 3, 1, 40, 0, CodeKind::kPq});
  fuzz::add_index(seeds, "log-only", {Metric::kL2, 5, 0, 100, 10});
  fuzz::add_index(seeds, "empty", {Metric::kCosine, 2, 0, 10, 0});
  fuzz::add_followed_index(seeds);
  fuzz::add_columns(seeds);
  fuzz::add_values(seeds);
  fuzz::add_requests(seeds);
  return 0;
}
