// Verification: everything is read and checked. Under the writer's lock is only what says which
// files that is, since the rest takes seconds, and both commits and the lock's sign of life wait
// for it.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "store/file_names.h"

namespace quiver::engine {
namespace {

/// Everything that can be wrong with the rows of one part, in sentences.
void check_rows(const View& view, const Part& part, const std::string& name,
                std::vector<std::string>& problems) {
  std::string id_scratch;
  column::Scratch metadata_scratch;
  for (uint32_t row = 0; row < part.count; ++row) {
    if (!part.is_live(row)) continue;
    std::string where = name + ", row " + std::to_string(row);
    const auto id = part.source->id(row, id_scratch);
    if (!id) {
      problems.push_back(where + ": " + id.error().message);
      continue;
    }
    where += " (\"" + std::string(*id) + "\")";
    // Of two rows with one id, one is not found.
    const auto place = view.find(*id);
    if (!place || view.parts[place->part].source != part.source || place->row != row) {
      problems.push_back(where +
                         (place ? ": another row has the same id" : ": cannot be found by its id"));
    }
    const auto metadata = part.source->metadata(row, metadata_scratch);
    const auto valid = metadata ? msgpack::validate(*metadata, "metadata") : metadata.error();
    if (!valid) problems.push_back(where + ": " + valid.error().message);
    if (!is_finite(part.source->vector(row), view.dim)) {
      problems.push_back(where + ": its vector has a number that is not finite");
    }
  }
}

bool are_there(const Expected<std::vector<OpenedLog>>& logs) {
  const auto is_missing = [](const Error& error) { return error.code == Code::kMissingFile; };
  if (!logs) return !is_missing(logs.error());
  return std::none_of(logs->begin(), logs->end(), [&](const OpenedLog& log) {
    return !log.content && is_missing(log.content.error());
  });
}

/// Everything that can be wrong with the log, in sentences. Nobody writes to what was opened of it:
/// what is not whole there will not become so.
void check_logs(const Expected<std::vector<OpenedLog>>& logs, uint64_t sequence,
                std::vector<std::string>& problems) {
  const auto note = [&problems](const Error& error) { problems.push_back(error.message); };
  if (!logs) return note(logs.error());
  const auto check_payloads = [](std::span<const Bytes> payloads) -> Expected<void> {
    for (const Bytes payload : payloads) {
      if (auto batch = decode_batch(payload); !batch) return batch.error();
    }
    return {};
  };
  for (const OpenedLog& log : *logs) {
    if (!log.content) {
      note(log.content.error());
      continue;
    }
    const auto result = store::replay_log((*log.content)->bytes(), log.number, {0, sequence},
                                          store::LogTail::kFinal, check_payloads);
    if (result) {
      sequence = result->end.next_sequence;
    } else {
      note(result.error());
    }
  }
}

}  // namespace

/// Whether a segment is one of the newest state. Takes the lock.
Expected<bool> Collection::has_segment(uint64_t number) {
  const auto lock = lock_writer();
  if (closed_) return Error{Code::kClosed, "The index is closed"};
  if (!lock_) {
    if (auto read = read_changes(); !read) return read.error();
  }
  return std::any_of(state_.parts.begin(), state_.parts.end(),
                     [number](const PartState& part) { return part.segment_number == number; });
}

/// Reads the file again: a view may have it in memory from when it was sound. Takes the lock.
Expected<void> Collection::verify_segment(uint64_t number, const Part& part, uint32_t dim) {
  const SegmentMemory memory{std::make_shared<column::BlockCache>(0)};
  const auto file = Segment::open(disk(DiskUse::kVerify), store::segment_file_name(number),
                                  config_.metric, dim, memory);
  if (file) return (*file)->verify();
  if (file.error().code != Code::kMissingFile) return file.error();
  const auto is_needed = has_segment(number);
  if (!is_needed) return is_needed.error();
  if (*is_needed) return file.error();
  // A merge has removed it; the view has it still.
  return part.source->verify();
}

Expected<Buffer> Collection::verify() {
  State state;
  Expected<std::vector<OpenedLog>> logs = std::vector<OpenedLog>();
  {
    const auto lock = lock_writer();
    if (closed_) return Error{Code::kClosed, "The index is closed"};
    const auto read = see_newest([&] {
      state = state_;
      logs = open_logs(DiskUse::kVerify);
      return are_there(logs);
    });
    if (!read) return read.error();
  }
  std::vector<std::string> problems;
  if (const auto manifest = store::read_manifest(disk(DiskUse::kVerify)); !manifest) {
    problems.push_back(manifest.error().message);
  }
  check_logs(logs, state.first_sequence, problems);
  for (size_t i = 0; i < state.parts.size(); ++i) {
    const uint64_t number = state.parts[i].segment_number;
    if (number == 0) continue;
    const auto sound = verify_segment(number, state.view.parts[i], state.view.dim);
    if (!sound) problems.push_back(sound.error().message);
  }
  for (size_t i = 0; i < state.parts.size(); ++i) {
    const uint64_t number = state.parts[i].segment_number;
    check_rows(state.view, state.view.parts[i],
               number == 0 ? "log" : store::segment_file_name(number), problems);
  }
  msgpack::Writer writer;
  writer.map(3);
  writer.text("ok");
  writer.boolean(problems.empty());
  writer.text("items");
  writer.integer(state.view.live());
  writer.text("problems");
  writer.array(static_cast<uint32_t>(problems.size()));
  for (const std::string& problem : problems) writer.text(problem);
  return writer.take();
}

}  // namespace quiver::engine
