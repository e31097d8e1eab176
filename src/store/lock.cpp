#include "store/lock.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace quiver::store {
namespace {

constexpr std::string_view kHeld = "held";
constexpr std::string_view kReleased = "released";

std::string encode(const Owner& owner, std::string_view state) {
  return std::string(state) + "\n" + std::to_string(owner.pid) + "\n" + owner.start + "\n" +
         owner.host + "\n";
}

struct Record {
  bool held;
  Owner owner;
};

/// Nothing for a file that is not in this form.
std::optional<Record> decode(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (lines.size() != 4) return std::nullopt;
  Record record{lines[0] == kHeld, {0, std::string(lines[2]), std::string(lines[3])}};
  const auto [end, failure] =
      std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), record.owner.pid);
  const bool is_number = failure == std::errc() && end == lines[1].data() + lines[1].size();
  if (!is_number || (lines[0] != kHeld && lines[0] != kReleased)) return std::nullopt;
  return record;
}

Expected<std::vector<uint64_t>> lock_numbers(Vfs& vfs) {
  const auto names = vfs.list();
  if (!names) return names.error();
  std::vector<uint64_t> numbers;
  for (const std::string& name : *names) {
    if (const auto number = lock_file_number(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// Whether a file has not been written for long, by the clock of its file system: that of a file
/// which is made for it. False where that cannot be told.
bool is_stale(Vfs& vfs, const std::string& name) {
  const auto written = vfs.modified_ms(name);
  if (!written) return false;
  const std::string probe = name + "-" + std::to_string(vfs.current_owner().pid) + ".tmp";
  {
    auto file = vfs.create(probe);
    if (!file || !(*file)->append(as_bytes(std::string_view("now")))) return false;
  }
  const auto now = vfs.modified_ms(probe);
  (void)vfs.remove(probe);  // whoever writes next removes it else
  constexpr auto kStaleMs =
      static_cast<uint64_t>(std::chrono::milliseconds(Lock::kStaleAfter).count());
  return now && *now > *written && *now - *written >= kStaleMs;
}

/// An error if the lock file belongs to a process that may be alive.
Expected<void> check_free(Vfs& vfs, uint64_t number) {
  const std::string name = lock_file_name(number);
  const auto file = vfs.read(name);
  if (!file) return file.error();
  const auto record = decode(as_text((*file)->bytes()));
  const std::string folder(vfs.describe());
  if (!record) {
    // For a moment somebody's that is still being written, where it cannot appear at once.
    if (is_stale(vfs, name)) return {};
    return Error{Code::kLocked, folder + " is locked: " + name +
                                    " cannot be read; remove it if no process uses the index"};
  }
  if (!record->held || !vfs.is_alive(record->owner)) return {};
  const bool is_elsewhere = record->owner.host != vfs.current_owner().host;
  if (is_elsewhere && is_stale(vfs, name)) return {};
  return Error{Code::kLocked, folder + " is in use by process " +
                                  std::to_string(record->owner.pid) + " on " + record->owner.host};
}

/// Writes a lock file's content anew, whole at every moment.
Expected<void> rewrite(Vfs& vfs, const std::string& name, const std::string& content, bool sync) {
  const std::string temporary = name + ".tmp";
  {
    auto file = vfs.create(temporary);
    if (!file) return file.error();
    if (auto written = (*file)->append(as_bytes(std::string_view(content))); !written)
      return written;
    if (sync) {
      if (auto synced = (*file)->sync(); !synced) return synced;
    }
  }
  return vfs.rename(temporary, name);
}

}  // namespace

Expected<std::unique_ptr<Lock>> Lock::acquire(Vfs& vfs) {
  const std::string own = encode(vfs.current_owner(), kHeld);
  // Every other try means that somebody else got on. A folder in which nobody does is not waited
  // for.
  constexpr int kMaxTries = 1000;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const auto before = lock_numbers(vfs);
    if (!before) return before.error();
    if (!before->empty()) {
      if (auto free = check_free(vfs, before->back()); !free) {
        // Gone since it was listed: its successor is there by now.
        if (free.error().code == Code::kMissingFile) continue;
        return free.error();
      }
    }
    const uint64_t number = before->empty() ? 1 : before->back() + 1;
    if (auto created =
            vfs.create_exclusive(lock_file_name(number), as_bytes(std::string_view(own)));
        !created) {
      if (created.error().code == Code::kLocked) continue;  // another was faster: look again
      return created.error();
    }
    // A number that was in use and removed between the listing and the creation counts for nothing.
    const auto after = lock_numbers(vfs);
    if (!after) {
      // What stays would lock this process out too.
      (void)vfs.remove(lock_file_name(number));
      return after.error();
    }
    if (after->back() != number) {
      if (auto removed = vfs.remove(lock_file_name(number)); !removed) return removed.error();
      continue;
    }
    for (const uint64_t old : *after) {
      // What cannot be removed counts for nothing either.
      if (old != number) (void)vfs.remove(lock_file_name(old));
    }
    return std::unique_ptr<Lock>(new Lock(vfs, number));
  }
  return Error{Code::kLocked,
               std::string(vfs.describe()) + " is locked: the lock changes hands all the time"};
}

Expected<void> Lock::keep(std::chrono::steady_clock::time_point now) {
  const Error lost{
      Code::kLocked,
      std::string(vfs_.describe()) +
          " was taken over by another process, to which this one seemed dead; open the "
          "index again to go on writing"};
  const std::string name = lock_file_name(number_);
  const auto is_there = vfs_.exists(name);  // whoever takes over removes it
  if (!is_there) return is_there.error();
  if (!*is_there) return lost;
  if (now - last_beat_ < kBeatEvery) return {};
  // Who cannot write it lives no less: in the end another host takes over, and that is noticed.
  if (rewrite(vfs_, name, encode(vfs_.current_owner(), kHeld), false)) last_beat_ = now;
  // It may have been removed and is there again by this.
  const auto numbers = lock_numbers(vfs_);
  if (!numbers) return numbers.error();
  if (numbers->empty() || numbers->back() != number_) return lost;
  return {};
}

Lock::~Lock() {
  // Not one that another process has put an end to.
  const auto is_there = vfs_.exists(lock_file_name(number_));
  if (!is_there || !*is_there) return;
  // Synced, else a power cut could leave the name with nothing in it.
  if (rewrite(vfs_, lock_file_name(number_), encode(vfs_.current_owner(), kReleased), true)) return;
  // On a full disk nothing can be written. Without the file the lock is free too.
  (void)vfs_.remove(lock_file_name(number_));
  (void)vfs_.remove(lock_file_name(number_) + ".tmp");
}

Expected<void> check_unlocked(Vfs& vfs) {
  const auto numbers = lock_numbers(vfs);
  if (!numbers) return numbers.error();
  if (numbers->empty()) return {};
  auto free = check_free(vfs, numbers->back());
  // Gone since it was listed: by whoever has the lock now.
  if (!free && free.error().code == Code::kMissingFile) return check_unlocked(vfs);
  return free;
}

Expected<void> remove_lock_files(Vfs& vfs) {
  const auto numbers = lock_numbers(vfs);
  if (!numbers) return numbers.error();
  for (const uint64_t number : *numbers) {
    if (auto removed = vfs.remove(lock_file_name(number)); !removed) return removed;
  }
  return {};
}

}  // namespace quiver::store
