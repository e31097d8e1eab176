#include "quant/codec.h"

#include <string>

#include "quant/binary_codec.h"
#include "quant/byte_codec.h"
#include "quant/code_form.h"
#include "quant/product_codec.h"
#include "quant/scalar_codec.h"

namespace quiver::quant {
namespace {

template <typename T>
Expected<std::unique_ptr<Codec>> as_codec(Expected<std::unique_ptr<T>> codec) {
  if (!codec) return codec.error();
  return std::unique_ptr<Codec>(std::move(*codec));
}

}  // namespace

Expected<std::unique_ptr<Codec>> read_codec(CodeKind kind, Metric metric, uint32_t dim,
                                            Bytes parameters) {
  const auto form = ByteReader(parameters).get<uint32_t>();
  if (!form) return corrupt_parameters();
  switch (kind) {
    case CodeKind::kSq8:
      if (*form == static_cast<uint32_t>(CodeForm::kBytes)) {
        return as_codec(ByteCodec::read(metric, dim, parameters));
      }
      return as_codec(ScalarCodec::read(kind, metric, dim, parameters));
    case CodeKind::kSq4:
      return as_codec(ScalarCodec::read(kind, metric, dim, parameters));
    case CodeKind::kBinary:
      return as_codec(BinaryCodec::read(metric, dim, parameters));
    case CodeKind::kPq:
      return as_codec(ProductCodec::read(metric, dim, parameters));
    case CodeKind::kNone:
      return corrupt_parameters();
  }
  return Error{Code::kUnsupportedFormat, "has codes of kind " +
                                             std::to_string(static_cast<uint32_t>(kind)) +
                                             ", which this release does not know"};
}

}  // namespace quiver::quant
