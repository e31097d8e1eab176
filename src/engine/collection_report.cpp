// What a collection tells of itself.

#include <string>
#include <utility>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "engine/put_entry.h"
#include "store/file_names.h"

namespace quiver::engine {
namespace {

void put_cache(msgpack::Writer& writer, const ResultCache& cache) {
  const ResultCache::Counts counts = cache.counts();
  writer.text("cache");
  writer.map(6);
  put(writer, "hits", counts.hits);
  put(writer, "misses", counts.misses);
  put(writer, "evictions", counts.evictions);
  put(writer, "entries", counts.entries);
  put(writer, "bytes", counts.bytes);
  put(writer, "limit", counts.limit);
}

void put_codes(msgpack::Writer& writer, const Segment& segment) {
  const quant::Choice& choice = segment.codes();
  if (!segment.has_graph()) {
    writer.nil();
    return;
  }
  writer.map(5);
  put(writer, "kind", code_kind_name(choice.codec ? choice.codec->kind() : CodeKind::kNone));
  put(writer, "bytesPerVector", uint64_t{choice.codec ? choice.codec->bytes() : 0});
  writer.text("exact");
  writer.boolean(!choice.codec || choice.codec->is_exact());
  writer.text("automatic");
  writer.boolean(choice.is_automatic);
  put(writer, "sampleRecall", double{choice.sample_recall});
}

}  // namespace

Expected<Buffer> Collection::statistics(Durability of_session, bool with_buckets) {
  const auto lock = lock_writer();
  if (closed_) return Error{Code::kClosed, "The index is closed"};
  if (!lock_) {
    if (auto read = read_changes(); !read) return read.error();
  }
  const View& view = *view_;
  uint64_t bytes_on_disk = 0;
  const auto files = vfs_->list();
  if (!files) return files.error();
  for (const std::string& name : *files) {
    if (const auto size = vfs_->size(name)) bytes_on_disk += *size;
  }
  uint64_t head_rows = 0;
  uint64_t deleted = 0;
  uint32_t segments = 0;
  for (size_t i = 0; i < view.parts.size(); ++i) {
    const Part& part = view.parts[i];
    deleted += part.deleted_count;
    if (state_.parts[i].segment_number == 0) {
      head_rows += part.count;
    } else {
      ++segments;
    }
  }

  std::optional<Error> maintenance_error;
  {
    const std::lock_guard error_lock(maintenance_error_mutex_);
    maintenance_error = maintenance_error_;
  }
  if (failure_) maintenance_error = failure_;  // nothing is done any more
  msgpack::Writer writer;
  writer.map(17 + kMetricsEntries);
  put(writer, "items", view.live());
  put(writer, "dimensions", uint64_t{view.dim});
  put(writer, "metric", metric_name(config_.metric));
  put(writer, "M", uint64_t{config_.graph.m});
  put_unless_0(writer, "efConstruction", config_.graph.ef_construction);
  put(writer, "quantization", quantization_name(config_.quantization));
  writer.text("user");
  writer.binary(config_.user);
  put(writer, "bytesOnDisk", bytes_on_disk);
  put(writer, "headRows", head_rows);
  put(writer, "deletedRows", deleted);
  put(writer, "version", view.version);
  writer.text("writer");
  writer.boolean(lock_ != nullptr);
  put(writer, "durability", durability_name(of_session));
  writer.text("segments");
  writer.array(segments);
  for (size_t i = 0; i < view.parts.size(); ++i) {
    if (state_.parts[i].segment_number == 0) continue;
    const auto& segment = static_cast<const Segment&>(*view.parts[i].source);
    writer.map(8);
    put(writer, "file", store::segment_file_name(state_.parts[i].segment_number));
    put(writer, "rows", uint64_t{view.parts[i].count});
    put(writer, "deleted", uint64_t{view.parts[i].deleted_count});
    put(writer, "bytes", segment.bytes());
    writer.text("graph");
    writer.boolean(segment.has_graph());
    put_unless_0(writer, "efConstruction", segment.ef_construction());
    writer.text("codes");
    put_codes(writer, segment);
    writer.text("recall");
    const auto& points = segment.calibration().points();
    writer.array(static_cast<uint32_t>(points.size()));
    for (const index::Calibration::Point& point : points) {
      writer.map(2);
      put(writer, "ef", uint64_t{point.ef});
      put(writer, "recall", double{point.recall});
    }
  }
  writer.text("maintenance");
  writer.map(4);
  writer.text("idle");
  // What a commit has just left to do is not yet known to the thread that will do it.
  const bool is_pending = lock_ && !maintenance_error && (wants_seal() || next_range());
  writer.boolean(maintenance_idle_ && !optimize_requested_ && !is_pending);
  put(writer, "done", uint64_t{maintenance_done_});
  put(writer, "total", uint64_t{maintenance_total_});
  writer.text("error");
  if (maintenance_error) {
    writer.text(maintenance_error->message);
  } else {
    writer.nil();
  }
  writer.text("memory");
  const MemoryUse memory = memory_use();
  writer.map(6);
  put(writer, "head", memory.head);
  put(writer, "segments", memory.segments);
  put(writer, "mapped", memory.mapped);
  put(writer, "resident", memory.resident);
  put(writer, "blocks", memory.blocks);
  put(writer, "limit", options_.memory_limit);
  put_cache(writer, result_cache_);
  put_metrics(writer, metrics_, with_buckets);
  return writer.take();
}

}  // namespace quiver::engine
