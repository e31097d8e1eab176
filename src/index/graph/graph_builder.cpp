#include "index/graph/graph_builder.h"

// The only file that includes hnswlib.
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "index/graph/reachability.h"
#include "kernel/dispatch.h"

namespace quiver::index {
namespace {

/// What hnswlib hands back to the distance function.
struct DistanceParams {
  kernel::PairDistance measure;
  uint32_t dim;
};

float measure(const void* a, const void* b, const void* params) {
  const auto* distance = static_cast<const DistanceParams*>(params);
  return distance->measure(static_cast<const float*>(a), static_cast<const float*>(b),
                           distance->dim);
}

/// Our kernels as a space of hnswlib. Under cosine the vectors are already unit, so inner product.
class KernelSpace : public hnswlib::SpaceInterface<float> {
 public:
  KernelSpace(Metric metric, uint32_t dim)
      : params_{metric == Metric::kL2 ? kernel::active().l2 : kernel::active().inner_product, dim} {
  }

  size_t get_data_size() override { return params_.dim * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return measure; }
  void* get_dist_func_param() override { return &params_; }

 private:
  DistanceParams params_;
};

uint64_t mix(uint64_t x) {  // splitmix64, Steele, Lea & Flood 2014
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// The level of a row: l or higher with probability m^-l, as in the paper, from the row number
/// alone.
int level_of(uint32_t row, uint32_t m) {
  const uint64_t draw = mix(row);
  int level = 0;
  for (uint64_t limit = UINT64_MAX / m; draw < limit && level < 32; limit /= m) ++level;
  return level;
}

}  // namespace

class GraphBuilder::Graph : private KernelSpace, public hnswlib::HierarchicalNSW<float> {
 public:
  using Base = hnswlib::HierarchicalNSW<float>;

  Graph(const GraphParams& params, Metric metric, uint32_t dim, GraphAdoption adoption)
      : KernelSpace(metric, dim),
        Base(static_cast<KernelSpace*>(this), adoption.rows(), params.m, params.ef_construction),
        dim_(dim),
        adoption_(std::move(adoption)) {
    const uint32_t rows = adoption_.rows();
    // hnswlib reads one id beyond a list to prefetch; the slack keeps that inside the allocation.
    constexpr size_t kSlack = 64;
    std::memset(data_level0_memory_, 0, size_t{rows} * size_data_per_element_);
    for (uint32_t row = 0; row < rows; ++row) {
      const int level = level_of(row, params.m);
      element_levels_[row] = level;
      linkLists_[row] = nullptr;
      if (level > 0) {
        linkLists_[row] =
            static_cast<char*>(std::calloc(1, size_links_per_element_ * level + kSlack));
        if (linkLists_[row] == nullptr) throw std::bad_alloc();
      }
      cur_element_count = row + 1;  // the destructor frees this many lists
    }
  }

  /// Takes over what is left of the adopted lists, and says which rows are to be linked, and when.
  LinkOrder adopt() {
    const std::vector<uint32_t> lists = adoption_.lists();
    for (uint32_t row = 0; adoption_.m() != 0 && row < adoption_.rows(); ++row) {
      const auto list = std::span(lists).subspan(row * maxM0_, maxM0_);
      set_list(row, list.first(std::find(list.begin(), list.end(), kNoRow) - list.begin()));
    }
    return link_order(adoption_, lists, [this](uint32_t row) { return element_levels_[row]; });
  }

  void set_vector(uint32_t row, const float* vector, float scale) {
    auto* target = reinterpret_cast<float*>(getDataByInternalId(row));
    for (uint32_t i = 0; i < dim_; ++i) target[i] = vector[i] * scale;
  }

  /// Offers a row that has lost neighbours on level 0 those that it had through them. It takes what
  /// hnswlib's heuristic would take, nearest first, and then the nearest of the rest until its list
  /// is three quarters full.
  void mend(uint32_t row) {
    const std::vector<uint32_t> offered = adoption_.beyond_dropped(row);
    const std::lock_guard<std::mutex> lock(link_list_locks_[row]);
    std::vector<uint32_t> list = list_of(row);
    std::vector<std::pair<float, uint32_t>> nearest_first;
    for (const uint32_t next : offered) {
      if (std::find(list.begin(), list.end(), next) != list.end()) continue;
      nearest_first.emplace_back(distance(row, next), next);
    }
    std::sort(nearest_first.begin(), nearest_first.end());
    std::vector<uint32_t> refused;
    for (const auto& [apart, next] : nearest_first) {
      if (list.size() == maxM0_) break;
      const bool is_covered =
          std::any_of(list.begin(), list.end(), [this, apart = apart, next = next](uint32_t other) {
            return distance(other, next) < apart;
          });
      (is_covered ? refused : list).push_back(next);
    }
    for (const uint32_t next : refused) {
      if (list.size() * 4 >= maxM0_ * 3) break;
      list.push_back(next);
    }
    set_list(row, list);
  }

  /// Searches the neighbours of a row. An adopted one keeps those it has where they are as good.
  void insert(uint32_t row) {
    const int level = element_levels_[row];
    std::unique_lock<std::mutex> top_lock(global);
    const int top = maxlevel_;
    uint32_t current = enterpoint_node_;
    if (top < 0) {
      enterpoint_node_ = row;
      maxlevel_ = level;
      return;
    }
    // A row that becomes the new entry keeps the lock until it is linked.
    if (level <= top) top_lock.unlock();

    const char* vector = getDataByInternalId(row);
    current = descend(vector, current, top, level);

    // All levels are searched before any is linked, and level 0 is linked first: a row that others
    // can find on an upper level already has its neighbours below.
    std::vector<Candidates> found;
    for (int at = std::min(level, top); at >= 0; --at) {
      Candidates candidates = without(searchBaseLayer(current, vector, at), row);
      found.push_back(at == 0 ? with_own(std::move(candidates), row) : std::move(candidates));
      if (!found.back().empty()) current = nearest(found.back());
    }
    for (int at = 0; !found.empty(); ++at) {
      // "Update" makes hnswlib lock this row's list too; nothing else differs for a new row.
      if (!found.back().empty()) mutuallyConnectNewElement(vector, row, found.back(), at, true);
      found.pop_back();
    }
    if (level > top) {
      enterpoint_node_ = row;
      maxlevel_ = level;
    }
  }

  GraphData take() {
    GraphData data;
    data.m = static_cast<uint32_t>(M_);
    data.entry_row = enterpoint_node_;
    const auto rows = static_cast<uint32_t>(cur_element_count.load());
    data.neighbors.assign(size_t{rows} * maxM0_, kNoRow);
    for (uint32_t row = 0; row < rows; ++row) copy_list(row, 0, &data.neighbors[row * maxM0_]);
    for (int level = 1; level <= maxlevel_; ++level) data.upper.push_back(take_level(level, rows));
    // The pruning heuristic can leave a row that no list names.
    link_unreachable_rows(data);
    return data;
  }

 private:
  using Candidates =
      std::priority_queue<std::pair<float, hnswlib::tableint>,
                          std::vector<std::pair<float, hnswlib::tableint>>, CompareByFirst>;

  /// Greedy search from the top level down to the one above `level`.
  uint32_t descend(const char* vector, uint32_t current, int top, int level) {
    float best = fstdistfunc_(vector, getDataByInternalId(current), dist_func_param_);
    for (int at = top; at > level; --at) {
      for (bool changed = true; changed;) {
        changed = false;
        const std::lock_guard<std::mutex> lock(link_list_locks_[current]);
        hnswlib::linklistsizeint* list = get_linklist(current, at);
        const auto* ids = reinterpret_cast<const uint32_t*>(list + 1);
        const size_t count = getListCount(list);
        uint32_t next = current;
        for (size_t i = 0; i < count; ++i) {
          const float distance =
              fstdistfunc_(vector, getDataByInternalId(ids[i]), dist_func_param_);
          if (distance < best) {
            best = distance;
            next = ids[i];
            changed = true;
          }
        }
        current = next;
      }
    }
    return current;
  }

  /// A concurrent insertion may have linked to this row already: it is no candidate for itself.
  static Candidates without(Candidates candidates, uint32_t row) {
    Candidates kept;
    for (; !candidates.empty(); candidates.pop()) {
      if (candidates.top().second != row) kept.push(candidates.top());
    }
    return kept;
  }

  /// With the neighbours that the row has on level 0 already.
  Candidates with_own(Candidates candidates, uint32_t row) {
    std::vector<uint32_t> own;
    {
      const std::lock_guard<std::mutex> lock(link_list_locks_[row]);
      own = list_of(row);
    }
    if (own.empty()) return candidates;
    Candidates all;
    for (; !candidates.empty(); candidates.pop()) {
      all.push(candidates.top());
      own.erase(std::remove(own.begin(), own.end(), candidates.top().second), own.end());
    }
    for (const uint32_t next : own) all.emplace(distance(row, next), next);
    return all;
  }

  static uint32_t nearest(Candidates candidates) {
    while (candidates.size() > 1) candidates.pop();
    return candidates.top().second;
  }

  /// Vectors near the largest floats can be no number apart; such distances could not be sorted.
  [[nodiscard]] float distance(uint32_t a, uint32_t b) const {
    const float apart =
        fstdistfunc_(getDataByInternalId(a), getDataByInternalId(b), dist_func_param_);
    return std::isnan(apart) ? std::numeric_limits<float>::infinity() : apart;
  }

  /// The neighbours on level 0.
  [[nodiscard]] std::vector<uint32_t> list_of(uint32_t row) const {
    hnswlib::linklistsizeint* list = get_linklist0(row);
    const auto* ids = reinterpret_cast<const uint32_t*>(list + 1);
    return {ids, ids + getListCount(list)};
  }

  void set_list(uint32_t row, std::span<const uint32_t> ids) {
    hnswlib::linklistsizeint* list = get_linklist0(row);
    std::copy(ids.begin(), ids.end(), reinterpret_cast<uint32_t*>(list + 1));
    setListCount(list, static_cast<uint16_t>(ids.size()));
  }

  void copy_list(uint32_t row, int level, uint32_t* out) {
    hnswlib::linklistsizeint* list = get_linklist_at_level(row, level);
    std::memcpy(out, list + 1, getListCount(list) * sizeof(uint32_t));
  }

  GraphData::UpperLevel take_level(int level, uint32_t rows) {
    GraphData::UpperLevel upper;
    for (uint32_t row = 0; row < rows; ++row) {
      if (element_levels_[row] >= level) upper.rows.push_back(row);
    }
    upper.neighbors.assign(upper.rows.size() * maxM_, kNoRow);
    for (size_t i = 0; i < upper.rows.size(); ++i) {
      uint32_t* list = &upper.neighbors[i * maxM_];
      copy_list(upper.rows[i], level, list);
      for (size_t j = 0; j < maxM_ && list[j] != kNoRow; ++j) {
        const auto at = std::lower_bound(upper.rows.begin(), upper.rows.end(), list[j]);
        list[j] = static_cast<uint32_t>(at - upper.rows.begin());
      }
    }
    return upper;
  }

  uint32_t dim_;
  GraphAdoption adoption_;
};

GraphBuilder::GraphBuilder(std::unique_ptr<Graph> graph)
    : graph_(std::move(graph)), order_(graph_->adopt()) {}
GraphBuilder::~GraphBuilder() = default;

Expected<std::unique_ptr<GraphBuilder>> GraphBuilder::create(const GraphParams& params,
                                                             Metric metric, uint32_t dim,
                                                             GraphAdoption adoption) {
  if (adoption.m() != 0 && adoption.m() != params.m) {
    return Error{Code::kInvalidArgument, "A graph of M " + std::to_string(adoption.m()) +
                                             " cannot become one of M " + std::to_string(params.m)};
  }
  const uint32_t rows = adoption.rows();
  try {
    return std::unique_ptr<GraphBuilder>(
        new GraphBuilder(std::make_unique<Graph>(params, metric, dim, std::move(adoption))));
  } catch (const std::exception& failure) {  // std::bad_alloc, or hnswlib's "Not enough memory"
    return Error{Code::kOutOfMemory, std::string("No memory for the graph of ") +
                                         std::to_string(rows) + " rows: " + failure.what()};
  }
}

void GraphBuilder::set_vector(uint32_t row, const float* vector, float scale) {
  graph_->set_vector(row, vector, scale);
}

uint32_t GraphBuilder::to_link() const {
  return static_cast<uint32_t>(1 + order_.mend.size() + order_.insert.size());
}

Expected<void> GraphBuilder::link_nth(uint32_t n) {
  try {
    if (n == 0) {
      graph_->insert(order_.entry);
    } else if (n <= order_.mend.size()) {
      graph_->mend(order_.mend[n - 1]);
    } else {
      graph_->insert(order_.insert[n - 1 - order_.mend.size()]);
    }
    return {};
  } catch (const std::bad_alloc&) {
    return Error{Code::kOutOfMemory, "No memory to link a row into the graph"};
  } catch (const std::exception& failure) {
    return Error{Code::kInternal, std::string("hnswlib refused a row: ") + failure.what()};
  }
}

GraphData GraphBuilder::finish() {
  GraphData data = graph_->take();
  graph_.reset();
  return data;
}

}  // namespace quiver::index
