#include "engine/maintenance.h"

#include <algorithm>
#include <utility>

#include "base/exception.h"
#include "store/file_names.h"

namespace quiver::engine {
namespace {

/// Rows of which a step only notes where they are.
constexpr uint32_t kRowsAStep = 8192;
/// Blocks whose checksum a step reads: half a megabyte.
constexpr uint64_t kBlocksAStep = 8;

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
      builds_graph_(graph == Graph::kBuild),
      part_(first) {
  for (size_t part = first_; part < last_; ++part) {
    live_ += view_->parts[part].live();
    is_seal_ = is_seal_ && view_->parts[part].source->file() == nullptr;
  }
}
MaintenanceJob::~MaintenanceJob() = default;

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
    if (sources_[i].part == largest) new_rows[sources_[i].row] = i;
  }
  if (const auto node_rows = parts[largest].source->node_rows(); !node_rows.empty()) {
    // A row that is not sound may be named twice: it is the first node's.
    std::vector<uint32_t> by_node(node_rows.size());
    std::transform(node_rows.begin(), node_rows.end(), by_node.begin(), [&](uint32_t row) {
      return row < new_rows.size() ? std::exchange(new_rows[row], index::kNoRow) : index::kNoRow;
    });
    new_rows = std::move(by_node);
  }
  return {*graph, std::move(new_rows), rows()};
}

Expected<void> MaintenanceJob::check_stop() const {
  if (stop_ == nullptr || !*stop_) return {};
  return Error{Code::kClosed, "The index was closed while a segment was built"};
}

/// Work that leaves nothing half done behind where it fails: then nothing is gone on with.
template <typename Work>
auto MaintenanceJob::attempt(const Work& work) -> decltype(work()) {
  if (failed_) return Error{Code::kInternal, "The making of a segment that failed is at an end"};
  auto result = caught(work);
  if (!result) failed_ = true;
  return result;
}

bool MaintenanceJob::is_prepared() const {
  return stage_ > Stage::kBuild || (walkable_ && walkable_->is_prepared());
}

Expected<void> MaintenanceJob::prepare() {
  return attempt([this]() -> Expected<void> {
    while (!is_prepared()) {
      if (auto goes_on = check_stop(); !goes_on) return goes_on;
      if (auto done = prepare_step(); !done) return done;
    }
    return {};
  });
}

Expected<bool> MaintenanceJob::link(const std::function<bool()>& goes_on) {
  return attempt([&]() -> Expected<bool> {
    if (walkable_ == nullptr) return true;
    return walkable_->link(goes_on);
  });
}

Expected<void> MaintenanceJob::write(store::Vfs& vfs) {
  return attempt([&]() -> Expected<void> {
    if (walkable_) walkable_->end_linking();
    while (stage_ != Stage::kDone) {
      if (auto goes_on = check_stop(); !goes_on) return goes_on;
      if (auto done = write_step(vfs); !done) return done;
    }
    return {};
  });
}

Expected<bool> MaintenanceJob::work(store::Vfs& vfs, const std::function<bool()>& goes_on) {
  return attempt([&]() -> Expected<bool> {
    bool is_first = true;
    const auto has_time = [&] { return std::exchange(is_first, false) || goes_on(); };
    while (stage_ != Stage::kDone) {
      if (!is_prepared()) {
        if (!has_time()) return false;
        if (auto done = prepare_step(); !done) return done.error();
        continue;
      }
      if (walkable_ && walkable_->is_linking()) {
        auto linked = walkable_->link(has_time);
        if (!linked || !*linked) return linked;
        walkable_->end_linking();
      }
      if (!has_time()) return false;
      if (auto done = write_step(vfs); !done) return done.error();
    }
    return true;
  });
}

Expected<void> MaintenanceJob::prepare_step() {
  if (stage_ == Stage::kGather) {
    gather_some();
    return {};
  }
  return stage_ == Stage::kCheck ? check_some() : walkable_->step();
}

void MaintenanceJob::gather_some() {
  if (part_ == last_) {
    live_ = static_cast<uint32_t>(sources_.size());
    part_ = first_;
    stage_ = Stage::kCheck;
    return;
  }
  sources_.reserve(live_);
  const Part& part = view_->parts[part_];
  const auto end = static_cast<uint32_t>(std::min<uint64_t>(part.count, next_ + kRowsAStep));
  for (auto row = static_cast<uint32_t>(next_); row < end; ++row) {
    if (part.is_live(row)) sources_.push_back({static_cast<uint32_t>(part_), row});
  }
  next_ = end;
  if (end < part.count) return;
  next_ = 0;
  ++part_;
}

/// A damaged row would get a fresh checksum.
Expected<void> MaintenanceJob::check_some() {
  if (part_ == last_) {
    end_checks();
    return {};
  }
  const store::SegmentFile* file = view_->parts[part_].source->file();
  if (file != nullptr && next_ < file->blocks()) {
    const uint64_t first = std::exchange(next_, next_ + kBlocksAStep);
    return file->verify_blocks(first, next_);
  }
  next_ = 0;
  ++part_;
  return {};
}

void MaintenanceJob::end_checks() {
  stage_ = Stage::kRefer;
  if (!builds_graph_ || rows() < kSmallestGraph) return;
  rows_ = std::make_unique<JobRows>(*view_, sources_);
  walkable_ =
      std::make_unique<WalkableBuilder>(config_, view_->dim, *rows_, [this] { return adoption(); });
  stage_ = Stage::kBuild;
}

Expected<void> MaintenanceJob::write_step(store::Vfs& vfs) {
  if (stage_ == Stage::kBuild) {
    if (walkable_->is_done()) {
      stage_ = Stage::kRefer;
      return {};
    }
    return walkable_->step();
  }
  if (stage_ == Stage::kRefer) {
    refer_some();
    return {};
  }
  if (stage_ == Stage::kRead) return read_some();
  if (!writer_) {
    const SegmentWriter::Content content{config_.metric, view_->dim, refs_,
                                         walkable_ ? &walkable_->walkable() : nullptr, first_log_};
    auto writer =
        SegmentWriter::create(vfs, store::segment_file_name(segment_number_), content, stop_);
    if (!writer) return writer.error();
    writer_ = std::move(*writer);
  }
  const auto finished = writer_->step();
  if (!finished) return finished.error();
  if (!*finished) return {};
  writer_.reset();
  walkable_.reset();
  refs_ = {};
  auto reading = vfs.read_ahead(store::segment_file_name(segment_number_));
  if (!reading) return reading.error();
  reading_ = std::move(*reading);
  stage_ = reading_ ? Stage::kRead : Stage::kDone;
  return {};
}

Expected<void> MaintenanceJob::read_some() {
  const auto all = reading_->step();
  if (!all) return all.error();
  if (*all) stage_ = Stage::kDone;
  return {};
}

void MaintenanceJob::refer_some() {
  refs_.reserve(sources_.size());
  const size_t end = std::min(sources_.size(), refs_.size() + kRowsAStep);
  while (refs_.size() < end) {
    const Source& from = sources_[refs_.size()];
    refs_.push_back(view_->row(from.part, from.row));
  }
  if (end < sources_.size()) return;
  // A file without rows would be of no use.
  stage_ = sources_.empty() ? Stage::kDone : Stage::kWrite;
}

uint32_t MaintenanceJob::rows_done() const {
  if (walkable_) return walkable_->rows_done();
  return stage_ > Stage::kBuild ? rows() : 0;
}

}  // namespace quiver::engine
