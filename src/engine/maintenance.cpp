#include "engine/maintenance.h"

#include <algorithm>

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
  to_link_ = rows();
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
  if (!builds_graph_ || rows_.size() < kSmallestGraph) {
    to_link_ = 0;
    return {};
  }
  auto builder = index::GraphBuilder::create(config_.graph, config_.metric, view_->dim, adoption());
  if (!builder) return builder.error();
  builder_ = std::move(*builder);
  constexpr uint32_t kRowsAtOnce = 1024;
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    if (i % kRowsAtOnce == 0) {
      if (auto goes_on = check_stop(); !goes_on) return goes_on;
    }
    const RowSource& source = *view_->parts[rows_[i].part].source;
    const float scale = config_.metric == Metric::kCosine ? source.inv_norm(rows_[i].row) : 1.0F;
    builder_->set_vector(i, source.vector(rows_[i].row), scale);
  }
  to_link_ = builder_->to_link();
  next_ = 1;
  return builder_->link_nth(0);
}

Expected<bool> MaintenanceJob::link_next() {
  const uint32_t n = next_.fetch_add(1, std::memory_order_relaxed);
  if (n >= to_link_) return false;
  if (auto linked = builder_->link_nth(n); !linked) return linked.error();
  return true;
}

Expected<void> MaintenanceJob::write(store::Vfs& vfs) {
  if (rows_.empty()) return {};
  Walkable walkable;
  const bool has_graph = builder_ != nullptr;
  if (has_graph) {
    walkable.graph = builder_->finish();
    const JobRows rows(*view_, rows_);
    walkable.choice = quant::choose_codec(config_.quantization, config_.metric, view_->dim, rows);
    if (walkable.choice.codec) {
      walkable.codes = std::make_unique<quant::CodedRows>(walkable.choice.codec, rows.rows());
      for (uint32_t i = 0; i < rows.rows(); ++i) {
        walkable.choice.codec->encode_row(rows.vector(i), rows.inv_norm(i),
                                          walkable.codes->code(i));
      }
    }
  }
  std::vector<RowRef> rows;
  rows.reserve(rows_.size());
  for (const Source& from : rows_) rows.push_back(view_->row(from.part, from.row));
  return Segment::write(vfs, store::segment_file_name(segment_number_), config_.metric, view_->dim,
                        rows, has_graph ? &walkable : nullptr, first_log_, stop_);
}

Expected<bool> MaintenanceJob::work(store::Vfs& vfs, std::chrono::steady_clock::time_point until) {
  if (!prepared_) {
    if (auto prepared = prepare(); !prepared) return prepared.error();
    return false;
  }
  while (rows_done() < rows()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    if (auto linked = link_next(); !linked) return linked.error();
  }
  if (auto written = write(vfs); !written) return written.error();
  return true;
}

}  // namespace quiver::engine
