#include "engine/calibrate.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "index/graph/walk.h"
#include "kernel/dispatch.h"
#include "quant/code_memory.h"

namespace quiver::engine {
namespace {

constexpr std::array kEfs{10U, 14U, 20U, 28U, 40U, 56U, 80U, 112U, 160U, 224U, 320U, 448U, 640U};
/// Beyond this more ef finds nothing that the sample would show.
constexpr float kAlmostAll = 0.9985F;

/// Distances of rows that lie anywhere.
struct RowSpace {
  using Distance = float;

  kernel::PairDistance pair;
  const float* query;
  uint32_t dim;
  const quant::TrainingRows& rows;

  void measure(const uint32_t* nodes, size_t count, float* out) const {
    for (size_t i = 0; i < count; ++i) out[i] = pair(query, rows.vector(nodes[i]), dim);
  }
};

class Calibrator {
 public:
  Calibrator(const Walkable& walkable, Metric metric, uint32_t dim, const quant::TrainingRows& rows)
      : walkable_(walkable),
        metric_(metric),
        dim_(dim),
        rows_(rows),
        graph_(walkable.graph.view()) {}

  /// The i-th of `count` queries: half-way between a row and one of its neighbours; a unit vector
  /// under cosine.
  [[nodiscard]] std::vector<float> query(uint32_t i, uint32_t count) const {
    const auto node = static_cast<uint32_t>(uint64_t{i} * graph_.row_count / count);
    const uint32_t* list = &graph_.neighbors[size_t{node} * 2 * graph_.m];
    uint32_t other = node;
    for (uint32_t j = 0; j < 4 && list[j] != index::kNoRow; ++j) other = list[j];
    std::vector<float> between(dim_);
    const uint32_t a = row_of(node);
    const uint32_t b = row_of(other);
    for (uint32_t d = 0; d < dim_; ++d) {
      between[d] =
          (rows_.vector(a)[d] * rows_.inv_norm(a) + rows_.vector(b)[d] * rows_.inv_norm(b)) / 2;
    }
    if (metric_ == Metric::kCosine) {
      const float scale = kernel::inverse_norm(between.data(), dim_);
      for (float& x : between) x *= scale;
    }
    return between;
  }

  /// The nearest nodes, ascending.
  [[nodiscard]] std::vector<uint32_t> nearest(const std::vector<float>& query) const {
    const kernel::PairDistance pair = kernel::pair_distance(kernel::active(), metric_);
    std::vector<std::pair<float, uint32_t>> measured;
    for (const uint32_t node : candidates(query)) {
      measured.emplace_back(pair(query.data(), rows_.vector(row_of(node)), dim_), node);
    }
    std::vector<uint32_t> nodes = first(measured, index::Calibration::kTopK);
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }

  /// How many of `truth` a walk hands on to be measured, or to be the result.
  [[nodiscard]] size_t found(const std::vector<float>& query, uint32_t ef,
                             const std::vector<uint32_t>& truth) const {
    if (!walkable_.codes) {
      const kernel::PairDistance pair = kernel::pair_distance(kernel::active(), metric_);
      return found_in(RowSpace{pair, query.data(), dim_, rows_}, ef, index::Calibration::kTopK,
                      truth);
    }
    const quant::Codec& codec = walkable_.codes->codec();
    quant::CodeMemory code(codec.query_bytes());
    codec.encode_query(query.data(), code.data());
    const index::CodeSpace space{codec.kernel().batch, code.data(), walkable_.codes->codes(),
                                 codec.bytes()};
    return found_in(space, ef, index::rows_to_measure(ef, index::Calibration::kTopK), truth);
  }

 private:
  /// Nodes among which the nearest are: those that the codes put first where these were measured to
  /// find them, which reads an eighth of the memory; else all.
  [[nodiscard]] std::vector<uint32_t> candidates(const std::vector<float>& query) const {
    constexpr size_t kCandidates = 200;
    constexpr float kReliable = 0.99F;
    if (!walkable_.codes || walkable_.choice.sample_recall < kReliable) {
      std::vector<uint32_t> all(graph_.row_count);
      std::iota(all.begin(), all.end(), 0U);
      return all;
    }
    const quant::Codec& codec = walkable_.codes->codec();
    quant::CodeMemory code(codec.query_bytes());
    codec.encode_query(query.data(), code.data());
    std::vector<uint32_t> estimates(graph_.row_count);
    codec.kernel().batch(code.data(), walkable_.codes->codes(), codec.bytes(), nullptr,
                         graph_.row_count, estimates.data());
    std::vector<std::pair<uint32_t, uint32_t>> estimated(graph_.row_count);
    for (uint32_t node = 0; node < graph_.row_count; ++node) {
      estimated[node] = {estimates[node], node};
    }
    return first(estimated, kCandidates);
  }

  /// The nodes of the least `count` distances.
  template <typename Distance>
  [[nodiscard]] static std::vector<uint32_t> first(
      std::vector<std::pair<Distance, uint32_t>>& distances, size_t count) {
    count = std::min(count, distances.size());
    std::partial_sort(distances.begin(), distances.begin() + static_cast<ptrdiff_t>(count),
                      distances.end());
    std::vector<uint32_t> nodes;
    for (size_t i = 0; i < count; ++i) nodes.push_back(distances[i].second);
    return nodes;
  }

  [[nodiscard]] uint32_t row_of(uint32_t node) const {
    return walkable_.node_rows.empty() ? node : walkable_.node_rows[node];
  }

  template <typename Space>
  [[nodiscard]] size_t found_in(const Space& space, uint32_t ef, size_t handed_on,
                                const std::vector<uint32_t>& truth) const {
    thread_local index::WalkScratch<typename Space::Distance> scratch;
    index::Walk<Space> walk(space, graph_, graph_.row_count, scratch);
    walk.meet_all(ef);
    size_t count = 0;
    for (size_t i = 0; i < std::min(handed_on, scratch.pool.size()); ++i) {
      count += std::binary_search(truth.begin(), truth.end(), scratch.pool.at(i).row) ? 1 : 0;
    }
    return count;
  }

  const Walkable& walkable_;
  Metric metric_;
  uint32_t dim_;
  const quant::TrainingRows& rows_;
  index::GraphView graph_;
};

}  // namespace

index::Calibration calibrate(const Walkable& walkable, Metric metric, uint32_t dim,
                             const quant::TrainingRows& rows, const std::atomic<bool>* stop) {
  // To measure all rows for a query takes about as long as to link 40 rows of 100,000.
  constexpr uint32_t kQueries = 64;
  const auto goes_on = [stop] { return stop == nullptr || !*stop; };
  const Calibrator calibrator(walkable, metric, dim, rows);
  std::vector<std::vector<float>> queries;
  std::vector<std::vector<uint32_t>> truths;
  size_t wanted = 0;
  for (uint32_t i = 0; i < kQueries && goes_on(); ++i) {
    queries.push_back(calibrator.query(i, kQueries));
    truths.push_back(calibrator.nearest(queries.back()));
    wanted += truths.back().size();
  }
  std::vector<index::Calibration::Point> points;
  for (const uint32_t ef : kEfs) {
    if (!goes_on()) return {};
    size_t found = 0;
    for (size_t i = 0; i < queries.size(); ++i)
      found += calibrator.found(queries[i], ef, truths[i]);
    points.push_back({ef, static_cast<float>(found) / static_cast<float>(wanted)});
    if (points.back().recall >= kAlmostAll) break;
  }
  return index::Calibration(std::move(points));
}

}  // namespace quiver::engine
