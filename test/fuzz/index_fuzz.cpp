// Input: the files of an index folder. Those whose name starts with '+' are put in place of the
// others after the folder was opened, as by another process.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "engine/cursor.h"
#include "engine/searcher.h"
#include "store/file_names.h"
#include "store/vfs_memory.h"
#include "support/allocation_limit.h"
#include "support/batch_mutation.h"
#include "support/batches.h"
#include "support/container.h"
#include "support/log_file.h"
#include "support/manifest_file.h"
#include "support/require.h"
#include "support/segment_file.h"

using namespace quiver;

namespace {

constexpr char kLater = '+';
constexpr size_t kMaxFiles = 16;

void require_of_a_file(const Error& error) {
  const Code code = error.code;
  fuzz::require(code == Code::kCorruptFile || code == Code::kMissingFile ||
                    code == Code::kUnsupportedFormat || code == Code::kIndexNotFound,
                error.message);
}

/// What is wrong with it, if anything.
std::optional<std::string> verify(engine::Collection& collection) {
  const auto report = collection.verify();
  if (!report) {
    require_of_a_file(report.error());
    return report.error().message;
  }
  const msgpack::Value map(*report);
  const msgpack::Value problems = *map.find("problems");
  fuzz::require(map.find("ok")->boolean() == (problems.size() == 0), "what is wrong is told");
  if (problems.size() == 0) return std::nullopt;
  return std::string((*problems.elements().begin()).text());
}

void search(const engine::View& view, Metric metric, bool exact, uint32_t k,
            const filter::Filter* filter) {
  const std::vector<float> vector(view.dim, 0.5F);
  const auto query = engine::prepare_query(view, metric, vector);
  if (!query) return;
  engine::QueryOptions options;
  options.top_k = k;
  options.ef = k;
  options.exact = exact;
  options.filter = filter;
  const auto hits = engine::search_view(view, *query, options);
  if (!hits) return require_of_a_file(hits.error());
  fuzz::require(hits->size() <= k, "no more hits than asked for");
  for (size_t i = 0; i < hits->size(); ++i) {
    const engine::Hit& hit = (*hits)[i];
    fuzz::require(view.parts[hit.part].is_live(hit.row), "a hit is a live row");
    fuzz::require(i == 0 || (*hits)[i - 1].distance <= hit.distance, "the best comes first");
  }
  ByteWriter out;
  if (const auto block = engine::append_result_block(view, *hits, true, out); !block) {
    require_of_a_file(block.error());
  }
}

uint32_t count_in(Bytes block) { return *ByteReader(block).get<uint32_t>(); }

void read_all(engine::Collection& collection) {
  const auto view = collection.view();
  const Metric metric = collection.config().metric;
  msgpack::Writer writer;
  writer.map(1);
  writer.text("n");
  writer.map(1);
  writer.text("$gte");
  writer.number(5);
  const auto filter = filter::Filter::parse(writer.take());
  for (const bool exact : {false, true}) {
    // Small ones, so that graphs are walked.
    for (const uint32_t k : {1U, 2U, 100U}) {
      search(*view, metric, exact, k, nullptr);
      search(*view, metric, exact, k, &*filter);
    }
  }
  if (const auto all = engine::list_cursor(view, std::nullopt, true)->next(0xFFFFFFFF)) {
    fuzz::require(count_in(*all) == view->live(), "what is listed is what is counted");
  } else {
    require_of_a_file(all.error());
  }
  const std::vector<float> vector(view->dim, 1.0F);
  if (const auto query = engine::prepare_query(*view, metric, vector)) {
    (void)engine::ranked_cursor(view, metric, *query, *filter, 1000, -1e30F, true)->next(1000);
  }
  for (const char* id : {"a0", "a1", "a30", "", "no such"}) (void)view->find(id);
  if (const auto statistics = collection.statistics(engine::Durability::kSync); !statistics) {
    require_of_a_file(statistics.error());
  }
  const auto copy = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  if (const auto counts = collection.snapshot(*copy, nullptr); !counts) {
    require_of_a_file(counts.error());
  }
}

bool commit(engine::Collection& collection, uint32_t dim) {
  test::BatchMaker batch(dim);
  batch.remove("a0").upsert("a5", std::vector<float>(dim, 0.25F));
  batch.add(engine::OperationKind::kUpsert, "new", std::vector<float>(dim, -1.0F),
            test::number_metadata(7));
  engine::Transaction transaction;
  fuzz::require(static_cast<bool>(transaction.add(batch.encode())), "the batch is sound");
  engine::Transaction* const transactions[] = {&transaction};
  Expected<engine::WriteCounts> results[] = {engine::WriteCounts{}};
  collection.commit(transactions, results);
  return static_cast<bool>(results[0]);
}

void optimize(engine::Collection& collection) {
  (void)collection.request_optimize();
  while (const auto job = collection.next_job()) {
    Expected<bool> done = false;
    while (done && !*done) {
      done = job->work(collection.vfs(), std::chrono::steady_clock::time_point::max());
    }
    if (!done || !collection.install(*job)) return;
  }
}

/// Writes, merges everything into one segment, and opens what that left.
void write_all(const std::shared_ptr<store::Vfs>& vfs,
               std::shared_ptr<engine::Collection> collection, bool was_sound) {
  const uint32_t dim = collection->view()->dim == 0 ? 4 : collection->view()->dim;
  if (dim > 256) return;  // a megabyte and more for three rows
  if (!commit(*collection, dim)) return;
  optimize(*collection);
  const uint64_t live = collection->view()->live();
  read_all(*collection);
  if (was_sound) {
    const auto problem = verify(*collection);
    fuzz::require(!problem, "a sound index stays sound: " + problem.value_or(""));
  }
  collection.reset();
  const auto again = engine::Collection::open(vfs, {});
  if (was_sound) fuzz::require(static_cast<bool>(again), "a sound index opens after a write");
  if (again) fuzz::require((*again)->view()->live() == live, "nothing written is lost");
}

void put(store::MemoryDisk& disk, const fuzz::Piece& file, std::string_view name) {
  disk.files[std::string(name)] = std::make_shared<const Buffer>(file.content);
}

/// Puts files in place as another process does. Whether it could be one: none writes other bytes
/// where there are some, but in the manifest.
bool put_later(store::MemoryDisk& disk, const std::vector<fuzz::Piece>& files) {
  bool likely = true;
  for (const fuzz::Piece& file : files) {
    if (file.name.empty() || file.name.front() != kLater) continue;
    const std::string_view name = std::string_view(file.name).substr(1);
    if (const auto old = disk.files.find(name);
        name != store::kManifestName && old != disk.files.end()) {
      const Buffer& before = *old->second;
      likely = likely && before.size() <= file.content.size() &&
               std::equal(before.begin(), before.end(), file.content.begin());
    }
    put(disk, file, name);
  }
  return likely;
}

// ---- mutations ----------------------------------------------------------------------------------

void mutate_file(fuzz::Random& random, fuzz::Piece& file) {
  std::string_view name = file.name;
  if (!name.empty() && name.front() == kLater) name.remove_prefix(1);
  // Now and then the bytes as they are: the checksums are read too.
  if (fuzz::one_in(random, 12)) return fuzz::mutate_bytes(random, file.content, 64);
  if (name == store::kManifestName) return fuzz::mutate_manifest(random, file.content);
  if (store::segment_file_number(name)) return fuzz::mutate_segment(random, file.content);
  if (store::log_file_number(name)) {
    return fuzz::mutate_log(random, file.content, fuzz::mutate_batch);
  }
  fuzz::mutate_bytes(random, file.content, 16);
}

void mutate_name(fuzz::Random& random, std::string& name) {
  const uint64_t number =
      fuzz::one_in(random, 3) ? fuzz::odd_number(random, 1) : fuzz::below(random, 12);
  switch (fuzz::below(random, 5)) {
    case 0:
      name = store::log_file_name(number);
      break;
    case 1:
      name = store::segment_file_name(number);
      break;
    case 2:
      name = store::lock_file_name(number);
      break;
    default:
      if (!name.empty() && name.front() == kLater) {
        name.erase(0, 1);
      } else {
        name.insert(name.begin(), kLater);
      }
  }
}

void mutate_folder(fuzz::Random& random, std::vector<fuzz::Piece>& files) {
  if (files.empty()) return;
  const size_t at = fuzz::below(random, files.size());
  const auto place = files.begin() + static_cast<ptrdiff_t>(at);
  switch (fuzz::below(random, 24)) {
    case 0:
      files.erase(place);
      break;
    case 1:
      std::swap(files[at].content, files[fuzz::below(random, files.size())].content);
      break;
    case 2:
      mutate_name(random, files[at].name);
      break;
    case 3:
      if (files.size() >= kMaxFiles) break;
      files.push_back(files[at]);
      mutate_name(random, files.back().name);
      mutate_file(random, files.back());
      break;
    default:
      mutate_file(random, files[at]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  std::vector<fuzz::Piece> files = fuzz::unpack({data, size});
  if (files.size() > kMaxFiles) files.resize(kMaxFiles);
  const auto disk = std::make_shared<store::MemoryDisk>();
  bool changes = false;
  for (const fuzz::Piece& file : files) {
    const bool later = !file.name.empty() && file.name.front() == kLater;
    changes = changes || later;
    if (!later) put(*disk, file, file.name);
  }
  const auto vfs = store::memory_vfs(disk);
  auto opened = engine::Collection::open(vfs, {});
  if (!opened) {
    require_of_a_file(opened.error());
    return 0;
  }
  engine::Collection& collection = **opened;
  bool sound = !verify(collection);
  read_all(collection);
  if (changes) {
    const bool likely = put_later(*disk, files);
    const auto refreshed = collection.refresh();
    if (!refreshed) require_of_a_file(refreshed.error());
    sound = refreshed && !verify(collection);
    read_all(collection);
    if (!likely) return 0;
  }
  write_all(vfs, std::move(*opened), sound);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  fuzz::Random random(seed);
  std::vector<fuzz::Piece> files = fuzz::unpack({data, size});
  mutate_folder(random, files);
  return fuzz::give_back(fuzz::pack(files), data, size, max_size);
}

/// Files of two folders, each from one or the other.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1,
                                            const uint8_t* data2, size_t size2, uint8_t* out,
                                            size_t max_out_size, unsigned seed) {
  fuzz::Random random(seed);
  std::vector<fuzz::Piece> files = fuzz::unpack({data1, size1});
  for (fuzz::Piece& other : fuzz::unpack({data2, size2})) {
    const auto same = std::find_if(files.begin(), files.end(),
                                   [&](const auto& file) { return file.name == other.name; });
    if (same == files.end()) {
      if (files.size() < kMaxFiles && fuzz::one_in(random, 2)) files.push_back(std::move(other));
    } else if (fuzz::one_in(random, 2)) {
      *same = std::move(other);
    }
  }
  return fuzz::give_back(fuzz::pack(files), out, 0, max_out_size);
}
