#include "engine/slow_queries.h"

#include <utility>

#include "base/msgpack.h"

namespace quiver::engine {
namespace {

template <typename Duration>
double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void put(msgpack::Writer& writer, const SlowQuery& query) {
  writer.map(7);
  writer.text("at");
  writer.number(milliseconds(query.ended.time_since_epoch()));
  writer.text("ms");
  writer.number(milliseconds(query.took));
  writer.text("topK");
  writer.integer(query.top_k);
  writer.text("ef");
  if (query.ef != 0) {
    writer.integer(query.ef);
  } else {
    writer.nil();
  }
  writer.text("results");
  writer.integer(query.results);
  writer.text("plan");
  writer.text(query.plan);
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
  for (const SlowQuery& query : queries_) put(writer, query);
  return writer.take();
}

}  // namespace quiver::engine
