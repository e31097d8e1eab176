#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "engine/config.h"
#include "engine/segment_writer.h"
#include "engine/view.h"
#include "engine/walkable_builder.h"
#include "store/vfs.h"

namespace quiver::engine {

/// Below this many rows measuring all of them is as fast as a walk: they get no graph.
inline constexpr uint32_t kSmallestGraph = 1024;

/// Turns a range of a view's parts into one segment file with a graph: a seal when the parts are
/// heads, a merge when they are segments. Deleted rows are left out. The work can be cut into
/// slices (work) for hosts without threads, or shared by threads (link).
///
/// The largest part's graph is kept if enough of its rows are left: then a merge costs what is new
/// or deleted, not what is there.
///
/// A job that has failed is of no use any more. What has no memory fails with OUT_OF_MEMORY.
class MaintenanceJob {
 public:
  enum class Graph : uint8_t { kBuild, kNone };

  /// Parts [first, last) of `view`; the new file gets the number `segment_number`, and the log is
  /// needed from file `first_log` on once it is there. Without a graph there is nothing to link.
  MaintenanceJob(std::shared_ptr<const View> view, size_t first, size_t last, const Config& config,
                 uint64_t segment_number, uint64_t first_log, Graph graph = Graph::kBuild);
  ~MaintenanceJob();

  /// Once `stop` is true, prepare() and write() end soon, with CLOSED. Before anything is done.
  void set_stop(const std::atomic<bool>* stop) { stop_ = stop; }

  /// Gathers the live rows and makes the codes that the graph is built by.
  Expected<void> prepare();

  /// Links rows until no row is left that needs it (true), or `goes_on`, asked about every tenth of
  /// a millisecond, says no (false). For several threads at once, after prepare().
  Expected<bool> link(const std::function<bool()>& goes_on);

  /// Writes the segment file, once every row is linked. The Vfs lives as long as the job.
  Expected<void> write(store::Vfs& vfs);

  /// Does the above in order, and reads the file where that takes time, until it is done (true), or
  /// `goes_on` says no (false), but at least one step: `goes_on` is asked between steps that take
  /// about a millisecond. What they look at does not grow with the rows, but for passes over a few
  /// numbers a row that are in memory: the parts of the rows, the numbers of a column.
  Expected<bool> work(store::Vfs& vfs, const std::function<bool()>& goes_on);

  [[nodiscard]] const View& view() const { return *view_; }
  [[nodiscard]] size_t first() const { return first_; }
  [[nodiscard]] size_t last() const { return last_; }
  /// Whether it makes a segment of heads alone.
  [[nodiscard]] bool is_seal() const { return is_seal_; }
  [[nodiscard]] std::chrono::steady_clock::time_point started_at() const { return started_at_; }
  [[nodiscard]] uint64_t segment_number() const { return segment_number_; }
  [[nodiscard]] uint32_t rows() const { return live_; }
  /// Of rows(), how many need no linking any more.
  [[nodiscard]] uint32_t rows_done() const;

  struct Source {
    uint32_t part;  ///< position in the view
    uint32_t row;
  };
  /// Where each row of the new segment comes from; after prepare().
  [[nodiscard]] const std::vector<Source>& sources() const { return sources_; }

 private:
  enum class Stage : uint8_t { kGather, kCheck, kBuild, kRefer, kWrite, kRead, kDone };

  Expected<void> prepare_step();
  Expected<void> write_step(store::Vfs& vfs);
  Expected<void> read_some();
  void gather_some();
  Expected<void> check_some();
  void end_checks();
  void refer_some();
  [[nodiscard]] bool is_prepared() const;
  [[nodiscard]] index::GraphAdoption adoption() const;
  [[nodiscard]] Expected<void> check_stop() const;
  template <typename Work>
  auto attempt(const Work& work) -> decltype(work());

  std::shared_ptr<const View> view_;
  size_t first_;
  size_t last_;
  Config config_;
  uint64_t segment_number_;
  uint64_t first_log_;
  bool builds_graph_;
  bool is_seal_ = true;
  std::chrono::steady_clock::time_point started_at_ = std::chrono::steady_clock::now();
  uint32_t live_ = 0;
  const std::atomic<bool>* stop_ = nullptr;
  std::atomic<bool> failed_{false};

  Stage stage_ = Stage::kGather;
  size_t part_;        // that a stage is at
  uint64_t next_ = 0;  // row of it, block of its file, or row of the segment
  std::vector<Source> sources_;
  std::unique_ptr<quant::TrainingRows> rows_;  // the same for codecs
  std::vector<RowRef> refs_;                   // and for the writer
  std::unique_ptr<WalkableBuilder> walkable_;
  std::unique_ptr<SegmentWriter> writer_;
  std::shared_ptr<store::FileReading> reading_;  // of the file, until it is opened
};

}  // namespace quiver::engine
