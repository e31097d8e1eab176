#include "quant/choose.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "quant/binary_codec.h"
#include "quant/byte_codec.h"
#include "quant/coded_rows.h"
#include "quant/float_codec.h"
#include "quant/l2_space.h"
#include "quant/scalar_codec.h"

namespace quiver::quant {
namespace {

/// From here on half bytes walk sooner than bytes: they fill whole cache lines, and errors average
/// out over many dimensions.
constexpr uint32_t kHalfBytesFrom = 512;
constexpr float kEnoughRecall = 0.99F;

constexpr uint32_t kSampleRows = 8192;
constexpr uint32_t kSampleQueries = 32;
constexpr size_t kNearest = 10;
constexpr size_t kCandidates = 20;

/// Some of the rows.
class Sample final : public TrainingRows {
 public:
  Sample(const TrainingRows& all, std::vector<uint32_t> chosen)
      : all_(all), chosen_(std::move(chosen)) {}

  [[nodiscard]] uint32_t rows() const override { return static_cast<uint32_t>(chosen_.size()); }
  [[nodiscard]] const float* vector(uint32_t row) const override {
    return all_.vector(chosen_[row]);
  }
  [[nodiscard]] float inv_norm(uint32_t row) const override { return all_.inv_norm(chosen_[row]); }

 private:
  const TrainingRows& all_;
  std::vector<uint32_t> chosen_;
};

/// The first `count` positions in the order of `distances`.
template <typename T>
std::vector<uint32_t> nearest(const std::vector<T>& distances, size_t count) {
  std::vector<uint32_t> order(distances.size());
  std::iota(order.begin(), order.end(), 0U);
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                    [&](uint32_t a, uint32_t b) {
                      return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
                    });
  order.resize(count);
  return order;
}

/// Rows that others are held against: some are queries, and their nearest among the rest are known.
class HeldOut {
 public:
  HeldOut(Metric metric, uint32_t dim, const TrainingRows& rows)
      : dim_(dim), rows_(rows), base_(rows, split(rows.rows(), queries_)) {
    const kernel::PairDistance measure = kernel::pair_distance(kernel::active(), metric);
    std::vector<float> distances(base_.rows());
    for (const uint32_t query : queries_) {
      for (uint32_t i = 0; i < base_.rows(); ++i) {
        distances[i] = measure(rows.vector(query), base_.vector(i), dim);
      }
      truths_.push_back(nearest(distances, kNearest));
    }
  }

  /// Choice::sample_recall.
  [[nodiscard]] float recall_of(const std::shared_ptr<const Codec>& codec) const {
    if (base_.rows() == 0) return 1;
    const CodedRows coded = encode_all(codec, base_);
    CodeMemory code(codec->query_bytes());
    std::vector<float> unit(dim_);
    std::vector<uint32_t> estimates(base_.rows());
    size_t found = 0;
    size_t wanted = 0;
    for (size_t q = 0; q < queries_.size(); ++q) {
      const float* vector = rows_.vector(queries_[q]);
      for (uint32_t i = 0; i < dim_; ++i) unit[i] = vector[i] * rows_.inv_norm(queries_[q]);
      codec->encode_query(unit.data(), code.data());
      codec->kernel().batch(code.data(), coded.codes(), codec->bytes(), nullptr, base_.rows(),
                            estimates.data());
      const std::vector<uint32_t> candidates = nearest(estimates, kCandidates);
      wanted += truths_[q].size();
      for (const uint32_t one : truths_[q]) {
        found += std::find(candidates.begin(), candidates.end(), one) != candidates.end() ? 1 : 0;
      }
    }
    return static_cast<float>(found) / static_cast<float>(wanted);
  }

 private:
  /// Of a sample of `rows` rows one in each step becomes a query; the others are given.
  static std::vector<uint32_t> split(uint32_t rows, std::vector<uint32_t>& queries) {
    const uint32_t count = std::min(rows, kSampleRows);
    const uint32_t step = std::max(count / kSampleQueries, 2U);
    std::vector<uint32_t> others;
    for (uint32_t i = 0; i < count; ++i) {
      const auto row = static_cast<uint32_t>(uint64_t{i} * rows / count);
      (i % step == 0 ? queries : others).push_back(row);
    }
    return others;
  }

  uint32_t dim_;
  const TrainingRows& rows_;
  std::vector<uint32_t> queries_;
  Sample base_;
  std::vector<std::vector<uint32_t>> truths_;  // positions in the base
};

}  // namespace

Codecs choose_codecs(Quantization wish, Metric metric, uint32_t dim, const TrainingRows& rows) {
  const std::shared_ptr<const Codec> bytes = ByteCodec::train(metric, dim, rows);
  if (bytes && wish.kind == CodeKind::kNone) return {{}, bytes, nullptr};
  if (bytes && wish.kind.value_or(CodeKind::kSq8) == CodeKind::kSq8)
    return {{bytes, !wish.kind, 1}, bytes, nullptr};
  const L2Space space = L2Space::of(metric, dim, rows);
  const HeldOut held_out(metric, dim, rows);
  const auto chosen = [&](std::shared_ptr<const Codec> codec) {
    const float recall = held_out.recall_of(codec);
    return Choice{std::move(codec), !wish.kind, recall};
  };
  const auto scalar = [&](CodeKind kind) { return chosen(ScalarCodec::train(kind, space, rows)); };
  const Choice byte = bytes ? Choice{bytes, false, 1} : scalar(CodeKind::kSq8);
  const bool byte_is_enough = byte.sample_recall >= kEnoughRecall;
  Codecs codecs;
  codecs.build = byte_is_enough ? byte.codec : std::make_shared<FloatCodec>(space);
  if (wish.kind == CodeKind::kSq8) {
    codecs.search = byte;
  } else if (wish.kind == CodeKind::kSq4) {
    codecs.search = scalar(CodeKind::kSq4);
  } else if (wish.kind == CodeKind::kBinary) {
    codecs.search = chosen(BinaryCodec::train(space, rows));
  } else if (wish.kind == CodeKind::kPq) {
    // Its recall is not measured: to encode the sample would take longer than all else here.
    codecs.training = std::make_unique<ProductTrainer>(space, rows);
  } else if (!wish.kind) {
    // Never signs or products: while codes are in memory, half bytes are searched as fast, and
    // lose far less where many rows are nearly alike (docs/performance.md).
    if (dim >= kHalfBytesFrom) codecs.search = scalar(CodeKind::kSq4);
    if (codecs.search.sample_recall < kEnoughRecall) codecs.search = byte;
    // What was measured says why there is none.
    if (codecs.search.sample_recall < kEnoughRecall) codecs.search.codec = nullptr;
  }
  return codecs;
}

}  // namespace quiver::quant
