#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/config.h"
#include "engine/segment.h"
#include "engine/view.h"
#include "index/graph/graph_builder.h"
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
class MaintenanceJob {
 public:
  enum class Graph : uint8_t { kBuild, kNone };

  /// Parts [first, last) of `view`; the new file gets the number `segment_number`, and the log is
  /// needed from file `first_log` on once it is there. Without a graph there is nothing to link.
  MaintenanceJob(std::shared_ptr<const View> view, size_t first, size_t last, const Config& config,
                 uint64_t segment_number, uint64_t first_log, Graph graph = Graph::kBuild);

  /// Once `stop` is true, prepare() and write() end soon, with CLOSED.
  void set_stop(const std::atomic<bool>* stop) { stop_ = stop; }

  /// Gathers the live rows and makes the codes that the graph is built by.
  Expected<void> prepare();

  /// Links rows until no row is left that needs it (true), or `goes_on`, asked about every tenth of
  /// a millisecond, says no (false). For several threads at once, after prepare().
  Expected<bool> link(const std::function<bool()>& goes_on);

  /// Writes the segment file, once every row is linked.
  Expected<void> write(store::Vfs& vfs);

  /// Does the above in order until it is done or the time is over; whether it is done. The first
  /// slice and the last take as long as copying the rows takes.
  Expected<bool> work(store::Vfs& vfs, std::chrono::steady_clock::time_point until);

  [[nodiscard]] const View& view() const { return *view_; }
  [[nodiscard]] size_t first() const { return first_; }
  [[nodiscard]] size_t last() const { return last_; }
  [[nodiscard]] uint64_t segment_number() const { return segment_number_; }
  [[nodiscard]] uint32_t rows() const { return static_cast<uint32_t>(rows_.size()); }
  /// Of rows(), how many need no linking any more.
  [[nodiscard]] uint32_t rows_done() const {
    if (builder_ == nullptr) return prepared_ ? rows() : 0;
    return rows() - builder_->to_link() + builder_->linked();
  }

  struct Source {
    uint32_t part;  ///< position in the view
    uint32_t row;
  };
  /// Where each row of the new segment comes from.
  [[nodiscard]] const std::vector<Source>& sources() const { return rows_; }

 private:
  [[nodiscard]] index::GraphAdoption adoption() const;
  [[nodiscard]] Expected<void> check_stop() const;
  [[nodiscard]] Expected<std::unique_ptr<quant::CodedRows>> encode(
      std::shared_ptr<const quant::Codec> codec, std::span<const uint32_t> nodes) const;
  Expected<Walkable> finish_graph();

  std::shared_ptr<const View> view_;
  size_t first_;
  size_t last_;
  Config config_;
  uint64_t segment_number_;
  uint64_t first_log_;
  bool builds_graph_;
  std::vector<Source> rows_;
  quant::Choice choice_;
  std::unique_ptr<quant::CodedRows> codes_;  // that the graph is built by
  std::unique_ptr<index::GraphBuilder> builder_;
  bool prepared_ = false;
  const std::atomic<bool>* stop_ = nullptr;
};

}  // namespace quiver::engine
