#include <cstdlib>
#include <cstring>
#include <new>

#include "base/array_bytes.h"
#include "index/graph/build_memory.h"

namespace quiver::index {
namespace {

/// What hnswlib gives a list: a count, and room for as many rows.
size_t list_bytes(uint32_t capacity) { return (size_t{capacity} + 1) * sizeof(uint32_t); }

}  // namespace

class BuildMemory::Index {
 public:
  Index(const CodeBlock& codes, uint32_t m)
      : level0_(std::make_unique_for_overwrite<char[]>(array_bytes(codes.rows, list_bytes(2 * m)))),
        upper_(codes.rows),
        levels_(codes.rows),
        m_(m) {}
  ~Index() {
    for (char* const lists : upper_) std::free(lists);
  }
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  [[nodiscard]] LinkLists lists() {
    LinkLists lists;
    lists.level0 = level0_.get();
    lists.level0_stride = list_bytes(2 * m_);
    lists.upper = upper_.data();
    lists.upper_stride = list_bytes(m_);
    lists.m = m_;
    return lists;
  }

  [[nodiscard]] const int* levels() const { return levels_.data(); }

  void make_room(uint32_t row, uint32_t level) {
    *reinterpret_cast<uint32_t*>(level0_.get() + row * list_bytes(2 * m_)) = 0;
    if (level == 0) return;
    upper_[row] = static_cast<char*>(std::calloc(level, list_bytes(m_)));
    if (upper_[row] == nullptr) throw std::bad_alloc();
    levels_[row] = static_cast<int>(level);
  }

 private:
  std::unique_ptr<char[]> level0_;
  std::vector<char*> upper_;
  std::vector<int> levels_;
  uint32_t m_;
};

BuildMemory::BuildMemory(const CodeBlock& codes, uint32_t m)
    : index_(std::make_unique<Index>(codes, m)),
      lists_(index_->lists()),
      levels_(index_->levels()) {}

BuildMemory::~BuildMemory() = default;

void BuildMemory::make_room(uint32_t row, uint32_t level) { index_->make_room(row, level); }

}  // namespace quiver::index
