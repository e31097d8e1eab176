#include "engine/maintenance.h"

#include <algorithm>

namespace quiver::engine {
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
  BuildVectors vectors;
  vectors.metric = config_.metric;
  vectors.dim = view_->dim;
  vectors.rows = rows();
  const auto source = [this](uint32_t row) -> const RowSource& {
    return *view_->parts[rows_[row].part].source;
  };
  vectors.vector = [&](uint32_t row) { return source(row).vector(rows_[row].row); };
  vectors.inv_norm = [&](uint32_t row) { return source(row).inv_norm(rows_[row].row); };
  vectors.check = [this] { return check_stop(); };
  auto codes = build_codes(vectors);
  if (!codes) return codes.error();
  codes_ = std::move(*codes);
  auto builder = index::GraphBuilder::create(config_.graph, codes_.block, adoption());
  if (!builder) return builder.error();
  builder_ = std::move(*builder);
  return {};
}

Expected<bool> MaintenanceJob::link(const std::function<bool()>& goes_on) {
  return builder_ == nullptr ? true : builder_->link(goes_on);
}

Expected<void> MaintenanceJob::write(store::Vfs& vfs) {
  if (rows_.empty()) return {};
  index::GraphData graph;
  const bool has_graph = builder_ != nullptr;
  if (has_graph) {
    graph = builder_->finish();
    builder_.reset();
    codes_ = {};
  }
  std::vector<RowRef> rows;
  rows.reserve(rows_.size());
  for (const Source& from : rows_) rows.push_back(view_->row(from.part, from.row));
  return Segment::write(vfs, store::segment_file_name(segment_number_), config_.metric, view_->dim,
                        rows, has_graph ? &graph : nullptr, first_log_, stop_);
}

Expected<bool> MaintenanceJob::work(store::Vfs& vfs, std::chrono::steady_clock::time_point until) {
  if (!prepared_) {
    if (auto prepared = prepare(); !prepared) return prepared.error();
    return false;
  }
  auto linked = link([until] { return std::chrono::steady_clock::now() < until; });
  if (!linked || !*linked) return linked;
  if (auto written = write(vfs); !written) return written.error();
  return true;
}

}  // namespace quiver::engine
