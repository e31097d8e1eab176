#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "engine/batch.h"
#include "engine/config.h"
#include "engine/view.h"

namespace quiver::engine {

/// What a transaction changed.
struct WriteCounts {
  uint32_t inserted = 0;
  uint32_t updated = 0;
  uint32_t deleted = 0;
};

/// Which ids exist after some operations: those of a view, as changed since. Borrows the ids.
class IdOverlay {
 public:
  /// Checks that the operation is possible and notes what it does. An error leaves the overlay as
  /// it is.
  Expected<void> apply(const View& view, const Operation& operation, uint32_t item);

  /// Makes what was applied so far final, or takes back what was applied since that.
  void keep() { undo_.clear(); }
  void roll_back();

 private:
  std::unordered_map<std::string_view, bool> exists_;
  std::vector<std::pair<std::string_view, std::optional<bool>>> undo_;
};

/// Batches that take effect together or not at all. Owns their bytes.
class Transaction {
 public:
  explicit Transaction(Durability durability = Durability::kSync) : durability_(durability) {}

  /// Checks a batch against the view and what is staged already, and keeps it. A refused batch adds
  /// nothing. What is staged is checked again when it is committed.
  Expected<void> stage(const View& view, Bytes batch);

  /// Keeps a batch that only the commit will check against the collection.
  Expected<void> add(Bytes batch);

  struct Part {
    Buffer bytes;
    Batch batch;
  };
  [[nodiscard]] const std::deque<Part>& parts() const { return parts_; }
  [[nodiscard]] Durability durability() const { return durability_; }
  [[nodiscard]] uint64_t operations() const { return operations_; }
  [[nodiscard]] uint32_t dim() const { return dim_; }

 private:
  Expected<Batch> decode(uint32_t known_dim, Part& part);

  Durability durability_;
  std::deque<Part> parts_;
  IdOverlay ids_;
  uint64_t operations_ = 0;
  uint32_t dim_ = 0;  // of its vectors; 0 while it has none
};

/// DIMENSION_MISMATCH unless a batch's vectors have the dimension known so far (0: none known).
Expected<void> check_dimensions(uint32_t known, const Batch& batch);

}  // namespace quiver::engine
