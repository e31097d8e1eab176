#include "engine/config.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/msgpack.h"
#include "engine/batch.h"

namespace quiver::engine {
namespace {

constexpr std::string_view kQuantizationNames = R"("auto", "none", "sq8", "sq4", "binary" or "pq")";
constexpr std::array<std::string_view, 3> kDurabilityNames{"sync", "async", "none"};

Error invalid(std::string_view name, std::string_view expected) {
  return Error{Code::kInvalidArgument,
               "Expected " + std::string(expected) + " for " + std::string(name)};
}

Expected<uint32_t> number_in(const msgpack::Value& map, std::string_view name, uint32_t fallback,
                             uint32_t low, uint32_t high) {
  const auto value = map.find(name);
  if (!value || value->is(msgpack::Kind::kNil)) return fallback;
  const auto whole = value->whole();
  if (!whole || *whole < low || *whole > high) {
    return invalid(name,
                   "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return static_cast<uint32_t>(*whole);
}

/// 0 where it is absent or nil.
Expected<uint64_t> bytes_in(const msgpack::Value& map, std::string_view name) {
  const auto value = map.find(name);
  if (!value || value->is(msgpack::Kind::kNil)) return uint64_t{0};
  const auto bytes = value->whole();
  if (!bytes) return invalid(name, "a whole number of bytes");
  return static_cast<uint64_t>(*bytes);
}

/// None where it is absent or nil.
Expected<std::optional<std::chrono::nanoseconds>> milliseconds_in(const msgpack::Value& map,
                                                                  std::string_view name) {
  using Result = std::optional<std::chrono::nanoseconds>;
  // A year: so many nanoseconds there are.
  constexpr double kMost = 365.0 * 24 * 3600 * 1000;
  const auto value = map.find(name);
  if (!value || value->is(msgpack::Kind::kNil)) return Result();
  const double number = value->number();
  if (!value->is(msgpack::Kind::kNumber) || !(number >= 0 && number <= kMost)) {
    return invalid(name, "milliseconds from 0 to a year");
  }
  return Result(std::chrono::nanoseconds(static_cast<int64_t>(number * 1e6)));
}

Expected<msgpack::Value> decode_map(Bytes bytes, std::string_view what) {
  if (auto valid = msgpack::validate(bytes, what); !valid) return valid.error();
  const msgpack::Value map(bytes);
  if (!map.is(msgpack::Kind::kMap)) return invalid(what, "a map");
  return map;
}

}  // namespace

Expected<Config> decode_config(Bytes bytes) {
  const auto map = decode_map(bytes, "config");
  if (!map) return map.error();
  Config config;
  if (const auto name = map->find("metric")) {
    const auto metric = metric_from_name(name->text());
    if (!metric) return invalid("metric", "\"cosine\", \"l2\" or \"ip\"");
    config.metric = *metric;
  }
  const auto dimensions = number_in(*map, "dimensions", 0, 0, kMaxDimensions);
  if (!dimensions) return dimensions.error();
  const auto m = number_in(*map, "M", config.graph.m, kSmallestM, kLargestM);
  if (!m) return m.error();
  const auto ef =
      number_in(*map, "efConstruction", 0, kSmallestEfConstruction, kLargestEfConstruction);
  if (!ef) return ef.error();
  if (const auto name = map->find("quantization")) {
    const auto quantization = quantization_from_name(name->text());
    if (!quantization) return invalid("quantization", kQuantizationNames);
    config.quantization = *quantization;
  }
  config.dimensions = *dimensions;
  config.graph = {*m, *ef};
  if (const auto indexed = map->find("indexed"); indexed && !indexed->is(msgpack::Kind::kNil)) {
    if (!indexed->is(msgpack::Kind::kArray)) return invalid("indexed", "names of fields");
    for (const msgpack::Value name : indexed->elements()) {
      if (!name.is(msgpack::Kind::kText)) return invalid("indexed", "names of fields");
      config.indexed.emplace_back(name.text());
    }
  }
  if (const auto user = map->find("user")) {
    config.user.assign(user->binary().begin(), user->binary().end());
  }
  return config;
}

Buffer encode_config(const Config& config) {
  msgpack::Writer writer;
  writer.map(config.indexed.empty() ? 6 : 7);
  writer.text("dimensions");
  writer.integer(config.dimensions);
  writer.text("metric");
  writer.text(metric_name(config.metric));
  writer.text("M");
  writer.integer(config.graph.m);
  writer.text("efConstruction");
  if (config.graph.ef_construction != 0) {
    writer.integer(config.graph.ef_construction);
  } else {
    writer.nil();
  }
  writer.text("quantization");
  writer.text(quantization_name(config.quantization));
  if (!config.indexed.empty()) {
    writer.text("indexed");
    writer.array(static_cast<uint32_t>(config.indexed.size()));
    for (const std::string& name : config.indexed) writer.text(name);
  }
  writer.text("user");
  writer.binary(config.user);
  return writer.take();
}

Expected<OpenOptions> decode_open_options(Bytes bytes) {
  const auto map = decode_map(bytes, "options");
  if (!map) return map.error();
  OpenOptions options;
  if (const auto name = map->find("durability")) {
    const auto* found = std::find(kDurabilityNames.begin(), kDurabilityNames.end(), name->text());
    if (found == kDurabilityNames.end()) {
      return invalid("durability", "\"sync\", \"async\" or \"none\"");
    }
    options.durability = static_cast<Durability>(found - kDurabilityNames.begin());
  }
  const auto threshold = number_in(*map, "sealThreshold", 0, 0, 0xFFFFFFFF);
  if (!threshold) return threshold.error();
  options.seal_threshold = *threshold;
  if (const auto read_only = map->find("readOnly")) options.read_only = read_only->boolean();
  if (const auto use_mmap = map->find("useMmap")) options.use_mmap = use_mmap->boolean();
  const auto from_rows = number_in(*map, "mmapThreshold", 0, 0, 0xFFFFFFFF);
  if (!from_rows) return from_rows.error();
  options.mmap_threshold = *from_rows;
  const auto limit = bytes_in(*map, "memoryLimit");
  if (!limit) return limit.error();
  options.memory_limit = *limit;
  const auto cache = bytes_in(*map, "cacheSize");
  if (!cache) return cache.error();
  options.cache_bytes = *cache;
  const auto ttl = milliseconds_in(*map, "cacheTtlMs");
  if (!ttl) return ttl.error();
  options.cache_ttl = *ttl;
  const auto slow = milliseconds_in(*map, "slowQueryMs");
  if (!slow) return slow.error();
  options.slow_query = *slow;
  return options;
}

std::string_view durability_name(Durability durability) {
  return kDurabilityNames[static_cast<size_t>(durability)];
}

}  // namespace quiver::engine
