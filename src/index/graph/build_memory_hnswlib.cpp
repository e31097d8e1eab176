// The only file that includes hnswlib.
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/array_bytes.h"
#include "base/huge_pages.h"
#include "index/graph/build_memory.h"

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

  CodeBlock codes_;
};

}  // namespace

class BuildMemory::Index : private HnswlibSpace, public hnswlib::HierarchicalNSW<int64_t> {
 public:
  /// hnswlib is told of one row, so that it allocates no locks and no sets of visited rows for all.
  Index(const CodeBlock& codes, uint32_t m)
      : HnswlibSpace(codes), HierarchicalNSW(static_cast<HnswlibSpace*>(this), 1, m) {
    const uint32_t rows = codes.rows;
    const size_t bytes = array_bytes(rows, size_data_per_element_);
    void* const level0 = std::realloc(data_level0_memory_, std::max<size_t>(bytes, 1));
    if (level0 == nullptr) throw std::bad_alloc();
    data_level0_memory_ = static_cast<char*>(level0);
    prefer_huge_pages(data_level0_memory_, bytes);
    element_levels_.resize(rows);
    std::free(linkLists_);
    linkLists_ = static_cast<char**>(std::calloc(rows, sizeof(*linkLists_)));
    if (linkLists_ == nullptr) throw std::bad_alloc();
    max_elements_ = rows;
    cur_element_count = rows;  // the destructor frees this many lists
  }

  [[nodiscard]] LinkLists lists() const {
    LinkLists lists;
    lists.level0 = data_level0_memory_;
    lists.level0_stride = size_data_per_element_;
    lists.upper = linkLists_;
    lists.upper_stride = size_links_per_element_;
    lists.m = static_cast<uint32_t>(M_);
    return lists;
  }

  [[nodiscard]] const int* levels() const { return element_levels_.data(); }

  void make_room(uint32_t row, uint32_t level) {
    if (level > 0) {
      linkLists_[row] = static_cast<char*>(std::calloc(level, size_links_per_element_));
      if (linkLists_[row] == nullptr) throw std::bad_alloc();
      element_levels_[row] = static_cast<int>(level);
    }
    std::memset(get_linklist0(row), 0, size_links_level0_);
    std::memcpy(getDataByInternalId(row), &row, sizeof(row));
    setExternalLabel(row, row);
  }

  std::vector<Neighbor> search(uint32_t row, uint32_t k, uint32_t ef, uint32_t entry,
                               uint32_t top) {
    // It was made for one row.
    visited_list_pool_ = std::make_unique<hnswlib::VisitedListPool>(1, max_elements_);
    enterpoint_node_ = entry;
    maxlevel_ = static_cast<int>(top);
    setEf(ef);
    auto found = searchKnn(getDataByInternalId(row), k);
    std::vector<Neighbor> nearest(found.size());
    for (size_t i = found.size(); i-- > 0; found.pop()) {
      nearest[i] = {static_cast<float>(found.top().first),
                    static_cast<uint32_t>(found.top().second)};
    }
    return nearest;
  }
};

BuildMemory::BuildMemory(const CodeBlock& codes, uint32_t m)
    : index_(std::make_unique<Index>(codes, m)),
      lists_(index_->lists()),
      levels_(index_->levels()) {}

BuildMemory::~BuildMemory() = default;

void BuildMemory::make_room(uint32_t row, uint32_t level) { index_->make_room(row, level); }

std::vector<Neighbor> BuildMemory::search_with_hnswlib(uint32_t row, uint32_t k, uint32_t ef,
                                                       uint32_t entry, uint32_t top) {
  return index_->search(row, k, ef, entry, top);
}

}  // namespace quiver::index
