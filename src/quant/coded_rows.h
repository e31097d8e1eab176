#pragma once

#include <memory>
#include <utility>

#include "base/array_bytes.h"
#include "base/bytes.h"
#include "quant/code_memory.h"
#include "quant/codec.h"
#include "quant/rows.h"

namespace quiver::quant {

/// A codec with the codes of all rows of something.
class CodedRows {
 public:
  /// Room for the codes of `rows` rows, which are to be added one by one. Throws std::bad_alloc.
  CodedRows(std::shared_ptr<const Codec> codec, uint32_t rows)
      : codec_(std::move(codec)), rows_(rows) {
    memory_.reserve(array_bytes(rows, codec_->bytes()));
  }

  [[nodiscard]] const Codec& codec() const { return *codec_; }
  [[nodiscard]] uint32_t rows() const { return rows_; }
  [[nodiscard]] const uint8_t* codes() const { return memory_.data(); }

  /// The place of the next row's code, of all rows at most.
  [[nodiscard]] uint8_t* add() {
    const size_t begin = added_++ * codec_->bytes();
    memory_.grow(begin + codec_->bytes());
    return memory_.data() + begin;
  }

  [[nodiscard]] Bytes bytes() const { return {codes(), rows_ * codec_->bytes()}; }

 private:
  std::shared_ptr<const Codec> codec_;
  uint32_t rows_;
  CodeMemory memory_;
  size_t added_ = 0;
};

/// The codes of all rows, in order. Throws std::bad_alloc.
inline CodedRows encode_all(std::shared_ptr<const Codec> codec, const TrainingRows& rows) {
  CodedRows coded(std::move(codec), rows.rows());
  for (uint32_t row = 0; row < rows.rows(); ++row) {
    coded.codec().encode_row(rows.vector(row), rows.inv_norm(row), coded.add());
  }
  return coded;
}

}  // namespace quiver::quant
