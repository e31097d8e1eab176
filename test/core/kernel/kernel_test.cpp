#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernel/dispatch.h"
#include "kernel/isa/tables.h"

namespace quiver::kernel {
namespace {

std::vector<uint32_t> dims_to_test() {
  std::vector<uint32_t> dims;
  for (uint32_t dim = 1; dim <= 260; ++dim) dims.push_back(dim);
  for (const uint32_t dim : {384U, 768U, 1000U, 1536U, 4096U}) dims.push_back(dim);
  return dims;
}

uint32_t bits(float x) {
  uint32_t word;
  std::memcpy(&word, &x, sizeof word);
  return word;
}

/// Bit equality, but any NaN equals any other: its sign and payload are the hardware's choice.
::testing::AssertionResult same(float got, float want) {
  if (bits(got) == bits(want) || (std::isnan(got) && std::isnan(want))) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << std::hexfloat << got << " where scalar has " << want;
}

/// `size` floats in a heap block of exactly that size, so that AddressSanitizer sees any overrun on
/// either side; `shift` > 0 takes that many bytes more in front and gives an unaligned pointer.
class Floats {
 public:
  explicit Floats(size_t size, size_t shift = 0)
      : bytes_(new char[size * sizeof(float) + shift]), shift_(shift), size_(size) {}

  float* data() { return reinterpret_cast<float*>(bytes_.get() + shift_); }
  [[nodiscard]] size_t size() const { return size_; }
  void put(size_t at, float x) { std::memcpy(bytes_.get() + shift_ + at * 4, &x, 4); }
  [[nodiscard]] float get(size_t at) const {
    float x;
    std::memcpy(&x, bytes_.get() + shift_ + at * 4, 4);
    return x;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t shift_;
  size_t size_;
};

void fill(Floats& floats, std::mt19937& random, float scale = 1.0F) {
  std::normal_distribution<float> normal;
  for (size_t i = 0; i < floats.size(); ++i) floats.put(i, scale * normal(random));
}

class Kernel : public ::testing::TestWithParam<const KernelTable*> {
 protected:
  const KernelTable& table() const { return *GetParam(); }

  void expect_same_pairs(Floats& a, Floats& b, uint32_t dim) const {
    EXPECT_TRUE(same(table().l2(a.data(), b.data(), dim), scalar_.l2(a.data(), b.data(), dim)));
    EXPECT_TRUE(same(table().inner_product(a.data(), b.data(), dim),
                     scalar_.inner_product(a.data(), b.data(), dim)));
    EXPECT_TRUE(
        same(table().cosine(a.data(), b.data(), dim), scalar_.cosine(a.data(), b.data(), dim)));
  }

  const KernelTable& scalar_ = kScalarTable;
  std::mt19937 random_{20240607};
};

TEST_P(Kernel, GivesTheScalarBitsAtEveryDimension) {
  for (const uint32_t dim : dims_to_test()) {
    SCOPED_TRACE(dim);
    Floats a(dim);
    Floats b(dim);
    for (const float scale : {1.0F, 1e-3F, 1e15F}) {
      fill(a, random_, scale);
      fill(b, random_, scale);
      expect_same_pairs(a, b, dim);
    }
  }
}

TEST_P(Kernel, GivesTheScalarBitsForExtremeNumbers) {
  const float extremes[] = {0.0F,    -0.0F,    FLT_MIN,         -FLT_MIN, FLT_TRUE_MIN,
                            1e-20F,  -1e-23F,  FLT_MAX,         -FLT_MAX, 1.0F,
                            1.8e19F, -1.9e19F, FLT_MIN / 64.0F, 1e30F,    -3.0F};
  std::uniform_int_distribution<size_t> pick(0, std::size(extremes) - 1);
  std::uniform_int_distribution<size_t> pick_small(0, 6);
  for (const uint32_t dim : {1U, 3U, 7U, 16U, 31U, 33U, 63U, 64U, 100U, 260U}) {
    SCOPED_TRACE(dim);
    Floats a(dim);
    Floats b(dim);
    for (int round = 0; round < 40; ++round) {
      for (uint32_t i = 0; i < dim; ++i) {
        a.put(i, extremes[round % 2 == 0 ? pick_small(random_) : pick(random_)]);
        b.put(i, extremes[round % 2 == 0 ? pick_small(random_) : pick(random_)]);
      }
      expect_same_pairs(a, b, dim);
    }
  }
}

TEST_P(Kernel, TakesUnalignedPointers) {
  const size_t step = sizeof(float);  // C++ allows no float at an odd address
  for (const uint32_t dim : {5U, 32U, 77U, 384U}) {
    for (size_t shift = step; shift < 64; shift += step) {
      SCOPED_TRACE(::testing::Message() << "dim " << dim << ", shift " << shift);
      Floats a(dim, shift);
      Floats b(dim, 64 - shift);
      fill(a, random_);
      fill(b, random_);
      expect_same_pairs(a, b, dim);
    }
  }
}

TEST_P(Kernel, BatchesGiveThePairBits) {
  for (const uint32_t dim : dims_to_test()) {
    SCOPED_TRACE(dim);
    const uint32_t row_count = dim > 260 ? 9 : 21;
    Floats query(dim);
    Floats rows(size_t{row_count} * dim);
    Floats inv_norms(row_count);
    fill(query, random_);
    fill(rows, random_);
    for (uint32_t row = 0; row < row_count; ++row) {
      inv_norms.put(row, inverse_norm(rows.data() + size_t{row} * dim, dim));
    }
    std::vector<uint32_t> ids;
    for (uint32_t row = row_count; row-- > 0;) ids.push_back(row);
    ids.push_back(0);
    ids.push_back(row_count - 1);
    ids.push_back(row_count - 1);
    for (const bool listed : {false, true}) {
      for (const size_t count :
           {size_t{0}, size_t{1}, size_t{6}, size_t{7}, listed ? ids.size() : size_t{row_count}}) {
        Floats out(count);
        const auto row_at = [&](size_t i) { return listed ? ids[i] : static_cast<uint32_t>(i); };
        const uint32_t* list = listed ? ids.data() : nullptr;
        const auto vector_at = [&](size_t i) { return rows.data() + size_t{row_at(i)} * dim; };

        table().l2_batch(query.data(), rows.data(), inv_norms.data(), list, count, dim, out.data());
        for (size_t i = 0; i < count; ++i) {
          EXPECT_TRUE(same(out.get(i), scalar_.l2(query.data(), vector_at(i), dim)));
        }
        table().inner_product_batch(query.data(), rows.data(), nullptr, list, count, dim,
                                    out.data());
        for (size_t i = 0; i < count; ++i) {
          EXPECT_TRUE(same(out.get(i), scalar_.inner_product(query.data(), vector_at(i), dim)));
        }
        table().inner_product_batch(query.data(), rows.data(), inv_norms.data(), list, count, dim,
                                    out.data());
        for (size_t i = 0; i < count; ++i) {
          const float want = scalar_.inner_product(query.data(), vector_at(i), dim);
          EXPECT_TRUE(same(out.get(i), want * inv_norms.get(row_at(i))));
        }
      }
    }
  }
}

/// Rounding each term and then adding it through at most ⌈dim/32⌉ + 5 additions: |error| is at most
/// about (that + the roundings of a term) × u × Σ|term|. Higham, "Accuracy and Stability of
/// Numerical Algorithms", 2nd edition, section 4.2.
TEST_P(Kernel, IsWithinTheRoundingBoundOfDoublePrecision) {
  const double unit = FLT_EPSILON / 2.0;
  for (const uint32_t dim : dims_to_test()) {
    SCOPED_TRACE(dim);
    Floats a(dim);
    Floats b(dim);
    fill(a, random_);
    fill(b, random_);
    double l2 = 0;
    double dot = 0;
    double dot_magnitude = 0;
    double aa = 0;
    double bb = 0;
    for (uint32_t i = 0; i < dim; ++i) {
      const double x = a.get(i);
      const double y = b.get(i);
      l2 += (x - y) * (x - y);
      dot += x * y;
      dot_magnitude += std::fabs(x * y);
      aa += x * x;
      bb += y * y;
    }
    const double additions = (dim + 31) / 32 + 5;
    const auto bound = [&](double roundings) { return 1.01 * (additions + roundings) * unit; };
    EXPECT_NEAR(table().l2(a.data(), b.data(), dim), l2, bound(3) * l2);
    EXPECT_NEAR(table().inner_product(a.data(), b.data(), dim), -dot, bound(1) * dot_magnitude);
    const double norms = std::sqrt(aa) * std::sqrt(bb);
    // The quotient: the error of the dot product, plus those of both norms, two square roots, their
    // product and the division, relative to the result.
    EXPECT_NEAR(table().cosine(a.data(), b.data(), dim), -dot / norms,
                bound(1) * dot_magnitude / norms + (bound(1) + 5 * unit) * std::fabs(dot) / norms);
  }
}

TEST_P(Kernel, KnownValues) {
  Floats a(3);
  Floats b(3);
  const float a_values[] = {1, 2, 3};
  const float b_values[] = {4, -5, 6};
  for (size_t i = 0; i < 3; ++i) {
    a.put(i, a_values[i]);
    b.put(i, b_values[i]);
  }
  EXPECT_EQ(table().l2(a.data(), b.data(), 3), 67.0F);
  EXPECT_EQ(table().inner_product(a.data(), b.data(), 3), -12.0F);
  EXPECT_EQ(table().l2(a.data(), a.data(), 3), 0.0F);
  EXPECT_NEAR(table().cosine(a.data(), a.data(), 3), -1.0F, 1e-6F);
  EXPECT_EQ(table().l2(a.data(), b.data(), 0), 0.0F);
}

TEST_P(Kernel, CosineOfAVectorWithoutDirectionIsZero) {
  for (const uint32_t dim : {1U, 5U, 32U, 100U, 768U}) {
    SCOPED_TRACE(dim);
    Floats a(dim);
    Floats other(dim);
    fill(a, random_);
    for (const float same_number : {0.0F, -0.0F, 1e-25F, 1e25F}) {
      for (uint32_t i = 0; i < dim; ++i) other.put(i, same_number);
      EXPECT_EQ(table().cosine(a.data(), other.data(), dim), 0.0F);
      EXPECT_EQ(table().cosine(other.data(), a.data(), dim), 0.0F);
      EXPECT_EQ(table().cosine(other.data(), other.data(), dim), 0.0F);
    }
  }
}

std::string table_name(const ::testing::TestParamInfo<const KernelTable*>& info) {
  return info.param->name;
}

INSTANTIATE_TEST_SUITE_P(Tables, Kernel,
                         ::testing::ValuesIn(available().begin(), available().end()), table_name);

}  // namespace
}  // namespace quiver::kernel
