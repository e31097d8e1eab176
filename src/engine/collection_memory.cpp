// What of a collection is in memory.

#include <algorithm>
#include <vector>

#include "engine/collection.h"

namespace quiver::engine {

MemoryUse Collection::memory_use() const {
  MemoryUse use;
  use.blocks = memory_.cache->bytes() + memory_.selections->bytes();
  const auto view = this->view();
  for (const Part& part : view->parts) {
    const Segment* segment = part.source->as_segment();
    if (segment == nullptr) {
      use.head += part.source->bytes();
      continue;
    }
    use.segments += segment->bytes();
    if (segment->content().is_mapped()) use.mapped += segment->bytes();
    use.resident += segment->content().resident();
  }
  return use;
}

void Collection::keep_to_memory_limit() {
  const MemoryUse use = memory_use();
  uint64_t in_memory = use.head + use.resident + use.blocks;
  if (in_memory <= options_.memory_limit) return;
  const auto view = this->view();
  std::vector<const Segment*> coldest_first;
  for (const Part& part : view->parts) {
    const Segment* segment = part.source->as_segment();
    if (segment != nullptr && segment->content().is_mapped()) coldest_first.push_back(segment);
  }
  std::sort(coldest_first.begin(), coldest_first.end(),
            [](const Segment* a, const Segment* b) { return a->last_use() < b->last_use(); });
  for (const Segment* segment : coldest_first) {
    if (in_memory <= options_.memory_limit) return;
    in_memory -= std::min(in_memory, segment->content().resident());
    segment->content().release();
    query_pace_.forget();
  }
}

}  // namespace quiver::engine
