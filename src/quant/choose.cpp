#include "quant/choose.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "base/steps.h"
#include "quant/binary_codec.h"
#include "quant/byte_codec.h"
#include "quant/coded_rows.h"
#include "quant/float_codec.h"
#include "quant/l2_space.h"
#include "quant/product_codec.h"
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
/// Rows that a step encodes: less than a millisecond, whatever their dimensions.
constexpr uint32_t kRowsAStep = 64;

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
      : metric_(metric), dim_(dim), rows_(rows), base_(rows, split(rows.rows(), queries_)) {}

  [[nodiscard]] uint32_t queries() const { return static_cast<uint32_t>(queries_.size()); }
  [[nodiscard]] const TrainingRows& base() const { return base_; }

  /// Finds the nearest of the next query; first of all.
  void find_next() {
    const float* const query = rows_.vector(queries_[truths_.size()]);
    std::vector<float> distances(base_.rows());
    for (uint32_t i = 0; i < base_.rows(); ++i) distances[i] = distance(query, i);
    truths_.push_back(nearest(distances, kNearest));
  }

  /// How many of the nearest of a query there are.
  [[nodiscard]] size_t wanted(uint32_t query) const { return truths_[query].size(); }

  /// And how many are among those that the codes of the base put first.
  [[nodiscard]] size_t found(uint32_t query, const CodedRows& coded) const {
    const Codec& codec = coded.codec();
    CodeMemory code(codec.query_bytes());
    const float* const vector = rows_.vector(queries_[query]);
    std::vector<float> unit(dim_);
    for (uint32_t i = 0; i < dim_; ++i) unit[i] = vector[i] * rows_.inv_norm(queries_[query]);
    codec.encode_query(unit.data(), code.data());
    std::vector<uint32_t> estimates(base_.rows());
    codec.kernel().batch(code.data(), coded.codes(), codec.bytes(), nullptr, base_.rows(),
                         estimates.data());
    const std::vector<uint32_t> candidates = nearest(estimates, kCandidates);
    size_t found = 0;
    for (const uint32_t one : truths_[query]) {
      found += std::find(candidates.begin(), candidates.end(), one) != candidates.end() ? 1 : 0;
    }
    return found;
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

  /// In the order of the metric: a query's own norm changes nothing.
  [[nodiscard]] float distance(const float* query, uint32_t i) const {
    const kernel::KernelTable& table = kernel::active();
    if (metric_ == Metric::kL2) return table.l2(query, base_.vector(i), dim_);
    return table.inner_product(query, base_.vector(i), dim_) * base_.inv_norm(i);
  }

  Metric metric_;
  uint32_t dim_;
  const TrainingRows& rows_;
  std::vector<uint32_t> queries_;
  Sample base_;
  std::vector<std::vector<uint32_t>> truths_;  // positions in the base
};

/// Choice::sample_recall, in steps.
class SampleRecall {
 public:
  SampleRecall(const HeldOut& held_out, std::shared_ptr<const Codec> codec)
      : held_out_(held_out), coded_(std::move(codec), held_out.base().rows()) {}

  bool step() {
    const TrainingRows& base = held_out_.base();
    if (encoded_ < base.rows()) {
      const uint32_t end = encoded_ + std::min(kRowsAStep, base.rows() - encoded_);
      for (; encoded_ < end; ++encoded_) {
        coded_.codec().encode_row(base.vector(encoded_), base.inv_norm(encoded_), coded_.add());
      }
      return false;
    }
    // A single row has nothing to be held against.
    if (base.rows() == 0 || query_ == held_out_.queries()) return true;
    wanted_ += held_out_.wanted(query_);
    found_ += held_out_.found(query_, coded_);
    return ++query_ == held_out_.queries();
  }

  [[nodiscard]] float get() const {
    return wanted_ == 0 ? 1 : static_cast<float>(found_) / static_cast<float>(wanted_);
  }

 private:
  const HeldOut& held_out_;
  CodedRows coded_;
  uint32_t encoded_ = 0;
  uint32_t query_ = 0;
  size_t wanted_ = 0;
  size_t found_ = 0;
};

}  // namespace

class CodecChooser::Work {
 public:
  Work(Quantization wish, Metric metric, uint32_t dim, const TrainingRows& rows)
      : wish_(wish), metric_(metric), dim_(dim), rows_(rows), space_training_(metric, dim, rows) {
    add_steps([this, training = ByteTraining(metric, dim, rows)]() mutable {
      if (!training.step()) return false;
      bytes_ = training.take();
      return true;
    });
    add([this] { begin(); });
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  bool step() { return *steps_.step(); }
  Codecs take() { return std::move(codecs_); }

 private:
  // Here nothing fails but memory, which throws.
  template <typename Step>
  void add_steps(Step step) {
    steps_.add_until_done([step = std::move(step)]() mutable -> Expected<bool> { return step(); });
  }
  template <typename Whole>
  void add(Whole whole) {
    steps_.add([whole]() -> Expected<void> {
      whole();
      return {};
    });
  }

  void begin() {
    if (bytes_ && wish_.kind == CodeKind::kNone) {
      codecs_ = {{}, bytes_};
      return;
    }
    if (bytes_ && wish_.kind.value_or(CodeKind::kSq8) == CodeKind::kSq8) {
      codecs_ = {{bytes_, !wish_.kind, 1}, bytes_};
      return;
    }
    add_steps([this] { return space_training_.step(); });
    held_out_.emplace(metric_, dim_, rows_);
    steps_.add_each(held_out_->queries(), 1, [this](uint32_t) -> Expected<void> {
      held_out_->find_next();
      return {};
    });
    if (bytes_) {
      byte_ = {bytes_, false, 1};
    } else {
      add_scalar(CodeKind::kSq8, byte_);
    }
    add([this] { choose(); });
  }

  void add_scalar(CodeKind kind, Choice& choice) {
    add_measured(choice,
                 [this, kind] { return ScalarCodec::train(kind, space_training_.get(), rows_); });
  }

  /// Trains a codec and sees what it finds.
  template <typename Train>
  void add_measured(Choice& choice, Train train) {
    add([this, train, &choice] {
      choice = {train(), !wish_.kind, 0};
      recall_.emplace(*held_out_, choice.codec);
    });
    add_steps([this] { return recall_->step(); });
    add([this, &choice] {
      choice.sample_recall = recall_->get();
      recall_.reset();
    });
  }

  void choose() {
    if (byte_.sample_recall >= kEnoughRecall) {
      codecs_.build = byte_.codec;
    } else {
      codecs_.build = std::make_shared<FloatCodec>(space_training_.get());
    }
    if (wish_.kind == CodeKind::kSq8) {
      codecs_.search = byte_;
    } else if (wish_.kind == CodeKind::kSq4) {
      add_scalar(CodeKind::kSq4, codecs_.search);
    } else if (wish_.kind == CodeKind::kBinary) {
      add_measured(codecs_.search,
                   [this] { return BinaryCodec::train(space_training_.get(), rows_); });
    } else if (wish_.kind == CodeKind::kPq) {
      add([this] { products_.emplace(space_training_.get(), rows_); });
      // Its recall is not measured: to encode the sample would take longer than all else here.
      add_steps([this] {
        if (!products_->step()) return false;
        codecs_.search.codec = products_->take();
        return true;
      });
    } else if (!wish_.kind) {
      // Never signs or products: while codes are in memory, half bytes are searched as fast, and
      // lose far less where many rows are nearly alike (docs/performance.md).
      if (dim_ >= kHalfBytesFrom) add_scalar(CodeKind::kSq4, codecs_.search);
      add([this] { choose_by_recall(); });
    }
  }

  void choose_by_recall() {
    if (codecs_.search.sample_recall < kEnoughRecall) codecs_.search = byte_;
    // What was measured says why there is none.
    if (codecs_.search.sample_recall < kEnoughRecall) codecs_.search.codec = nullptr;
  }

  Quantization wish_;
  Metric metric_;
  uint32_t dim_;
  const TrainingRows& rows_;
  Steps steps_;
  std::shared_ptr<const Codec> bytes_;  // if rows are bytes
  L2SpaceTraining space_training_;
  std::optional<HeldOut> held_out_;
  std::optional<ProductTrainer> products_;
  std::optional<SampleRecall> recall_;  // that is being measured
  Choice byte_;                         // a byte a dimension
  Codecs codecs_;
};

CodecChooser::CodecChooser(Quantization wish, Metric metric, uint32_t dim, const TrainingRows& rows)
    : work_(std::make_unique<Work>(wish, metric, dim, rows)) {}
CodecChooser::~CodecChooser() = default;

bool CodecChooser::step() { return work_->step(); }
Codecs CodecChooser::take() { return work_->take(); }

Codecs choose_codecs(Quantization wish, Metric metric, uint32_t dim, const TrainingRows& rows) {
  CodecChooser chooser(wish, metric, dim, rows);
  while (!chooser.step()) continue;
  return chooser.take();
}

}  // namespace quiver::quant
