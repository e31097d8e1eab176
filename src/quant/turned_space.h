#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "quant/code_form.h"
#include "quant/l2_space.h"
#include "quant/rotation.h"

namespace quiver::quant {

/// How the parameters of a codec begin.
struct TurnedHead {
  CodeForm form;
  float radius;
  uint64_t seed;
};
static_assert(sizeof(TurnedHead) == 16);

/// Nothing where it is not whole, or of another form.
std::optional<TurnedHead> read_head(CodeForm form, ByteReader& reader);

/// Where codecs round: the L2 space without the centre of its rows, with zeros up to as many
/// coordinates as a code has room for, rotated.
class TurnedSpace {
 public:
  static constexpr uint64_t kSeed = 0x517569766572;

  /// `dim`: how many coordinates there are afterwards, at least space.dim().
  TurnedSpace(const L2Space& space, uint32_t dim, uint64_t seed)
      : space_(space), seed_(seed), rotation_(dim, seed), centre_(space.dim(), 0) {}

  [[nodiscard]] uint32_t dim() const { return rotation_.dim(); }
  [[nodiscard]] float radius() const { return space_.radius(); }
  [[nodiscard]] uint64_t seed() const { return seed_; }

  void set_centre(std::vector<float> centre) { centre_ = std::move(centre); }
  /// Parameters that begin so; the centre follows.
  [[nodiscard]] Buffer with_centre(Bytes head) const;
  /// The same with a TurnedHead.
  [[nodiscard]] Buffer parameters(CodeForm form) const;
  /// Whether it was all there.
  bool read_centre(ByteReader& reader);

  /// dim() coordinates of a row or a query (as in Codec), in memory of this thread, until it asks
  /// again.
  const float* row(const float* vector, float inv_norm) const;
  const float* query(const float* query) const;
  /// The same for a row of a sample of the space.
  const float* placed(std::span<const float> place) const;

 private:
  void turn(float* place) const;

  L2Space space_;
  uint64_t seed_;
  Rotation rotation_;
  std::vector<float> centre_;
};

}  // namespace quiver::quant
