#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/msgpack.h"
#include "engine/row_source.h"
#include "index/trace.h"

namespace quiver::engine {

/// How the rows of one part were searched.
enum class PlanKind : uint8_t {
  kSkipped,       ///< nothing there can be a result
  kHeadScan,      ///< rows in memory, one by one
  kExactScan,     ///< all rows of a segment
  kSelectedScan,  ///< those that the filter takes, by their vectors
  kCodeScan,      ///< the same by their codes
  kWalk,
  kFilteredWalk,
};

/// As in docs/engine-messages.md.
std::string_view plan_kind_name(PlanKind kind);

/// Some kinds of plans, as a set.
class PlanKinds {
 public:
  void add(PlanKind kind) { bits_ |= 1U << static_cast<unsigned>(kind); }
  /// Their names, with commas between them.
  [[nodiscard]] std::string names() const;

 private:
  uint32_t bits_ = 0;
};

/// What the search of one part was.
struct PartTrace {
  std::string name;  ///< of the segment's file; empty: a head
  uint32_t rows = 0;
  uint32_t live = 0;
  PlanKind kind = PlanKind::kSkipped;
  uint32_t ef = 0;
  uint32_t found = 0;
  std::optional<Selected::By> filter_by;  ///< how the filter was answered; none: there is no filter
  std::string filter_why;
  /// Rows that the filter takes at most, if anything was known of that beforehand.
  std::optional<uint32_t> selected;
  bool is_asked = false;  ///< whether it was asked row by row, too:
  uint64_t asked = 0;     ///< of so many rows, or whether they are live,
  uint64_t taken = 0;     ///< and it took so many of these
  index::SearchTrace search;
  std::chrono::nanoseconds filtering{0};
  std::chrono::nanoseconds searching{0};  ///< reranking among it
};

/// What a query did. Which kinds of plans is always told, the rest to who asks for it.
struct QueryTrace {
  PlanKinds kinds;
  bool is_explained = false;
  std::vector<PartTrace> parts;
  uint64_t items = 0;
  uint32_t results = 0;
  uint64_t result_bytes = 0;
  std::chrono::nanoseconds preparing{0};
  std::chrono::nanoseconds fetching{0};
  std::chrono::nanoseconds total{0};

  /// The map of docs/engine-messages.md.
  [[nodiscard]] Buffer encode() const;
};

}  // namespace quiver::engine
