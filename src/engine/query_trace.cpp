#include "engine/query_trace.h"

#include <array>

#include "engine/put_entry.h"

namespace quiver::engine {
namespace {

constexpr std::array<std::string_view, 7> kKindNames{
    "skipped", "head-scan", "exact-scan", "selected-scan", "code-scan", "walk", "filtered-walk"};

constexpr std::array<std::string_view, 5> kFilterNames{"rows", "rows", "rows", "columns", "memory"};

void put_share(msgpack::Writer& writer, std::string_view name, uint64_t part, uint64_t whole) {
  writer.text(name);
  if (whole == 0) {
    writer.nil();
  } else {
    writer.number(static_cast<double>(part) / static_cast<double>(whole));
  }
}

void put_filter(msgpack::Writer& writer, const PartTrace& part) {
  writer.text("filter");
  if (!part.filter_by) {
    writer.nil();
    return;
  }
  writer.map(6);
  put(writer, "by", kFilterNames[static_cast<size_t>(*part.filter_by)]);
  put(writer, "why", part.filter_why);
  // Nothing is known beforehand of a filter that is asked row by row.
  put_share(writer, "estimated", part.selected.value_or(0), part.selected ? part.rows : 0);
  const uint64_t taken = part.is_asked ? part.taken : *part.selected;
  put_share(writer, "real", taken, part.is_asked ? part.asked : part.rows);
  put(writer, "asked", part.is_asked ? part.asked : 0);
  put(writer, "taken", taken);
}

void put_part(msgpack::Writer& writer, const PartTrace& part) {
  const index::SearchTrace& search = part.search;
  writer.map(17);
  writer.text("file");
  if (part.name.empty()) {
    writer.nil();
  } else {
    writer.text(part.name);
  }
  put(writer, "rows", part.rows);
  put(writer, "live", part.live);
  put(writer, "kind", plan_kind_name(part.kind));
  put(writer, "why", search.why);
  writer.text("gaveUpWalk");
  writer.boolean(search.gave_up_walk);
  put(writer, "ef", part.ef);
  put_filter(writer, part);
  put(writer, "visited", search.visited);
  put(writer, "distances", search.distances);
  put(writer, "lists", search.lists);
  put(writer, "reranked", search.reranked);
  put(writer, "bytesRead", search.bytes);
  put(writer, "found", part.found);
  put(writer, "filterMs", part.filtering);
  put(writer, "searchMs", part.searching - search.reranking);
  put(writer, "rerankMs", search.reranking);
}

}  // namespace

std::string_view plan_kind_name(PlanKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

std::string PlanKinds::names() const {
  std::string names;
  for (size_t i = 0; i < kKindNames.size(); ++i) {
    if ((bits_ >> i & 1) == 0) continue;
    if (!names.empty()) names += ", ";
    names += kKindNames[i];
  }
  return names;
}

Buffer QueryTrace::encode() const {
  msgpack::Writer writer;
  writer.map(7);
  put(writer, "items", items);
  put(writer, "results", results);
  put(writer, "resultBytes", result_bytes);
  put(writer, "totalMs", total);
  put(writer, "prepareMs", preparing);
  put(writer, "fetchMs", fetching);
  writer.text("segments");
  writer.array(static_cast<uint32_t>(parts.size()));
  for (const PartTrace& part : parts) put_part(writer, part);
  return writer.take();
}

}  // namespace quiver::engine
