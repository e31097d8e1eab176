#include "engine/recovery.h"

#include <algorithm>
#include <utility>

#include "engine/batch.h"
#include "engine/transaction.h"
#include "store/file_names.h"

namespace quiver::engine {
namespace {

std::shared_ptr<const RowSource> find_segment(const State& known, uint64_t number) {
  for (size_t i = 0; i < known.parts.size(); ++i) {
    if (known.parts[i].segment_number == number) return known.view.parts[i].source;
  }
  return nullptr;
}

Expected<Part> open_part(store::Vfs& vfs, const store::SegmentEntry& entry, const Config& config,
                         const State& known, const SegmentMemory& memory) {
  Part part{find_segment(known, entry.number), entry.rows,
            static_cast<uint32_t>(entry.deleted_rows.size()), nullptr};
  if (!part.source) {
    const std::string name = store::segment_file_name(entry.number);
    auto segment = Segment::open(vfs, name, config.metric, config.dimensions, memory);
    if (!segment) return segment.error();
    part.source = std::move(*segment);
  }
  const uint32_t rows = static_cast<const Segment&>(*part.source).rows();
  if (rows != entry.rows) {
    return Error{Code::kCorruptFile, store::segment_file_name(entry.number) +
                                         " is corrupt: the manifest says that it has " +
                                         std::to_string(entry.rows) + " rows, it has " +
                                         std::to_string(rows)};
  }
  if (!entry.deleted_rows.empty()) {
    auto deleted = std::make_shared<Bitmap>(entry.rows);
    for (const uint32_t row : entry.deleted_rows) deleted->set(row);
    part.deleted = std::move(deleted);
  }
  return part;
}

Expected<void> redo(Draft& draft, Metric metric, const std::string& log, Bytes payload) {
  const auto corrupt = [&log](const std::string& what) {
    return Error{Code::kCorruptFile, log + " is corrupt: " + what};
  };
  auto batch = decode_batch(payload);
  if (!batch) return corrupt(batch.error().message);
  if (!check_dimensions(draft.view().dim, *batch)) return corrupt("a vector has a wrong length");
  if (auto logged = check_logged(*batch); !logged) return corrupt(logged.error().message);
  if (batch->dim != 0) draft.set_dimensions(batch->dim);
  for (const Operation& operation : batch->operations) {
    if (const auto place = draft.view().find(operation.id)) draft.remove(*place);
    if (operation.kind == OperationKind::kDelete) continue;
    draft.append(metric, operation.id, operation.metadata, operation.vector);
  }
  return {};
}

/// Reads the logs from where `from` ends.
Expected<Recovered> read_logs(store::Vfs& vfs, const Config& config, Recovered from,
                              std::span<const uint64_t> logs, store::LogTail tail) {
  LogProgress& progress = from.progress;
  const uint64_t first_sequence = progress.position.next_sequence;
  Draft draft(std::move(from.state));
  for (const uint64_t number : logs) {
    const std::string name = store::log_file_name(number);
    if (number != progress.log) {
      progress.log = number;
      progress.position = {0, progress.position.next_sequence};
    }
    const auto apply = [&](std::span<const Bytes> payloads) -> Expected<void> {
      for (const Bytes payload : payloads) {
        if (auto redone = redo(draft, config.metric, name, payload); !redone) return redone;
      }
      return {};
    };
    auto result = store::replay_log(vfs, number, progress.position, tail, apply);
    if (!result) return result.error();
    progress.position = result->end;
  }
  const uint64_t records = progress.position.next_sequence - first_sequence;
  from.changed = records != 0;
  from.state = draft.finish(records);
  return from;
}

}  // namespace

Expected<void> check_logged(const Batch& batch) {
  for (const Operation& operation : batch.operations) {
    if (operation.kind != OperationKind::kUpsert && operation.kind != OperationKind::kDelete) {
      return Error{Code::kCorruptFile, "an operation is neither an upsert nor a delete"};
    }
  }
  return {};
}

Expected<std::vector<uint64_t>> log_numbers(store::Vfs& vfs, uint64_t first) {
  const auto files = vfs.list();
  if (!files) return files.error();
  std::vector<uint64_t> logs;
  for (const std::string& name : *files) {
    const auto number = store::log_file_number(name);
    if (number && *number >= first) logs.push_back(*number);
  }
  std::sort(logs.begin(), logs.end());
  if (logs.empty() || logs.front() != first) {
    return Error{Code::kMissingFile, store::log_file_name(first) + " is missing"};
  }
  return logs;
}

Expected<Recovered> recover(store::Vfs& vfs, const store::Manifest& manifest, const Config& config,
                            const State& known, store::LogTail tail, const SegmentMemory& memory) {
  Recovered recovered;
  State& state = recovered.state;
  state.view.dim = config.dimensions;
  if (config.dimensions == 0 && !manifest.segments.empty()) {
    return Error{Code::kCorruptFile, "manifest is corrupt: it has segments but no dimensions"};
  }
  for (const store::SegmentEntry& entry : manifest.segments) {
    auto part = open_part(vfs, entry, config, known, memory);
    if (!part) return part.error();
    state.view.parts.push_back(std::move(*part));
    state.parts.push_back({entry.number, 0, 0});
  }
  state.first_log = manifest.first_log;
  state.first_sequence = manifest.first_sequence;
  state.next_sequence = manifest.first_sequence;
  recovered.progress = {manifest.first_log, {0, manifest.first_sequence}};
  // Listed before they are read: all but the last one are complete then.
  const auto logs = log_numbers(vfs, manifest.first_log);
  if (!logs) return logs.error();
  auto read = read_logs(vfs, config, std::move(recovered), *logs, tail);
  if (read) read->changed = true;
  return read;
}

Expected<Recovered> catch_up(store::Vfs& vfs, const Config& config, const State& state,
                             const LogProgress& progress) {
  const auto logs = log_numbers(vfs, progress.log);
  if (!logs) return logs.error();
  return read_logs(vfs, config, {state, progress, false}, *logs, store::LogTail::kGrowing);
}

}  // namespace quiver::engine
