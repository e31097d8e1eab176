#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "store/vfs.h"
#include "store/vfs_memory.h"

namespace quiver::test {

/// A disk that keeps apart what programs see and what is on the platter, and that can fail.
///
/// Every operation that changes something is counted; reads are counted too, so that they can fail.
/// What is not synced may be lost: of a file's unsynced bytes any prefix may have reached the
/// platter, and any sectors of it; of the folder's changes since sync_folder any subset.
class FaultDisk {
 public:
  /// What happens at the n-th operation (from 1): nothing any more (the power is off), or one
  /// error.
  struct Plan {
    uint64_t cut_at = 0;
    uint64_t fail_at = 0;
    Code failure = Code::kIoError;
  };

  Plan plan;
  uint64_t operations = 0;

  [[nodiscard]] bool is_off() const { return plan.cut_at != 0 && operations >= plan.cut_at; }

  /// What is found after the power comes back: one of many possible outcomes.
  [[nodiscard]] std::shared_ptr<store::MemoryDisk> after_power_cut(uint32_t seed) const;

  /// What is there when nothing was lost (the process died, the system did not).
  [[nodiscard]] std::shared_ptr<store::MemoryDisk> as_seen() const;

 private:
  friend class FaultVfs;
  friend class FaultFile;

  struct File {
    Buffer content;
    size_t written = 0;      ///< bytes that were appended; zeros may follow
    size_t synced = 0;       ///< of them, those that are on the platter
    size_t synced_size = 0;  ///< how long the file is there
  };
  using Folder = std::map<std::string, std::shared_ptr<File>, std::less<>>;
  /// A change of the folder; a name that is taken away has no file.
  using Change = std::vector<std::pair<std::string, std::shared_ptr<File>>>;

  /// An error if this operation is to fail; `partly` is called before the power goes off in it.
  Expected<void> begin(const std::string& what, const std::function<void()>& partly = {});
  void change(Change change);

  Folder seen_;
  Folder platter_;
  std::vector<Change> changes_;  // since the last sync_folder
};

/// A folder on such a disk. The process that holds a lock is alive until the power was off.
std::shared_ptr<store::Vfs> fault_vfs(std::shared_ptr<FaultDisk> disk);

/// A folder in memory as another process sees it after the one that had it died.
std::shared_ptr<store::Vfs> vfs_after_death(std::shared_ptr<store::MemoryDisk> disk);

}  // namespace quiver::test
