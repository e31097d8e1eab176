#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/calibrate.h"
#include "engine/config.h"
#include "engine/segment.h"
#include "index/graph/graph_builder.h"
#include "index/graph/node_order.h"
#include "quant/choose.h"
#include "quant/coded_rows.h"
#include "quant/rows.h"

namespace quiver::engine {

/// Makes what rows are found by: codes of the rows, the graph that is built by them, and both in
/// the order in which a walk reads them. Comes in steps, for hosts without threads; memory is given
/// back at the first step that needs it no more. Throws std::bad_alloc.
class WalkableBuilder {
 public:
  /// What the new graph starts from; asked for once.
  using Adoption = std::function<index::GraphAdoption()>;

  /// The rows, at least one, are borrowed.
  WalkableBuilder(const Config& config, uint32_t dim, const quant::TrainingRows& rows,
                  Adoption adoption);

  /// The next step: of what comes before the linking, or after it.
  Expected<void> step();
  /// Whether all that comes before the linking is done.
  [[nodiscard]] bool is_prepared() const { return stage_ >= Stage::kLink; }
  /// Then rows are to be linked, and there is no next step until they are.
  [[nodiscard]] bool is_linking() const { return stage_ == Stage::kLink; }
  [[nodiscard]] bool is_done() const { return stage_ == Stage::kDone; }

  /// As GraphBuilder::link, when is_linking(). For several threads at once.
  Expected<bool> link(const std::function<bool()>& goes_on) { return builder_->link(goes_on); }
  /// Once link() has said that all is linked. One thread.
  void end_linking() { stage_ = Stage::kTake; }
  /// Of the rows, how many need no linking any more.
  [[nodiscard]] uint32_t rows_done() const;

  /// Once it is done.
  [[nodiscard]] const Walkable& walkable() const { return walkable_; }

 private:
  enum class Stage : uint8_t {
    kChoose,
    kEncode,
    kBegin,
    kLink,
    kTake,
    kOrder,
    kRenumber,
    kRecode,
    kCalibrate,
    kDone,
  };

  bool choose_some();
  Expected<void> begin_graph();
  void take_graph();
  bool encode_some(quant::CodedRows& codes, std::span<const uint32_t> nodes);
  bool recode_some();

  Config config_;
  uint32_t dim_;
  const quant::TrainingRows& rows_;
  Adoption adoption_;

  Stage stage_ = Stage::kChoose;
  Walkable walkable_;
  std::unique_ptr<quant::CodecChooser> chooser_;
  std::unique_ptr<quant::CodedRows> build_codes_;  // that the graph is built by
  uint32_t next_ = 0;                              // of those that a stage goes through
  std::unique_ptr<index::GraphBuilder> builder_;
  std::unique_ptr<index::WalkOrder> order_;
  std::unique_ptr<index::Renumbering> renumbering_;
  std::unique_ptr<Calibrator> calibrator_;
};

}  // namespace quiver::engine
