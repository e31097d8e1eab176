#include "engine/walkable_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace quiver::engine {
namespace {

/// Rows that a step encodes: less than a millisecond, whatever their dimensions.
constexpr uint32_t kRowsAStep = 64;

}  // namespace

WalkableBuilder::WalkableBuilder(const Config& config, uint32_t dim,
                                 const quant::TrainingRows& rows, Adoption adoption)
    : config_(config), dim_(dim), rows_(rows), adoption_(std::move(adoption)) {}

Expected<void> WalkableBuilder::step() {
  switch (stage_) {
    case Stage::kChoose:
      if (choose_some()) stage_ = Stage::kEncode;
      break;
    case Stage::kEncode:
      if (encode_some(*build_codes_, {})) stage_ = Stage::kBegin;
      break;
    case Stage::kBegin:
      return begin_graph();
    case Stage::kTake:
      take_graph();
      break;
    case Stage::kOrder:
      if (!order_->step()) break;
      walkable_.node_rows = order_->take();
      order_.reset();
      renumbering_ = std::make_unique<index::Renumbering>(walkable_.graph, walkable_.node_rows);
      stage_ = Stage::kRenumber;
      break;
    case Stage::kRenumber:
      if (!renumbering_->step()) break;
      renumbering_.reset();
      walkable_.codes = std::make_unique<quant::CodedRows>(walkable_.choice.codec, rows_.rows());
      stage_ = Stage::kRecode;
      break;
    case Stage::kRecode:
      if (recode_some()) stage_ = Stage::kCalibrate;
      break;
    case Stage::kCalibrate:
      build_codes_.reset();
      if (!calibrator_) {
        calibrator_ = std::make_unique<Calibrator>(walkable_, config_.metric, dim_, rows_);
      }
      if (!calibrator_->step()) break;
      walkable_.calibration = calibrator_->take();
      calibrator_.reset();
      stage_ = Stage::kDone;
      break;
    case Stage::kLink:
    case Stage::kDone:
      break;
  }
  return {};
}

/// Whether that was the last step of it.
bool WalkableBuilder::choose_some() {
  if (!chooser_) {
    chooser_ =
        std::make_unique<quant::CodecChooser>(config_.quantization, config_.metric, dim_, rows_);
  }
  if (!chooser_->step()) return false;
  quant::Codecs codecs = chooser_->take();
  chooser_.reset();
  walkable_.choice = std::move(codecs.search);
  build_codes_ = std::make_unique<quant::CodedRows>(std::move(codecs.build), rows_.rows());
  return true;
}

Expected<void> WalkableBuilder::begin_graph() {
  const quant::Codec& codec = build_codes_->codec();
  auto builder =
      index::GraphBuilder::create(config_.graph,
                                  {build_codes_->codes(), codec.bytes(), build_codes_->rows(),
                                   &codec.kernel(), codec.has_float_distances()},
                                  adoption_());
  if (!builder) return builder.error();
  builder_ = std::move(*builder);
  stage_ = Stage::kLink;
  return {};
}

void WalkableBuilder::take_graph() {
  const bool are_kept = &build_codes_->codec() == walkable_.choice.codec.get();
  if (!are_kept) build_codes_.reset();  // the links are chosen
  walkable_.graph = builder_->finish();
  builder_.reset();
  // Without codes a walk reads the vectors, whose order is that of the rows.
  if (!walkable_.choice.codec) {
    stage_ = Stage::kCalibrate;
    return;
  }
  order_ = std::make_unique<index::WalkOrder>(walkable_.graph.view());
  stage_ = Stage::kOrder;
}

/// Encodes the next rows, in their own order or in that of `nodes`; whether there are no more.
bool WalkableBuilder::encode_some(quant::CodedRows& codes, std::span<const uint32_t> nodes) {
  const uint32_t end = next_ + std::min(kRowsAStep, codes.rows() - next_);
  for (; next_ < end; ++next_) {
    const uint32_t row = nodes.empty() ? next_ : nodes[next_];
    codes.codec().encode_row(rows_.vector(row), rows_.inv_norm(row), codes.add());
  }
  if (next_ < codes.rows()) return false;
  next_ = 0;
  return true;
}

/// The same in the order of the graph's nodes: what was built by is moved if it is what is
/// searched.
bool WalkableBuilder::recode_some() {
  quant::CodedRows& codes = *walkable_.codes;
  if (!build_codes_) return encode_some(codes, walkable_.node_rows);
  const size_t bytes = codes.codec().bytes();
  const uint32_t end = next_ + std::min(kRowsAStep, codes.rows() - next_);
  for (; next_ < end; ++next_) {
    std::memcpy(codes.add(), build_codes_->codes() + walkable_.node_rows[next_] * bytes, bytes);
  }
  return next_ == codes.rows();
}

uint32_t WalkableBuilder::rows_done() const {
  if (builder_) return rows_.rows() - builder_->to_link() + builder_->linked();
  return stage_ > Stage::kLink ? rows_.rows() : 0;
}

}  // namespace quiver::engine
