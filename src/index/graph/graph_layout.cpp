#include "index/graph/graph_layout.h"

#include <algorithm>

namespace quiver::index {
namespace {

Error corrupt(std::string what) {
  return Error{Code::kCorruptFile, "Corrupt graph: " + std::move(what)};
}

bool ids_below(std::span<const uint32_t> ids, uint32_t limit) {
  return std::all_of(ids.begin(), ids.end(),
                     [limit](uint32_t id) { return id < limit || id == kNoRow; });
}

std::span<const uint32_t> as_words(Bytes bytes) {
  return {reinterpret_cast<const uint32_t*>(bytes.data()), bytes.size() / sizeof(uint32_t)};
}

}  // namespace

GraphView GraphData::view() const {
  GraphView view;
  view.row_count = static_cast<uint32_t>(neighbors.size() / (size_t{2} * m));
  view.m = m;
  view.ef_construction = ef_construction;
  view.entry_row = entry_row;
  view.neighbors = neighbors;
  for (const UpperLevel& level : upper) view.upper.push_back({level.rows, level.neighbors});
  return view;
}

Buffer GraphData::encode_upper() const {
  ByteWriter writer;
  writer.put<uint32_t>(static_cast<uint32_t>(neighbors.size() / (size_t{2} * m)));
  writer.put<uint32_t>(m);
  writer.put<uint32_t>(entry_row);
  writer.put<uint32_t>(static_cast<uint32_t>(upper.size()));
  for (const UpperLevel& level : upper) {
    writer.put<uint32_t>(static_cast<uint32_t>(level.rows.size()));
    writer.put_bytes(as_bytes(std::span<const uint32_t>(level.rows)));
    writer.put_bytes(as_bytes(std::span<const uint32_t>(level.neighbors)));
  }
  return writer.take();
}

Expected<GraphView> decode_graph(Bytes upper, Bytes level0, uint32_t row_count) {
  if (upper.size() % sizeof(uint32_t) != 0) return corrupt("its header is not a run of u32");
  std::span<const uint32_t> words = as_words(upper);
  if (words.size() < 4) return corrupt("its header is too short");
  GraphView graph;
  graph.row_count = words[0];
  graph.m = words[1];
  graph.entry_row = words[2];
  const uint32_t levels = words[3];
  words = words.subspan(4);
  // The highest bit of a row's number is the walk's.
  if (row_count >= 0x80000000) return corrupt("it has " + std::to_string(row_count) + " rows");
  if (graph.row_count != row_count) {
    return corrupt("expected " + std::to_string(row_count) + " rows, got " +
                   std::to_string(graph.row_count));
  }
  if (graph.m < 2 || graph.m > 1024) return corrupt("M is " + std::to_string(graph.m));
  if (graph.entry_row >= row_count) return corrupt("its entry row does not exist");
  if (level0.size() != uint64_t{row_count} * 2 * graph.m * sizeof(uint32_t)) {
    return corrupt("level 0 has " + std::to_string(level0.size()) + " bytes");
  }
  if (levels > 64) return corrupt("it has " + std::to_string(levels) + " levels");
  graph.neighbors = as_words(level0);
  for (uint32_t i = 0; i < levels; ++i) {
    if (words.empty()) return corrupt("an upper level is missing");
    const uint32_t count = words[0];
    words = words.subspan(1);
    if (count == 0 || count > row_count || words.size() < uint64_t{count} * (1 + graph.m)) {
      return corrupt("an upper level is cut off");
    }
    const GraphView::UpperLevel level{words.first(count),
                                      words.subspan(count, size_t{count} * graph.m)};
    words = words.subspan(count + size_t{count} * graph.m);
    graph.upper.push_back(level);
  }
  if (!words.empty()) return corrupt("bytes follow the last level");
  return graph;
}

Expected<void> check_graph(const GraphView& graph) {
  if (!ids_below(graph.neighbors, graph.row_count)) {
    return corrupt("level 0 names a row beyond the last");
  }
  const GraphView::UpperLevel* below = nullptr;
  for (const GraphView::UpperLevel& level : graph.upper) {
    const bool ascending = std::adjacent_find(level.rows.begin(), level.rows.end(),
                                              std::greater_equal<>()) == level.rows.end();
    if (!ascending || level.rows.back() >= graph.row_count) {
      return corrupt("the rows of an upper level are out of order");
    }
    // A walk goes down from a node to the same row one level below: it must be there.
    if (below != nullptr && !std::includes(below->rows.begin(), below->rows.end(),
                                           level.rows.begin(), level.rows.end())) {
      return corrupt("a row of an upper level is missing below");
    }
    if (!ids_below(level.neighbors, static_cast<uint32_t>(level.rows.size()))) {
      return corrupt("an upper level names a missing node");
    }
    below = &level;
  }
  if (below != nullptr &&
      !std::binary_search(below->rows.begin(), below->rows.end(), graph.entry_row)) {
    return corrupt("its entry row is not on the highest level");
  }
  return {};
}

}  // namespace quiver::index
