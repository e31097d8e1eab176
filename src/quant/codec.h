#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "kernel/dispatch.h"
#include "quant/code_kind.h"

namespace quiver::quant {

/// Turns vectors into codes, short forms that are compared by whole numbers. Immutable and safe for
/// any number of threads.
///
/// Codes rank rows nearly as the metric does: smaller is closer. They say nothing of the distance
/// itself, so whoever needs that measures the vectors.
class Codec {
 public:
  virtual ~Codec() = default;

  [[nodiscard]] virtual CodeKind kind() const = 0;
  /// Of one code, as its kernel asks for: see kernel/table.h.
  [[nodiscard]] virtual size_t bytes() const = 0;
  /// Of an encoded query.
  [[nodiscard]] virtual size_t query_bytes() const { return bytes(); }
  /// How a query's code is compared with a row's; of the table in use.
  [[nodiscard]] virtual const kernel::CodeKernel& kernel() const = 0;
  /// Whether a row's code holds all that its vector does.
  [[nodiscard]] virtual bool is_exact() const { return false; }
  /// Whether what the kernel gives are the bits of floats that are not negative: they order as
  /// whole numbers do, but are no multiples of each other.
  [[nodiscard]] virtual bool has_float_distances() const { return false; }

  /// Of the rows that a walk by codes keeps, one in so many is measured again: the nearest. Where
  /// codes say less, the right rows are farther back among those.
  [[nodiscard]] virtual uint32_t measures_one_in() const { return 2; }

  /// `vector` and `inv_norm` as in TrainingRows; `code` receives bytes().
  virtual void encode_row(const float* vector, float inv_norm, uint8_t* code) const = 0;

  /// `query` as in index::SearchRequest; `code` receives query_bytes(). Whether the codes rank the
  /// rows exactly as the vectors do: then only ties need measuring.
  virtual bool encode_query(const float* query, uint8_t* code) const = 0;

  /// What read_codec() needs beside the kind.
  [[nodiscard]] virtual Buffer parameters() const = 0;
};

/// The codec that `parameters` describe, which come from a file: CORRUPT_FILE if they do not fit,
/// UNSUPPORTED_FORMAT for a kind that only a later release knows.
Expected<std::unique_ptr<Codec>> read_codec(CodeKind kind, Metric metric, uint32_t dim,
                                            Bytes parameters);

}  // namespace quiver::quant
