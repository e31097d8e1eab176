#include "engine/build_codes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <utility>

#include "base/huge_pages.h"
#include "kernel/dispatch.h"

namespace quiver::engine {
namespace {

/// The range of what becomes codes. In double: the squares of the largest floats are no floats.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double shortest = std::numeric_limits<double>::infinity();  // squared
  double longest = 0;                                         // squared

  [[nodiscard]] uint8_t code_of(double x) const {
    constexpr double kLargest = 255;
    // Not true either where all numbers are the same, or where one is none.
    if (!(x > low)) return 0;
    return static_cast<uint8_t>(std::min((x - low) / (high - low) * kLargest + 0.5, kLargest));
  }
};

class Encoder {
 public:
  explicit Encoder(const BuildVectors& from) : from_(from) {}

  Expected<void> measure() {
    return for_each_row([this](uint32_t /*row*/, const float* vector, double scale) {
      double squared = 0;
      for (uint32_t i = 0; i < from_.dim; ++i) {
        const double x = vector[i] * scale;
        range_.low = std::min(range_.low, x);
        range_.high = std::max(range_.high, x);
        squared += x * x;
      }
      range_.shortest = std::min(range_.shortest, squared);
      range_.longest = std::max(range_.longest, squared);
    });
  }

  Expected<BuildCodes> encode() {
    const bool is_longer = from_.metric == Metric::kInnerProduct;
    if (is_longer) {
      range_.low = std::min(range_.low, 0.0);
      range_.high = std::max(range_.high, std::sqrt(range_.longest - range_.shortest));
    }
    BuildCodes codes;
    constexpr size_t kAlignment = kernel::kCodeAlignment;
    const size_t bytes =
        (from_.dim + (is_longer ? 1 : 0) + kAlignment - 1) / kAlignment * kAlignment;
    const size_t size = bytes * from_.rows + kAlignment;
    codes.memory.reserve(size);
    prefer_huge_pages(codes.memory.data(), size);
    codes.memory.resize(size);
    const auto address = reinterpret_cast<uintptr_t>(codes.memory.data());
    uint8_t* const first = codes.memory.data() + (kAlignment - address % kAlignment) % kAlignment;
    auto encoded = for_each_row([&](uint32_t row, const float* vector, double scale) {
      uint8_t* const code = first + row * bytes;
      double squared = 0;
      for (uint32_t i = 0; i < from_.dim; ++i) {
        const double x = vector[i] * scale;
        code[i] = range_.code_of(x);
        squared += x * x;
      }
      if (is_longer) code[from_.dim] = range_.code_of(std::sqrt(range_.longest - squared));
    });
    if (!encoded) return encoded.error();
    codes.block = {first, bytes, from_.rows, &kernel::active().l2_u8};
    return codes;
  }

 private:
  template <typename Visit>
  Expected<void> for_each_row(Visit visit) {
    constexpr uint32_t kRowsAtOnce = 1024;
    for (uint32_t row = 0; row < from_.rows; ++row) {
      if (row % kRowsAtOnce == 0) {
        if (auto goes_on = from_.check(); !goes_on) return goes_on;
      }
      const bool is_cosine = from_.metric == Metric::kCosine;
      visit(row, from_.vector(row), is_cosine ? double{from_.inv_norm(row)} : 1.0);
    }
    return {};
  }

  const BuildVectors& from_;
  Range range_;
};

}  // namespace

Expected<BuildCodes> build_codes(const BuildVectors& from) {
  Encoder encoder(from);
  if (auto measured = encoder.measure(); !measured) return measured.error();
  try {
    return encoder.encode();
  } catch (const std::bad_alloc&) {
    return Error{Code::kOutOfMemory, "No memory for the codes that a graph is built by"};
  }
}

}  // namespace quiver::engine
