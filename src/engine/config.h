#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "index/graph/graph_layout.h"
#include "kernel/metric.h"
#include "quant/code_kind.h"

namespace quiver::engine {

/// Bounds of GraphParams::m.
inline constexpr uint32_t kSmallestM = 4;
inline constexpr uint32_t kLargestM = 64;
/// Bounds of GraphParams::ef_construction, but for 0.
inline constexpr uint32_t kSmallestEfConstruction = 8;
inline constexpr uint32_t kLargestEfConstruction = 2000;

/// What an index is made with and keeps for life.
struct Config {
  Metric metric = Metric::kCosine;
  uint32_t dimensions = 0;  ///< 0: taken from the first vector
  index::GraphParams graph;
  Quantization quantization;
  std::vector<std::string> indexed;  ///< fields of metadata that have an index; none named: all
  Buffer user;                       ///< opaque: comes back in the statistics
};

/// The msgpack map of docs/engine-messages.md, as a message and in the manifest. INVALID_ARGUMENT
/// names the field that is missing or out of range.
Expected<Config> decode_config(Bytes bytes);
Buffer encode_config(const Config& config);

/// The strongest first.
enum class Durability : uint8_t {
  kSync,   ///< on the disk before a write is acknowledged
  kAsync,  ///< with the operating system when acknowledged, on the disk within about 100 ms
  kNone,   ///< with the operating system when acknowledged; it decides when to write
};

struct OpenOptions {
  Durability durability = Durability::kSync;
  uint32_t seal_threshold = 0;  ///< rows in the head before it is sealed; 0: by dimension
  bool read_only = false;       ///< this session writes nothing; no maintenance is taken up
  bool use_mmap = true;         ///< segments are mapped where the system can
  uint32_t mmap_threshold = 0;  ///< segments of fewer rows are read into memory all the same
  uint64_t memory_limit = 0;    ///< bytes from which on mapped segments are released; 0: none
  uint64_t cache_bytes = 0;     ///< of answers that are kept; 0: none are
  std::optional<std::chrono::nanoseconds> cache_ttl;  ///< for how long at most; none: no limit
  /// From which on this session's queries are kept in its list of slow ones; none: never.
  std::optional<std::chrono::nanoseconds> slow_query;
};

Expected<OpenOptions> decode_open_options(Bytes bytes);
std::string_view durability_name(Durability durability);

}  // namespace quiver::engine
