#include "quant/byte_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "quant/code_form.h"

namespace quiver::quant {
namespace {

constexpr float kMost = 255;
/// Beyond this not every whole number is a float, and sums of squares are no longer exact.
constexpr float kLargestInteger = 1 << 20;

uint8_t to_byte(float x) {
  if (!(x > 0)) return 0;
  const float nearest = std::min(x, kMost) + 0.5F;
  return static_cast<uint8_t>(nearest);
}

}  // namespace

bool ByteTraining::step() {
  constexpr uint32_t kNumbersAStep = uint32_t{1} << 17;
  const uint32_t at_once = std::max(kNumbersAStep / dim_, 1U);
  const uint32_t end = next_ + std::min(at_once, rows_.rows() - next_);
  for (; are_bytes_ && next_ < end; ++next_) look_at(rows_.vector(next_));
  return !are_bytes_ || next_ == rows_.rows();
}

void ByteTraining::look_at(const float* vector) {
  if (next_ == 0) lowest_ = highest_ = vector[0];
  for (uint32_t i = 0; i < dim_; ++i) {
    if (vector[i] != std::floor(vector[i])) {
      are_bytes_ = false;
      return;
    }
    lowest_ = std::min(lowest_, vector[i]);
    highest_ = std::max(highest_, vector[i]);
  }
  are_bytes_ = highest_ - lowest_ <= kMost && std::abs(lowest_) <= kLargestInteger;
}

std::unique_ptr<ByteCodec> ByteTraining::take() const {
  return std::unique_ptr<ByteCodec>(are_bytes_ ? new ByteCodec(dim_, lowest_) : nullptr);
}

std::unique_ptr<ByteCodec> ByteCodec::train(Metric metric, uint32_t dim, const TrainingRows& rows) {
  ByteTraining training(metric, dim, rows);
  while (!training.step()) continue;
  return training.take();
}

Expected<std::unique_ptr<ByteCodec>> ByteCodec::read(Metric metric, uint32_t dim,
                                                     Bytes parameters) {
  ByteReader reader(parameters);
  const auto form = reader.get<uint32_t>();
  const auto lowest = reader.get<float>();
  if (metric != Metric::kL2 || !form || *form != static_cast<uint32_t>(CodeForm::kBytes) ||
      !lowest || std::isnan(*lowest) || std::abs(*lowest) > kLargestInteger ||
      reader.remaining() != 0) {
    return corrupt_parameters();
  }
  return std::unique_ptr<ByteCodec>(new ByteCodec(dim, *lowest));
}

Buffer ByteCodec::parameters() const {
  ByteWriter writer;
  writer.put(static_cast<uint32_t>(CodeForm::kBytes));
  writer.put(lowest_);
  return writer.take();
}

size_t ByteCodec::bytes() const { return round_up(dim_, kernel::kCodeAlignment); }

const kernel::CodeKernel& ByteCodec::kernel() const { return kernel::active().l2_u8; }

void ByteCodec::encode_row(const float* vector, float /*inv_norm*/, uint8_t* code) const {
  for (uint32_t i = 0; i < dim_; ++i) code[i] = to_byte(vector[i] - lowest_);
  std::memset(code + dim_, 0, bytes() - dim_);
}

bool ByteCodec::encode_query(const float* query, uint8_t* code) const {
  encode_row(query, 1, code);
  // The sum of squares must be a float too, as the vectors' own distance is.
  constexpr uint32_t kMostExact = (1U << 24) / (255 * 255);
  if (dim_ > kMostExact) return false;
  for (uint32_t i = 0; i < dim_; ++i) {
    if (query[i] != lowest_ + static_cast<float>(code[i])) return false;
  }
  return true;
}

}  // namespace quiver::quant
