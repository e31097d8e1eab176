// Input: the files of an index folder (support/folder.h). The later ones are put in place of the
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
#include "engine/variety.h"
#include "store/file_names.h"
#include "store/vfs_memory.h"
#include "support/allocation_limit.h"
#include "support/batches.h"
#include "support/folder.h"
#include "support/require.h"

using namespace quiver;

namespace {

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
  if (!hits) return fuzz::require_of_a_file(hits.error());
  fuzz::require(hits->size() <= k, "no more hits than asked for");
  for (size_t i = 0; i < hits->size(); ++i) {
    const engine::Hit& hit = (*hits)[i];
    fuzz::require(view.parts[hit.part].is_live(hit.row), "a hit is a live row");
    fuzz::require(i == 0 || (*hits)[i - 1].distance <= hit.distance, "the best comes first");
  }
  ByteWriter out;
  if (const auto block = engine::append_result_block(view, *hits, true, out); !block) {
    fuzz::require_of_a_file(block.error());
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
    fuzz::require_of_a_file(all.error());
  }
  const std::vector<float> vector(view->dim, 1.0F);
  if (const auto query = engine::prepare_query(*view, metric, vector)) {
    for (const bool exact : {false, true}) {
      engine::QueryOptions options;
      options.exact = exact;
      const auto stream = engine::ranked_cursor(view, *query, options, *filter, 1000, true);
      // Gone on with after the first piece, as far as the files let it.
      while (const auto some = stream->next(10)) {
        if (count_in(*some) == 0) break;
      }
      (void)engine::search_grouped(view, *query, options, {"n", 1});
      (void)engine::search_diverse(*view, metric, *query, options, {0.5, 40});
    }
  }
  for (const char* id : {"a0", "a1", "a30", "", "no such"}) (void)view->find(id);
  if (const auto statistics = collection.statistics(engine::Durability::kSync); !statistics) {
    fuzz::require_of_a_file(statistics.error());
  }
  const auto copy = store::memory_vfs(std::make_shared<store::MemoryDisk>());
  if (const auto counts = collection.snapshot(*copy, nullptr); !counts) {
    fuzz::require_of_a_file(counts.error());
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
      done = job->work(collection.vfs(), [] { return true; });
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
    const auto problem = fuzz::verify(*collection);
    fuzz::require(!problem, "a sound index stays sound: " + problem.value_or(""));
  }
  collection.reset();
  const auto again = engine::Collection::open(vfs, {});
  if (was_sound) fuzz::require(static_cast<bool>(again), "a sound index opens after a write");
  if (again) fuzz::require((*again)->view()->live() == live, "nothing written is lost");
}

/// Puts files in place as another process does. Whether it could be one: none writes other bytes
/// where there are some, but in the manifest.
bool put_later(store::MemoryDisk& disk, const std::vector<fuzz::Piece>& files) {
  bool likely = true;
  for (const fuzz::Piece& file : files) {
    if (!fuzz::is_later(file)) continue;
    const std::string name = file.name.substr(1);
    if (const auto old = disk.files.find(name);
        name != store::kManifestName && old != disk.files.end()) {
      const Buffer& before = *old->second;
      likely = likely && before.size() <= file.content.size() &&
               std::equal(before.begin(), before.end(), file.content.begin());
    }
    disk.files[name] = std::make_shared<const Buffer>(file.content);
  }
  return likely;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  const std::vector<fuzz::Piece> files = fuzz::unpack_folder({data, size});
  const auto disk = fuzz::disk_of(files);
  const bool changes = std::any_of(files.begin(), files.end(), fuzz::is_later);
  const auto vfs = store::memory_vfs(disk);
  auto opened = engine::Collection::open(vfs, {});
  if (!opened) {
    fuzz::require_of_a_file(opened.error());
    return 0;
  }
  engine::Collection& collection = **opened;
  bool sound = !fuzz::verify(collection);
  read_all(collection);
  if (changes) {
    const bool likely = put_later(*disk, files);
    const auto refreshed = collection.refresh();
    if (!refreshed) fuzz::require_of_a_file(refreshed.error());
    sound = refreshed && !fuzz::verify(collection);
    read_all(collection);
    if (!likely) return 0;
  }
  write_all(vfs, std::move(*opened), sound);
  return 0;
}
