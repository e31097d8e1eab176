#include "engine/query_request.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/fast_hash.h"

namespace quiver::engine {
namespace {

/// As the only query of a request that may not stop, which leaves the answer as it is.
QueryHeader single(QueryHeader header) {
  header.queries = 1;
  header.flags &= ~QueryHeader::kMayStop;
  return header;
}

}  // namespace

Expected<QueryParts> QueryParts::split(Bytes request) {
  ByteReader reader(request);
  const auto header = reader.get<QueryHeader>();
  if (!header) return header.error();
  const auto vectors = reader.get_bytes(uint64_t{header->queries} * header->dim * sizeof(float));
  if (!vectors) return vectors.error();
  const auto filter = reader.get_bytes(header->filter_bytes);
  if (!filter) return filter.error();
  const auto options = reader.get_bytes(header->options_bytes);
  if (!options) return options.error();
  return QueryParts{*header, *vectors, *filter, *options};
}

std::span<const float> QueryParts::vector(uint32_t i) const {
  const auto* floats = reinterpret_cast<const float*>(vectors.data());
  return {floats + size_t{i} * header.dim, header.dim};
}

uint32_t QueryParts::paced_ef() const {
  constexpr uint32_t kUsual = 80;
  return std::max(header.ef == 0 ? kUsual : header.ef, header.top_k);
}

uint64_t QueryParts::paced_filter() const {
  if (filter.empty()) return 0;
  return std::max<uint64_t>(1, hash_bytes(filter, 0));
}

QueryParts::Key::Key(const QueryParts& parts, uint32_t i)
    : header_(single(parts.header)),
      key_(as_bytes(std::span<const QueryHeader>(&header_, 1)), as_bytes(parts.vector(i)),
           // They stand one behind the other.
           Bytes(parts.filter.data(), parts.filter.size() + parts.options.size())) {}

Expected<QueryRequest> QueryRequest::parse(const QueryParts& parts) {
  const QueryHeader& header = parts.header;
  if (header.top_k == 0) return Error{Code::kInvalidTopK, "Expected topK of at least 1, got 0"};
  const bool is_explained = header.has(QueryHeader::kExplain);
  if (is_explained && header.queries != 1) {
    return Error{Code::kInvalidArgument,
                 "Expected one query to explain, got " + std::to_string(header.queries)};
  }
  auto filter = parse_filter(parts.filter);
  if (!filter) return filter.error();
  auto variety = parse_variety(parts.options, header.top_k);
  if (!variety) return variety.error();
  if (is_explained && variety->group_by) {
    return Error{Code::kInvalidArgument,
                 "A query with groupBy cannot be explained: it is a stream"};
  }
  return QueryRequest{parts, *std::move(filter), *std::move(variety)};
}

QueryOptions QueryRequest::options() const {
  const QueryHeader& header = parts.header;
  QueryOptions options;
  options.top_k = header.top_k;
  options.ef = header.ef;
  set_score_and_recall(options, header.min_score, header.target_recall);
  options.exact = header.has(QueryHeader::kExact);
  options.filter = filter ? &*filter : nullptr;
  return options;
}

Expected<std::optional<filter::Filter>> parse_filter(Bytes bytes) {
  if (bytes.empty()) return std::optional<filter::Filter>();
  auto filter = filter::Filter::parse(bytes);
  if (!filter) return filter.error();
  return std::optional<filter::Filter>(*std::move(filter));
}

void set_score_and_recall(QueryOptions& options, float min_score, float target_recall) {
  options.has_min_score = min_score > -std::numeric_limits<float>::infinity();
  options.min_score = min_score;
  if (target_recall > 0 && target_recall <= 1) options.target_recall = target_recall;
}

}  // namespace quiver::engine
