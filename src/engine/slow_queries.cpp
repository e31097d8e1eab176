#include "engine/slow_queries.h"

#include <utility>

#include "engine/put_entry.h"

namespace quiver::engine {
namespace {

void put_query(msgpack::Writer& writer, const SlowQuery& query) {
  writer.map(7);
  put(writer, "at", milliseconds(query.ended.time_since_epoch()));
  put(writer, "ms", query.took);
  put(writer, "topK", query.top_k);
  put_unless_0(writer, "ef", query.ef);
  put(writer, "results", query.results);
  put(writer, "plan", query.plan);
  writer.text("filter");
  if (query.filter.empty()) {
    writer.nil();
  } else {
    writer.encoded(query.filter);
  }
}

}  // namespace

void SlowQueries::add(SlowQuery query) {
  const std::lock_guard lock(mutex_);
  filter_bytes_ += query.filter.size();
  queries_.push_front(std::move(query));
  while (queries_.size() > kMost || filter_bytes_ > kMostFilterBytes) {
    filter_bytes_ -= queries_.back().filter.size();
    queries_.pop_back();
  }
}

Buffer SlowQueries::encode() const {
  const std::lock_guard lock(mutex_);
  msgpack::Writer writer;
  writer.array(static_cast<uint32_t>(queries_.size()));
  for (const SlowQuery& query : queries_) put_query(writer, query);
  return writer.take();
}

}  // namespace quiver::engine
