#include "quant/product_codec.h"

#include <algorithm>

#include "base/prefetch.h"
#include "quant/code_form.h"
#include "quant/k_means.h"

namespace quiver::quant {
namespace {

constexpr size_t kPartsAtOnce = 8;
constexpr uint32_t kSampleRows = 4096;
constexpr uint32_t kRowsAStep = 64;
constexpr uint32_t kRounds = 8;
constexpr float kMost = 255;

/// How many coordinates share a byte: the longer vectors are, the less each says.
uint32_t width_for(uint32_t dim) {
  if (dim < 256) return 4;
  return dim < 768 ? 6 : 8;
}

size_t parts_for(uint32_t dim) {
  const uint32_t width = width_for(dim);
  return round_up((dim + width - 1) / width, kPartsAtOnce);
}

/// `code` is so many bytes, of which each chooses one of 256 numbers.
uint32_t look_up(const uint8_t* table, const uint8_t* code, size_t bytes) {
  uint32_t even = 0;
  uint32_t odd = 0;
  for (size_t part = 0; part < bytes; part += 2, table += 2 * size_t{kCentroids}) {
    even += table[code[part]];
    odd += table[kCentroids + code[part + 1]];
  }
  return even + odd;
}

void look_up_all(const uint8_t* table, const uint8_t* codes, size_t bytes, const uint32_t* ids,
                 size_t count, uint32_t* out) {
  if (ids == nullptr) {
    for (size_t i = 0; i < count; ++i) out[i] = look_up(table, codes + i * bytes, bytes);
    return;
  }
  constexpr size_t kAhead = 16;
  constexpr size_t kLine = 64;
  const auto ask_for = [&](size_t i) {
    const uint8_t* code = codes + ids[i] * bytes;
    for (size_t at = 0; at < bytes; at += kLine) prefetch(code + at);
    prefetch(code + bytes - 1);
  };
  for (size_t i = 0; i < std::min(count, kAhead); ++i) ask_for(i);
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) ask_for(i + kAhead);
    out[i] = look_up(table, codes + ids[i] * bytes, bytes);
  }
}

/// Loads that depend on a code: no instruction set has better ones.
constexpr kernel::CodeKernel kTableKernel{look_up, look_up_all};

/// Without a branch, so that many are done at once. What is no number is far.
uint8_t to_byte(float x) {
  const float nearest = (x < kMost ? x : kMost) + 0.5F;
  return static_cast<uint8_t>(static_cast<int32_t>(nearest));
}

}  // namespace

ProductCodec::ProductCodec(const L2Space& space, uint64_t seed)
    : width_(width_for(space.dim())),
      parts_(parts_for(space.dim())),
      space_(space, static_cast<uint32_t>(parts_ * width_), seed),
      centroids_(parts_ * width_ * kCentroids) {}

Expected<std::unique_ptr<ProductCodec>> ProductCodec::read(Metric metric, uint32_t dim,
                                                           Bytes parameters) {
  ByteReader reader(parameters);
  const auto head = read_head(CodeForm::kProduct, reader);
  if (!head) return corrupt_parameters();
  const L2Space space(metric, dim, head->radius);
  // Before there is memory for them.
  const size_t centroids = parts_for(space.dim()) * width_for(space.dim()) * kCentroids;
  if (reader.remaining() != (space.dim() + centroids) * sizeof(float)) return corrupt_parameters();
  std::unique_ptr<ProductCodec> codec(new ProductCodec(space, head->seed));
  if (!codec->space_.read_centre(reader)) return corrupt_parameters();
  for (float& x : codec->centroids_) x = *reader.get<float>();
  return codec;
}

Buffer ProductCodec::parameters() const {
  Buffer parameters = space_.parameters(CodeForm::kProduct);
  const Bytes centroids = as_bytes(std::span<const float>(centroids_));
  parameters.insert(parameters.end(), centroids.begin(), centroids.end());
  return parameters;
}

size_t ProductCodec::query_bytes() const { return parts_ * kCentroids; }

const kernel::CodeKernel& ProductCodec::kernel() const { return kTableKernel; }

std::span<const float> ProductCodec::centroids(size_t part) const {
  const size_t size = size_t{width_} * kCentroids;
  return std::span(centroids_).subspan(part * size, size);
}

void ProductCodec::encode_row(const float* vector, float inv_norm, uint8_t* code) const {
  const float* turned = space_.row(vector, inv_norm);
  for (size_t part = 0; part < parts_; ++part) {
    code[part] = nearest_centroid(turned + part * width_, centroids(part));
  }
}

/// Of each part what a centroid is farther than the nearest one, all by one step: so sums rank as
/// the distances do.
bool ProductCodec::encode_query(const float* query, uint8_t* code) const {
  thread_local std::vector<float> distances;
  distances.resize(query_bytes());
  const float* turned = space_.query(query);
  float widest = 0;
  for (size_t part = 0; part < parts_; ++part) {
    float* of_part = &distances[part * kCentroids];
    distances_to_centroids(turned + part * width_, centroids(part), of_part);
    const auto [least, most] = range_of(of_part);
    widest = std::max(widest, most - least);
    for (size_t c = 0; c < kCentroids; ++c) of_part[c] -= least;
  }
  const float steps = widest > 0 ? kMost / widest : 0;
  const float* from = distances.data();
  for (size_t i = 0; i < parts_ * kCentroids; ++i) code[i] = to_byte(from[i] * steps);
  return false;
}

ProductTrainer::ProductTrainer(const L2Space& space, const TrainingRows& rows)
    : codec_(new ProductCodec(space, TurnedSpace::kSeed)), sample_(space, rows, kSampleRows) {
  codec_->space_.set_centre(sample_.usual_centre());
  turned_.resize(sample_.rows() * codec_->space_.dim());
}

bool ProductTrainer::step() {
  if (count_ < sample_.rows()) {
    turn_some();
    return false;
  }
  const uint32_t width = codec_->width_;
  const uint32_t stride = codec_->space_.dim();
  const float* points = turned_.data() + part_ * width;
  const size_t size = size_t{width} * kCentroids;
  const auto centroids = std::span(codec_->centroids_).subspan(part_ * size, size);
  if (round_ == 0) {
    const std::vector<float> first = first_centroids(points, count_, stride, width);
    std::copy(first.begin(), first.end(), centroids.begin());
  }
  improve_centroids(points, count_, stride, centroids);
  if (++round_ < kRounds) return false;
  round_ = 0;
  return ++part_ == codec_->parts_;
}

void ProductTrainer::turn_some() {
  const uint32_t dim = codec_->space_.dim();
  const auto end = static_cast<uint32_t>(std::min<size_t>(sample_.rows(), count_ + kRowsAStep));
  for (; count_ < end; ++count_) {
    const float* turned = codec_->space_.placed(sample_.row(count_));
    std::copy(turned, turned + dim, &turned_[size_t{count_} * dim]);
  }
}

}  // namespace quiver::quant
