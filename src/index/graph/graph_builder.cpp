#include "index/graph/graph_builder.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "base/hash.h"
#include "index/graph/build_memory.h"
#include "index/graph/build_phases.h"
#include "index/graph/build_probe.h"
#include "index/graph/build_scratch.h"
#include "index/graph/link_order.h"
#include "index/graph/reachability.h"
#include "index/graph/row_linker.h"

namespace quiver::index {
namespace {

/// The level of a row: l or higher with probability m^-l, as in the paper, from the row number
/// alone.
uint32_t level_of(uint32_t row, uint32_t m) {
  const uint64_t draw = split_mix(row);
  uint32_t level = 0;
  for (uint64_t limit = UINT64_MAX / m; draw < limit && level < 32; limit /= m) ++level;
  return level;
}

}  // namespace

class GraphBuilder::Graph {
 public:
  Graph(const GraphParams& params, const CodeBlock& codes, GraphAdoption adoption)
      : codes_(codes),
        m_(params.m),
        adoption_(std::move(adoption)),
        memory_(codes, m_),
        linker_(codes, memory_.lists(), first_ef(params, adoption_)),
        is_ef_known_(params.ef_construction != 0 || adoption_.ef_construction() != 0),
        to_link_(adoption_.rows()) {
    const uint32_t rows = adoption_.rows();
    phases_.begin(rows / kPart + (rows % kPart != 0 ? 1 : 0));
  }

  [[nodiscard]] uint32_t to_link() const { return to_link_.load(std::memory_order_relaxed); }
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

  GraphData take() { return std::move(data_); }

#ifndef __EMSCRIPTEN__
  std::vector<Neighbor> search(uint32_t row, uint32_t k, uint32_t ef) {
    return memory_.search_with_hnswlib(row, k, ef, entry_, top_);
  }
#endif

 private:
  /// What threads share, in this order, but that kChoose and kLink take turns. A phase that goes
  /// through rows has a part of them for a unit; one that cannot be shared comes again and again,
  /// of one unit each. kProbe comes once, between two batches, if at all.
  enum class Phase : uint8_t { kRoom, kOrder, kMend, kProbe, kChoose, kLink, kTake, kReach };

  /// Rows of a unit that only copies what they have.
  static constexpr uint32_t kPart = 512;

  static uint32_t first_ef(const GraphParams& params, const GraphAdoption& adoption) {
    uint32_t ef = params.ef_construction;
    if (ef == 0) ef = adoption.ef_construction();
    return std::max(ef != 0 ? ef : BuildProbe::kFew, params.m);
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

  /// Empty lists for a row, or what is left of the adopted one.
  void make_room(uint32_t row) {
    memory_.make_room(row, level_of(row, m_));
    if (!adoption_.keeps(row)) return;
    uint32_t* const list = memory_.lists().at(row, 0);
    *list = adoption_.copy_list(row, list + 1);
  }

  [[nodiscard]] uint32_t levels_of(uint32_t row) const { return memory_.level(row) + 1; }

  void do_unit(uint32_t unit, BuildScratch& scratch) {
    switch (phase_) {
      case Phase::kRoom:
        for (uint32_t row = unit * kPart; row < part_end(unit * kPart); ++row) make_room(row);
        break;
      case Phase::kOrder:
        is_ordered_ = ordering_->step();
        break;
      case Phase::kMend: {
        const uint32_t row = order_.mend[unit];
        linker_.offer(row, adoption_.beyond_dropped(row), scratch);
        linked_.fetch_add(1, std::memory_order_relaxed);
        break;
      }
      case Phase::kProbe:
        probe_->ask(unit, linker_, entry_, top_, scratch);
        break;
      case Phase::kChoose: {
        const uint32_t row = order_.insert[batch_begin_ + unit];
        linker_.choose(row, memory_.level(row), entry_, top_, scratch,
                       std::span(chosen_).subspan(own_lists_[unit], levels_of(row) * m_));
        linked_.fetch_add(1, std::memory_order_relaxed);
        break;
      }
      case Phase::kLink: {
        const auto links = std::span(links_).subspan(bucket_begin_[unit],
                                                     bucket_begin_[unit + 1] - bucket_begin_[unit]);
        std::sort(links.begin(), links.end());
        linker_.link(links, chosen_, scratch);
        break;
      }
      case Phase::kTake:
        take_lists();
        break;
      case Phase::kReach:
        is_reached_ = reaching_->step();
        break;
    }
  }

  /// What follows a phase. One thread, while all others wait.
  void begin_next() {
    switch (phase_) {
      case Phase::kRoom:
        ordering_.emplace(adoption_, linker_.lists(),
                          [this](uint32_t row) { return memory_.level(row); });
        return begin_unit(Phase::kOrder);
      case Phase::kOrder:
        return is_ordered_ ? begin_to_link() : begin_unit(Phase::kOrder);
      case Phase::kChoose:
        return begin_linking();
      case Phase::kLink:
        end_batch();
        return begin_probe_or_batch();
      case Phase::kMend:
        return begin_probe_or_batch();
      case Phase::kProbe:
        end_probe();
        return begin_batch();
      case Phase::kTake:
        if (taken_ < adoption_.rows()) return begin_unit(Phase::kTake);
        take_upper_levels();
        reaching_.emplace(data_);
        return begin_unit(Phase::kReach);
      case Phase::kReach:
        return is_reached_ ? phases_.end() : begin_unit(Phase::kReach);
    }
  }

  void begin_unit(Phase phase) {
    phase_ = phase;
    phases_.begin(1);
  }

  /// Where a part of the rows that begins at `first` ends.
  [[nodiscard]] uint32_t part_end(uint32_t first) const {
    return first + std::min(kPart, adoption_.rows() - first);
  }

  void begin_to_link() {
    order_ = ordering_->take();
    ordering_.reset();
    to_link_.store(static_cast<uint32_t>(1 + order_.mend.size() + order_.insert.size()),
                   std::memory_order_relaxed);
    top_ = memory_.level(order_.entry);
    entry_ = order_.entry;
    if (order_.mend.empty()) return begin_batch();
    phase_ = Phase::kMend;
    phases_.begin(static_cast<uint32_t>(order_.mend.size()));
  }

  /// Finds out how many candidates rows need, when it is time to.
  void begin_probe_or_batch() {
    const auto waiting = std::span(order_.insert).subspan(batch_begin_);
    if (is_ef_known_ || !BuildProbe::tells(adoption_.rows() - waiting.size(), waiting.size())) {
      return begin_batch();
    }
    std::vector<bool> waits(adoption_.rows(), false);
    for (const uint32_t row : waiting) waits[row] = true;
    std::vector<uint32_t> linked;
    for (uint32_t row = 0; row < waits.size(); ++row) {
      if (!waits[row]) linked.push_back(row);
    }
    probe_ = std::make_unique<BuildProbe>(codes_, std::move(linked), waiting);
    phase_ = Phase::kProbe;
    phases_.begin(probe_->queries());
  }

  void end_probe() {
    linker_.set_ef(std::max(probe_->candidates(), m_));
    is_ef_known_ = true;
    probe_.reset();
  }

  /// All rows are linked: their lists get the form that files have.
  void begin_to_take() {
    data_.m = m_;
    data_.ef_construction = is_ef_known_ ? linker_.ef() : 0;
    data_.entry_row = entry_;
    data_.neighbors.reserve(adoption_.rows() * linker_.lists().capacity(0));
    begin_unit(Phase::kTake);
  }

  /// The next rows choose their neighbours.
  void begin_batch() {
    const auto rest = std::span(order_.insert).subspan(batch_begin_);
    if (rest.empty()) return begin_to_take();
    // Rows of one batch do not see each other: they have to be few beside those that they see.
    constexpr size_t kOneIn = 50;
    constexpr size_t kMost = 2048;
    const auto batch =
        rest.first(std::min(rest.size(), std::clamp<size_t>(batch_begin_ / kOneIn, 1, kMost)));
    // A row that rises above all others goes alone, so that the next ones find it up there.
    const auto higher = std::find_if(batch.begin(), batch.end(),
                                     [this](uint32_t row) { return memory_.level(row) > top_; });
    batch_size_ = static_cast<uint32_t>(std::max<ptrdiff_t>(higher - batch.begin(), 1));
    own_lists_.resize(batch_size_);
    uint32_t end = 0;
    for (uint32_t i = 0; i < batch_size_; ++i) {
      own_lists_[i] = end;
      end += levels_of(order_.insert[batch_begin_ + i]) * m_;
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
        const auto begin = own_lists_[i] + level * m_;
        visit(NewLink::own(row, level, begin));
        for (size_t at = begin; at < begin + m_ && chosen_[at] != RowLinker::kNone; ++at) {
          visit(NewLink::to(chosen_[at], level, row));
        }
      }
    }
  }

  void end_batch() {
    const uint32_t first = order_.insert[batch_begin_];
    if (memory_.level(first) > top_) {
      top_ = memory_.level(first);
      entry_ = first;
    }
    batch_begin_ += batch_size_;
  }

  /// Appends a list of `length` places, filled up with kNoRow.
  void append_list(uint32_t row, uint32_t level, size_t length, std::vector<uint32_t>& out) const {
    const auto list = linker_.lists().rows(row, level);
    out.insert(out.end(), list.begin(), list.end());
    out.insert(out.end(), length - list.size(), kNoRow);
  }

  void take_lists() {
    const uint32_t end = part_end(taken_);
    for (; taken_ < end; ++taken_)
      append_list(taken_, 0, linker_.lists().capacity(0), data_.neighbors);
  }

  void take_upper_levels() {
    data_.upper.resize(top_);
    for (uint32_t row = 0; row < adoption_.rows(); ++row) {
      for (uint32_t level = 1; level < levels_of(row); ++level) {
        data_.upper[level - 1].rows.push_back(row);
      }
    }
    for (uint32_t level = 1; level <= data_.upper.size(); ++level) {
      take_level(level, data_.upper[level - 1]);
    }
  }

  void take_level(uint32_t level, GraphData::UpperLevel& upper) const {
    upper.neighbors.reserve(upper.rows.size() * linker_.lists().capacity(level));
    for (const uint32_t row : upper.rows)
      append_list(row, level, linker_.lists().capacity(level), upper.neighbors);
    for (uint32_t& neighbor : upper.neighbors) {
      if (neighbor == kNoRow) continue;
      const auto at = std::lower_bound(upper.rows.begin(), upper.rows.end(), neighbor);
      neighbor = static_cast<uint32_t>(at - upper.rows.begin());
    }
  }

  CodeBlock codes_;
  uint32_t m_;
  GraphAdoption adoption_;
  BuildMemory memory_;
  RowLinker linker_;
  bool is_ef_known_;  // else rows are linked with few candidates until enough are
  std::unique_ptr<BuildProbe> probe_;
  std::optional<LinkOrdering> ordering_;
  LinkOrder order_;
  GraphData data_;
  std::optional<RowReaching> reaching_;

  // What a phase works on; changed only between phases, or by the one unit of it.
  Phase phase_ = Phase::kRoom;
  uint32_t entry_ = 0;  // where walks begin: a row of the highest level
  uint32_t top_ = 0;    // that level
  bool is_ordered_ = false;
  uint32_t taken_ = 0;  // rows
  bool is_reached_ = false;
  uint32_t batch_begin_ = 0;  // in order_.insert
  uint32_t batch_size_ = 0;
  std::vector<uint32_t> own_lists_;     // where the lists of each row of the batch begin in chosen_
  std::vector<RankedRow> chosen_;       // M a row and level
  std::vector<NewLink> links_;          // by bucket
  std::vector<uint32_t> bucket_begin_;  // and where the last one ends
  std::vector<uint32_t> bucket_end_;

  BuildPhases phases_;
  std::atomic<uint32_t> to_link_;
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

#ifndef __EMSCRIPTEN__
std::vector<Neighbor> GraphBuilder::search_with_hnswlib(uint32_t row, uint32_t k, uint32_t ef) {
  return graph_->search(row, k, ef);
}
#endif

GraphData GraphBuilder::finish() {
  GraphData data = graph_->take();
  graph_.reset();
  return data;
}

}  // namespace quiver::index
