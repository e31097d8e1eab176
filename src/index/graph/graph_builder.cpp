#include "index/graph/graph_builder.h"

// The only file that includes hnswlib.
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "base/array_bytes.h"
#include "base/hash.h"
#include "base/huge_pages.h"
#include "index/graph/build_phases.h"
#include "index/graph/build_probe.h"
#include "index/graph/build_scratch.h"
#include "index/graph/link_order.h"
#include "index/graph/reachability.h"
#include "index/graph/row_linker.h"

namespace quiver::index {
namespace {

/// Rows as a space of hnswlib: what it keeps of a row is its number, and the codes are looked up.
/// Its distances are signed.
class HnswlibSpace : public hnswlib::SpaceInterface<int64_t> {
 public:
  explicit HnswlibSpace(const CodeBlock& codes) : codes_(codes) {}

  size_t get_data_size() override { return sizeof(uint32_t); }
  hnswlib::DISTFUNC<int64_t> get_dist_func() override { return measure; }
  void* get_dist_func_param() override { return &codes_; }

 private:
  static int64_t measure(const void* a, const void* b, const void* codes) {
    const auto* block = static_cast<const CodeBlock*>(codes);
    return block->kernel->pair(block->code(*static_cast<const uint32_t*>(a)),
                               block->code(*static_cast<const uint32_t*>(b)), block->bytes);
  }

 protected:
  CodeBlock codes_;
};

/// The level of a row: l or higher with probability m^-l, as in the paper, from the row number
/// alone.
int level_of(uint32_t row, uint32_t m) {
  const uint64_t draw = split_mix(row);
  int level = 0;
  for (uint64_t limit = UINT64_MAX / m; draw < limit && level < 32; limit /= m) ++level;
  return level;
}

template <typename T>
T* resized(T* memory, size_t count, size_t size) {
  const size_t bytes = array_bytes(count, size);
  void* const moved = std::realloc(memory, std::max<size_t>(bytes, 1));
  if (moved == nullptr) throw std::bad_alloc();
  return static_cast<T*>(moved);
}

}  // namespace

class GraphBuilder::Graph : private HnswlibSpace, public hnswlib::HierarchicalNSW<int64_t> {
 public:
  using Base = hnswlib::HierarchicalNSW<int64_t>;

  /// hnswlib is told of one row, so that it allocates no locks and no sets of visited rows for all.
  Graph(const GraphParams& params, const CodeBlock& codes, GraphAdoption adoption)
      : HnswlibSpace(codes),
        Base(static_cast<HnswlibSpace*>(this), 1, params.m, first_ef(params, adoption)),
        adoption_(std::move(adoption)),
        linker_(codes, make_room(), static_cast<uint32_t>(ef_construction_)),
        is_ef_known_(params.ef_construction != 0 || adoption_.ef_construction() != 0) {
    order_ = adopt();
    maxlevel_ = element_levels_[order_.entry];
    enterpoint_node_ = order_.entry;
    if (!order_.mend.empty()) {
      phase_ = Phase::kMend;
      phases_.begin(static_cast<uint32_t>(order_.mend.size()));
    } else {
      begin_batch();
    }
  }

  [[nodiscard]] uint32_t to_link() const {
    return static_cast<uint32_t>(1 + order_.mend.size() + order_.insert.size());
  }
  [[nodiscard]] uint32_t linked() const { return linked_.load(std::memory_order_relaxed); }

  bool link(const std::function<bool()>& goes_on) {
    const Lease scratch(*this);
    try {
      while (goes_on()) {
        const auto unit = phases_.take();
        if (!unit) {
          if (failed_) throw std::bad_alloc();
          return true;
        }
        do_unit(*unit, *scratch);
        if (phases_.finish()) begin_next();
      }
      return false;
    } catch (...) {
      // The unit is never finished, so nobody else may wait for it.
      failed_ = true;
      phases_.end();
      throw;
    }
  }

  GraphData take() {
    GraphData data;
    data.m = static_cast<uint32_t>(M_);
    data.ef_construction = is_ef_known_ ? linker_.ef() : 0;
    data.entry_row = enterpoint_node_;
    const auto rows = static_cast<uint32_t>(cur_element_count.load());
    data.neighbors.assign(size_t{rows} * maxM0_, kNoRow);
    for (uint32_t row = 0; row < rows; ++row) copy_list(row, 0, &data.neighbors[row * maxM0_]);
    for (int level = 1; level <= maxlevel_; ++level) data.upper.push_back(take_level(level, rows));
    return data;
  }

  std::vector<Neighbor> search(uint32_t row, uint32_t k, uint32_t ef) {
    // It was made for one row.
    visited_list_pool_ = std::make_unique<hnswlib::VisitedListPool>(1, max_elements_);
    setEf(ef);
    auto found = searchKnn(getDataByInternalId(row), k);
    std::vector<Neighbor> nearest(found.size());
    for (size_t i = found.size(); i-- > 0; found.pop()) {
      nearest[i] = {static_cast<float>(found.top().first),
                    static_cast<uint32_t>(found.top().second)};
    }
    return nearest;
  }

 private:
  enum class Phase : uint8_t { kMend, kProbe, kChoose, kLink };

  static uint32_t first_ef(const GraphParams& params, const GraphAdoption& adoption) {
    if (params.ef_construction != 0) return params.ef_construction;
    return adoption.ef_construction() != 0 ? adoption.ef_construction() : BuildProbe::kFew;
  }

  /// A thread's scratch memory: made when there is none to be had.
  class Lease {
   public:
    explicit Lease(Graph& graph) : graph_(graph) {
      {
        const std::lock_guard lock(graph_.scratch_mutex_);
        if (!graph_.idle_.empty()) {
          scratch_ = std::move(graph_.idle_.back());
          graph_.idle_.pop_back();
          return;
        }
        graph_.idle_.reserve(++graph_.scratches_);
      }
      scratch_ = std::make_unique<BuildScratch>();
    }
    ~Lease() {
      const std::lock_guard lock(graph_.scratch_mutex_);
      graph_.idle_.push_back(std::move(scratch_));
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    BuildScratch& operator*() const { return *scratch_; }

   private:
    Graph& graph_;
    std::unique_ptr<BuildScratch> scratch_;
  };

  /// Makes room for all rows, with empty lists.
  LinkLists make_room() {
    const uint32_t rows = adoption_.rows();
    data_level0_memory_ = resized(data_level0_memory_, rows, size_data_per_element_);
    prefer_huge_pages(data_level0_memory_, rows * size_data_per_element_);
    linkLists_ = resized(linkLists_, rows, sizeof(*linkLists_));
    element_levels_.resize(rows);
    max_elements_ = rows;
    for (uint32_t row = 0; row < rows; ++row) {
      const int level = level_of(row, static_cast<uint32_t>(M_));
      element_levels_[row] = level;
      linkLists_[row] = nullptr;
      if (level > 0) {
        linkLists_[row] = static_cast<char*>(std::calloc(level, size_links_per_element_));
        if (linkLists_[row] == nullptr) throw std::bad_alloc();
      }
      cur_element_count = row + 1;  // the destructor frees this many lists
      std::memset(get_linklist0(row), 0, size_links_level0_);
      std::memcpy(getDataByInternalId(row), &row, sizeof(row));
      setExternalLabel(row, row);
    }
    LinkLists lists;
    lists.level0 = data_level0_memory_;
    lists.level0_stride = size_data_per_element_;
    lists.upper = linkLists_;
    lists.upper_stride = size_links_per_element_;
    lists.m = static_cast<uint32_t>(M_);
    return lists;
  }

  /// Takes over what is left of the adopted lists, and says which rows are to be linked, and when.
  LinkOrder adopt() {
    const std::vector<uint32_t> lists = adoption_.lists();
    for (uint32_t row = 0; adoption_.m() != 0 && row < adoption_.rows(); ++row) {
      const auto list = std::span(lists).subspan(row * maxM0_, maxM0_);
      const auto end = std::find(list.begin(), list.end(), kNoRow);
      uint32_t* const own = get_linklist0(row);
      *own = static_cast<uint32_t>(end - list.begin());
      std::copy(list.begin(), end, own + 1);
    }
    return link_order(adoption_, lists, [this](uint32_t row) { return element_levels_[row]; });
  }

  [[nodiscard]] uint32_t levels_of(uint32_t row) const {
    return static_cast<uint32_t>(element_levels_[row]) + 1;
  }

  void do_unit(uint32_t unit, BuildScratch& scratch) {
    if (phase_ == Phase::kMend) {
      const uint32_t row = order_.mend[unit];
      linker_.offer(row, adoption_.beyond_dropped(row), scratch);
    } else if (phase_ == Phase::kProbe) {
      probe_->ask(unit, linker_, enterpoint_node_, static_cast<uint32_t>(maxlevel_), scratch);
      return;
    } else if (phase_ == Phase::kChoose) {
      const uint32_t row = order_.insert[batch_begin_ + unit];
      linker_.choose(row, levels_of(row) - 1, enterpoint_node_, static_cast<uint32_t>(maxlevel_),
                     scratch, std::span(chosen_).subspan(own_lists_[unit], levels_of(row) * M_));
    } else {
      const auto links = std::span(links_).subspan(bucket_begin_[unit],
                                                   bucket_begin_[unit + 1] - bucket_begin_[unit]);
      std::sort(links.begin(), links.end());
      linker_.link(links, chosen_, scratch);
      return;
    }
    linked_.fetch_add(1, std::memory_order_relaxed);
  }

  void begin_next() {
    if (phase_ == Phase::kChoose) {
      begin_linking();
    } else {
      if (phase_ == Phase::kLink) end_batch();
      if (phase_ == Phase::kProbe) end_probe();
      if (!begin_probe()) begin_batch();
    }
  }

  /// Whether it is time to find out how many candidates rows need.
  bool begin_probe() {
    const auto waiting = std::span(order_.insert).subspan(batch_begin_);
    if (is_ef_known_ ||
        !BuildProbe::tells(element_levels_.size() - waiting.size(), waiting.size())) {
      return false;
    }
    std::vector<bool> waits(element_levels_.size(), false);
    for (const uint32_t row : waiting) waits[row] = true;
    std::vector<uint32_t> linked;
    for (uint32_t row = 0; row < waits.size(); ++row) {
      if (!waits[row]) linked.push_back(row);
    }
    probe_ = std::make_unique<BuildProbe>(codes_, std::move(linked), waiting);
    phase_ = Phase::kProbe;
    phases_.begin(probe_->queries());
    return true;
  }

  void end_probe() {
    linker_.set_ef(std::max(probe_->candidates(), static_cast<uint32_t>(M_)));
    is_ef_known_ = true;
    probe_.reset();
  }

  /// The next rows choose their neighbours.
  void begin_batch() {
    const auto rest = std::span(order_.insert).subspan(batch_begin_);
    if (rest.empty()) return phases_.end();
    // Rows of one batch do not see each other: they have to be few beside those that they see.
    constexpr size_t kOneIn = 50;
    constexpr size_t kMost = 2048;
    const auto batch =
        rest.first(std::min(rest.size(), std::clamp<size_t>(batch_begin_ / kOneIn, 1, kMost)));
    // A row that rises above all others goes alone, so that the next ones find it up there.
    const auto higher = std::find_if(batch.begin(), batch.end(), [this](uint32_t row) {
      return element_levels_[row] > maxlevel_;
    });
    batch_size_ = static_cast<uint32_t>(std::max<ptrdiff_t>(higher - batch.begin(), 1));
    own_lists_.resize(batch_size_);
    uint32_t end = 0;
    for (uint32_t i = 0; i < batch_size_; ++i) {
      own_lists_[i] = end;
      end += levels_of(order_.insert[batch_begin_ + i]) * static_cast<uint32_t>(M_);
    }
    chosen_.resize(end);
    phase_ = Phase::kChoose;
    phases_.begin(batch_size_);
  }

  /// The chosen rows are linked back: in buckets by their numbers, each of some rows.
  void begin_linking() {
    constexpr uint32_t kLinksABucket = 64;
    const auto buckets = static_cast<uint32_t>(chosen_.size() / kLinksABucket + 1);
    const auto bucket_of = [buckets](const NewLink& link) {
      return static_cast<uint32_t>((uint64_t{link.target() * 2654435761U} * buckets) >> 32);
    };
    bucket_begin_.assign(buckets + 1, 0);
    for_each_link([&](const NewLink& link) { ++bucket_begin_[bucket_of(link) + 1]; });
    for (uint32_t i = 0; i < buckets; ++i) bucket_begin_[i + 1] += bucket_begin_[i];
    links_.resize(bucket_begin_.back());
    bucket_end_.assign(bucket_begin_.begin(), bucket_begin_.end());
    for_each_link([&](const NewLink& link) { links_[bucket_end_[bucket_of(link)]++] = link; });
    phase_ = Phase::kLink;
    phases_.begin(buckets);
  }

  template <typename Visit>
  void for_each_link(Visit visit) const {
    for (uint32_t i = 0; i < batch_size_; ++i) {
      const uint32_t row = order_.insert[batch_begin_ + i];
      for (uint32_t level = 0; level < levels_of(row); ++level) {
        const auto begin = own_lists_[i] + level * static_cast<uint32_t>(M_);
        visit(NewLink::own(row, level, begin));
        for (size_t at = begin; at < begin + M_ && chosen_[at] != RowLinker::kNone; ++at) {
          visit(NewLink::to(chosen_[at], level, row));
        }
      }
    }
  }

  void end_batch() {
    const uint32_t first = order_.insert[batch_begin_];
    if (element_levels_[first] > maxlevel_) {
      maxlevel_ = element_levels_[first];
      enterpoint_node_ = first;
    }
    batch_begin_ += batch_size_;
  }

  void copy_list(uint32_t row, int level, uint32_t* out) {
    const uint32_t* list = get_linklist_at_level(row, level);
    std::copy_n(list + 1, *list, out);
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

  GraphAdoption adoption_;
  RowLinker linker_;
  bool is_ef_known_;  // else rows are linked with few candidates until enough are
  std::unique_ptr<BuildProbe> probe_;
  LinkOrder order_;

  // What a phase works on; changed only between phases.
  Phase phase_ = Phase::kChoose;
  uint32_t batch_begin_ = 0;  // in order_.insert
  uint32_t batch_size_ = 0;
  std::vector<uint32_t> own_lists_;     // where the lists of each row of the batch begin in chosen_
  std::vector<RankedRow> chosen_;       // M a row and level
  std::vector<NewLink> links_;          // by bucket
  std::vector<uint32_t> bucket_begin_;  // and where the last one ends
  std::vector<uint32_t> bucket_end_;

  BuildPhases phases_;
  std::atomic<uint32_t> linked_{1};  // the entry is from the beginning
  std::atomic<bool> failed_{false};
  std::mutex scratch_mutex_;
  size_t scratches_ = 0;
  std::vector<std::unique_ptr<BuildScratch>> idle_;
};

GraphBuilder::GraphBuilder(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {}
GraphBuilder::~GraphBuilder() = default;

Expected<std::unique_ptr<GraphBuilder>> GraphBuilder::create(const GraphParams& params,
                                                             const CodeBlock& codes,
                                                             GraphAdoption adoption) {
  if (adoption.m() != 0 && adoption.m() != params.m) {
    return Error{Code::kInvalidArgument, "A graph of M " + std::to_string(adoption.m()) +
                                             " cannot become one of M " + std::to_string(params.m)};
  }
  const uint32_t rows = adoption.rows();
  if (codes.rows != rows || rows >= kMostBuildRows) {
    return Error{Code::kInvalidArgument, "A graph of " + std::to_string(rows) +
                                             " rows cannot be built from " +
                                             std::to_string(codes.rows) + " codes"};
  }
  try {
    return std::unique_ptr<GraphBuilder>(
        new GraphBuilder(std::make_unique<Graph>(params, codes, std::move(adoption))));
  } catch (const std::exception& failure) {  // std::bad_alloc, or hnswlib's "Not enough memory"
    return Error{Code::kOutOfMemory, std::string("No memory for the graph of ") +
                                         std::to_string(rows) + " rows: " + failure.what()};
  }
}

Expected<bool> GraphBuilder::link(const std::function<bool()>& goes_on) {
  try {
    return graph_->link(goes_on);
  } catch (const std::bad_alloc&) {
    return Error{Code::kOutOfMemory, "No memory to link rows into the graph"};
  }
}

uint32_t GraphBuilder::to_link() const { return graph_->to_link(); }
uint32_t GraphBuilder::linked() const { return graph_->linked(); }

std::vector<Neighbor> GraphBuilder::search_with_hnswlib(uint32_t row, uint32_t k, uint32_t ef) {
  return graph_->search(row, k, ef);
}

GraphData GraphBuilder::finish() {
  GraphData data = graph_->take();
  graph_.reset();
  // The pruning heuristic can leave a row that no list names.
  link_unreachable_rows(data);
  return data;
}

}  // namespace quiver::index
