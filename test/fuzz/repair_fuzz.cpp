// Input: the files of an index folder (support/folder.h), which are repaired.
#include <memory>
#include <string>

#include "engine/collection.h"
#include "engine/repair.h"
#include "store/vfs_memory.h"
#include "support/allocation_limit.h"
#include "support/folder.h"
#include "support/require.h"

using namespace quiver;

namespace {

struct Repaired {
  engine::RepairReport report;
  std::shared_ptr<store::MemoryDisk> disk;
};

std::optional<Repaired> repair(const std::shared_ptr<store::MemoryDisk>& damaged) {
  const auto before = damaged->files;
  Repaired repaired{{}, std::make_shared<store::MemoryDisk>()};
  const auto report = engine::repair(*store::memory_vfs(damaged), store::memory_vfs(repaired.disk));
  fuzz::require(damaged->files == before, "what is repaired is only read");
  if (!report) {
    const Code code = report.error().code;
    fuzz::require(
        code == Code::kIndexNotFound || code == Code::kUnsupportedFormat || code == Code::kLocked,
        report.error().message);
    fuzz::require(repaired.disk->files.empty(), "a repair that fails leaves no file");
    return std::nullopt;
  }
  repaired.report = *report;
  return repaired;
}

/// The rows of a sound index.
uint64_t rows_of(const std::shared_ptr<store::MemoryDisk>& disk, const std::string& what) {
  const auto opened = engine::Collection::open(store::memory_vfs(disk), {});
  fuzz::require(static_cast<bool>(opened),
                what + " opens" + (opened ? "" : ": " + opened.error().message));
  const auto problem = fuzz::verify(**opened);
  fuzz::require(!problem, what + " is sound: " + problem.value_or(""));
  return (*opened)->view()->live();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  const auto disk = fuzz::disk_of(fuzz::unpack_folder({data, size}));
  const auto first = repair(disk);
  if (!first) return 0;
  const engine::RepairReport& report = first->report;
  fuzz::require(rows_of(first->disk, "what repair made") == report.rows_kept,
                "it has the rows that the report counts");
  fuzz::require(report.ids.size() <= report.rows_lost, "an id of a lost row is that of one");
  fuzz::require(report.rows_lost == 0 || !report.problems.empty(), "nothing is lost silently");
  if (report.problems.empty()) {
    fuzz::require(rows_of(disk, "what had no problem") == report.rows_kept, "it has the same rows");
  }

  const auto second = repair(first->disk);
  fuzz::require(second && second->report.problems.empty(), "what repair made needs none");
  fuzz::require(second->report.rows_kept == report.rows_kept, "nothing is lost by another one");
  return 0;
}
