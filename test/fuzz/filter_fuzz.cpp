// Input: a filter and then metadata, both msgpack; the metadata may be anything.
#include "base/msgpack.h"
#include "filter/filter.h"
#include "support/allocation_limit.h"
#include "support/require.h"

using namespace quiver;

namespace {

/// { $not: filter }
Buffer negated(Bytes filter) {
  msgpack::Writer writer;
  writer.map(1);
  writer.text("$not");
  writer.encoded(filter);
  return writer.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  const Bytes all(data, size);
  // Where the first value ends; if it is malformed, all of it is the filter.
  const Bytes first = msgpack::Value(all).bytes();
  const Bytes metadata = all.subspan(first.size());
  const auto filter = filter::Filter::parse(first);
  if (!filter) {
    fuzz::require(filter.error().code == Code::kInvalidFilter, "a bad filter is that");
    return 0;
  }
  const bool matches = filter->matches(metadata);
  fuzz::require(filter->matches(metadata) == matches, "the same question has the same answer");
  if (const auto opposite = filter::Filter::parse(negated(first))) {
    fuzz::require(opposite->matches(metadata) != matches, "$not is the opposite");
  }
  return 0;
}
