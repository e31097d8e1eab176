#include "engine/maintenance.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "engine/calibrate.h"
#include "index/graph/node_order.h"

namespace quiver::engine {
namespace {

/// The rows of a job, for codecs.
class JobRows final : public quant::TrainingRows {
 public:
  JobRows(const View& view, const std::vector<MaintenanceJob::Source>& rows)
      : view_(view), rows_(rows) {}

  [[nodiscard]] uint32_t rows() const override { return static_cast<uint32_t>(rows_.size()); }
  [[nodiscard]] const float* vector(uint32_t row) const override {
    return view_.parts[rows_[row].part].source->vector(rows_[row].row);
  }
  [[nodiscard]] float inv_norm(uint32_t row) const override {
    return view_.parts[rows_[row].part].source->inv_norm(rows_[row].row);
  }

 private:
  const View& view_;
  const std::vector<MaintenanceJob::Source>& rows_;
};

Error no_memory_for_codes(uint32_t rows) {
  return Error{Code::kOutOfMemory, "No memory for the codes of " + std::to_string(rows) + " rows"};
}

/// The same codes in the order of `nodes`.
Expected<std::unique_ptr<quant::CodedRows>> reorder(const quant::CodedRows& codes,
                                                    std::span<const uint32_t> nodes) {
  try {
    return std::make_unique<quant::CodedRows>(codes.in_order(nodes));
  } catch (const std::bad_alloc&) {
    return no_memory_for_codes(codes.rows());
  }
}

}  // namespace

MaintenanceJob::MaintenanceJob(std::shared_ptr<const View> view, size_t first, size_t last,
                               const Config& config, uint64_t segment_number, uint64_t first_log,
                               Graph graph)
    : view_(std::move(view)),
      first_(first),
      last_(last),
      config_(config),
      segment_number_(segment_number),
      first_log_(first_log),
      builds_graph_(graph == Graph::kBuild) {
  uint64_t live = 0;
  for (size_t part = first_; part < last_; ++part) live += view_->parts[part].live();
  rows_.reserve(live);
  for (size_t part = first_; part < last_; ++part) {
    for (uint32_t row = 0; row < view_->parts[part].count; ++row) {
      if (view_->parts[part].is_live(row)) rows_.push_back({static_cast<uint32_t>(part), row});
    }
  }
}

/// What the new graph starts from: the graph of the part with the most live rows, or nothing.
index::GraphAdoption MaintenanceJob::adoption() const {
  const std::vector<Part>& parts = view_->parts;
  size_t largest = first_;
  for (size_t part = first_; part < last_; ++part) {
    if (parts[part].live() > parts[largest].live()) largest = part;
  }
  const index::GraphView* graph = parts[largest].source->graph();
  if (graph == nullptr || graph->m != config_.graph.m ||
      !index::GraphAdoption::pays_off(parts[largest].live(), graph->row_count)) {
    return index::GraphAdoption(rows());
  }
  std::vector<uint32_t> new_rows(graph->row_count, index::kNoRow);
  for (uint32_t i = 0; i < rows(); ++i) {
    if (rows_[i].part == largest) new_rows[rows_[i].row] = i;
  }
  if (const auto node_rows = parts[largest].source->node_rows(); !node_rows.empty()) {
    std::vector<uint32_t> by_node(node_rows.size());
    std::transform(node_rows.begin(), node_rows.end(), by_node.begin(), [&](uint32_t row) {
      return row < new_rows.size() ? new_rows[row] : index::kNoRow;
    });
    new_rows = std::move(by_node);
  }
  return {*graph, std::move(new_rows), rows()};
}

Expected<void> MaintenanceJob::check_stop() const {
  if (stop_ == nullptr || !*stop_) return {};
  return Error{Code::kClosed, "The index was closed while a segment was built"};
}

Expected<void> MaintenanceJob::prepare() {
  prepared_ = true;
  // A damaged row would get a fresh checksum.
  for (size_t part = first_; part < last_; ++part) {
    if (auto sound = view_->parts[part].source->verify(); !sound) return sound;
    if (auto goes_on = check_stop(); !goes_on) return goes_on;
  }
  if (!builds_graph_ || rows_.size() < kSmallestGraph) return {};
  const JobRows rows(*view_, rows_);
  choice_ = quant::choose_codec(config_.quantization, config_.metric, view_->dim, rows);
  auto codes = encode(quant::build_codec(choice_, config_.metric, view_->dim, rows), {});
  if (!codes) return codes.error();
  codes_ = std::move(*codes);
  const quant::Codec& codec = codes_->codec();
  auto builder = index::GraphBuilder::create(
      config_.graph, {codes_->codes(), codec.bytes(), codes_->rows(), &codec.kernel()}, adoption());
  if (!builder) return builder.error();
  builder_ = std::move(*builder);
  return {};
}

/// The codes of all rows, in their own order or in that of `nodes`.
Expected<std::unique_ptr<quant::CodedRows>> MaintenanceJob::encode(
    std::shared_ptr<const quant::Codec> codec, std::span<const uint32_t> nodes) const {
  const JobRows rows(*view_, rows_);
  std::unique_ptr<quant::CodedRows> codes;
  try {
    codes = std::make_unique<quant::CodedRows>(std::move(codec), rows.rows());
  } catch (const std::bad_alloc&) {
    return no_memory_for_codes(rows.rows());
  }
  constexpr uint32_t kRowsAtOnce = 1024;
  for (uint32_t i = 0; i < rows.rows(); ++i) {
    if (i % kRowsAtOnce == 0) {
      if (auto goes_on = check_stop(); !goes_on) return goes_on.error();
    }
    const uint32_t row = nodes.empty() ? i : nodes[i];
    codes->codec().encode_row(rows.vector(row), rows.inv_norm(row), codes->code(i));
  }
  return codes;
}

Expected<bool> MaintenanceJob::link(const std::function<bool()>& goes_on) {
  return builder_ == nullptr ? true : builder_->link(goes_on);
}

/// What the new segment is found by, in the order in which a walk reads it.
Expected<Walkable> MaintenanceJob::finish_graph() {
  Walkable walkable;
  walkable.choice = choice_;
  walkable.graph = builder_->finish();
  builder_.reset();
  const std::unique_ptr<quant::CodedRows> built_by = std::move(codes_);
  const JobRows rows(*view_, rows_);
  const auto measured = [&] {
    walkable.calibration = calibrate(walkable, config_.metric, view_->dim, rows, stop_);
    return std::move(walkable);
  };
  if (!choice_.codec) return measured();
  walkable.node_rows = index::walk_order(walkable.graph.view());
  walkable.graph = index::renumbered(walkable.graph, walkable.node_rows);
  auto codes = &built_by->codec() == choice_.codec.get()
                   ? reorder(*built_by, walkable.node_rows)
                   : encode(choice_.codec, walkable.node_rows);
  if (!codes) return codes.error();
  walkable.codes = std::move(*codes);
  return measured();
}

Expected<void> MaintenanceJob::write(store::Vfs& vfs) {
  if (rows_.empty()) return {};
  std::optional<Walkable> walkable;
  if (builder_ != nullptr) {
    auto finished = finish_graph();
    if (!finished) return finished.error();
    walkable = std::move(*finished);
  }
  std::vector<RowRef> rows;
  rows.reserve(rows_.size());
  for (const Source& from : rows_) rows.push_back(view_->row(from.part, from.row));
  return Segment::write(vfs, store::segment_file_name(segment_number_), config_.metric, view_->dim,
                        rows, walkable ? &*walkable : nullptr, first_log_, stop_);
}

Expected<bool> MaintenanceJob::work(store::Vfs& vfs, std::chrono::steady_clock::time_point until) {
  if (!prepared_) {
    if (auto prepared = prepare(); !prepared) return prepared.error();
    return false;
  }
  // A slice that begins too late must not be one in which nothing is done.
  auto linked = link([until, is_first = true]() mutable {
    return std::exchange(is_first, false) || std::chrono::steady_clock::now() < until;
  });
  if (!linked || !*linked) return linked;
  if (auto written = write(vfs); !written) return written.error();
  return true;
}

}  // namespace quiver::engine
