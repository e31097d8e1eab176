#include "engine/repair_log.h"

#include <algorithm>
#include <optional>

#include "store/file_names.h"
#include "store/log_salvage.h"

namespace quiver::engine {
namespace {

/// The numbers of the log files from `first` on, ascending.
Expected<std::vector<uint64_t>> log_numbers_from(store::Vfs& vfs, uint64_t first) {
  const auto files = vfs.list();
  if (!files) return files.error();
  std::vector<uint64_t> numbers;
  for (const std::string& name : *files) {
    const auto number = store::log_file_number(name);
    if (number && *number >= first) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string counted(uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// How many of the file's records are of whole transactions before what a crash left.
size_t whole_records(const store::SalvagedLog& log) {
  size_t count = log.before_tail;
  while (count > 0 && !log.records[count - 1].last) --count;
  return count;
}

/// How many of the file's records count: all that its writer went on from, which the beginning of
/// the next file tells; at the end of the log, those that are whole.
size_t counted_records(const store::SalvagedLog& log, std::optional<uint64_t> next_file_begins) {
  if (!next_file_begins) return whole_records(log);
  size_t count = log.records.size();
  while (count > 0 && log.records[count - 1].sequence >= *next_file_begins) --count;
  return count;
}

}  // namespace

Expected<void> read_damaged_logs(
    store::Vfs& vfs, LogStart start,
    const std::function<Expected<void>(const std::string& log, Bytes payload)>& apply,
    std::vector<std::string>& problems) {
  const auto numbers = log_numbers_from(vfs, start.file);
  if (!numbers) return numbers.error();
  std::vector<store::SalvagedLog> logs;
  for (const uint64_t number : *numbers) {
    auto log = store::salvage_log(vfs, number);
    if (!log) {
      const Code code = log.error().code;
      if (code != Code::kMissingFile && code != Code::kIoError) return log.error();
      problems.push_back(log.error().message);
      log = store::SalvagedLog{};
    }
    logs.push_back(std::move(*log));
  }
  if (logs.empty() || (start.sequence != 0 && numbers->front() != start.file)) {
    problems.push_back((start.sequence != 0 ? store::log_file_name(start.file) : "The log") +
                       " is missing");
  }

  uint64_t expected = start.sequence;
  for (size_t i = 0; i < logs.size(); ++i) {
    const store::SalvagedLog& log = logs[i];
    const std::string name = store::log_file_name((*numbers)[i]);
    std::optional<uint64_t> next_begins;
    for (size_t j = i + 1; j < logs.size() && !next_begins; ++j) {
      next_begins = logs[j].first_sequence;
    }
    uint64_t lost = 0;
    const auto go_to = [&](uint64_t sequence) {
      if (expected != 0 && sequence > expected) lost += sequence - expected;
      expected = std::max(expected, sequence);
    };
    if (log.first_sequence) {
      if (*log.first_sequence < expected) {
        problems.push_back(name + " is damaged: expected to begin with number " +
                           std::to_string(expected) + ", got " +
                           std::to_string(*log.first_sequence) +
                           "; records of smaller numbers are not taken");
      }
      // What is missing here was in a file before.
      go_to(*log.first_sequence);
    }
    if (lost != 0) problems.push_back(counted(lost, "record") + " before " + name + " are lost");
    lost = 0;
    const size_t count = counted_records(log, next_begins);
    if (const size_t whole = whole_records(log); count < whole) {
      problems.push_back(
          name + ": " + counted(whole - count, "record") + (whole - count == 1 ? " is" : " are") +
          " not taken, since the next log begins with number " + std::to_string(*next_begins));
    }
    for (size_t record = 0; record < count; ++record) {
      if (log.records[record].sequence < expected) continue;
      go_to(log.records[record].sequence);
      ++expected;
      if (auto applied = apply(name, log.records[record].payload); !applied) return applied;
    }
    if (next_begins) go_to(*next_begins);
    if (log.damaged_bytes != 0 || lost != 0) {
      std::string text = name +
                         " is damaged: " + counted(log.damaged_bytes + log.tail_bytes, "byte") +
                         " are no sound records, ";
      text += lost == 0 ? "no record is lost" : counted(lost, "record") + " lost";
      const bool cut = count > 0 && lost != 0;
      problems.push_back(text + (cut ? "; what is whole of their transactions is kept" : ""));
    } else if (log.tail_bytes != 0) {
      problems.push_back(name + " ends in " + counted(log.tail_bytes, "byte") +
                         " that are no sound record: a write that a crash cut short, or damage");
    }
  }
  return {};
}

}  // namespace quiver::engine
