// Input: the msgpack map of an index's configuration or of the options to open it with.
#include "engine/batch.h"
#include "engine/config.h"
#include "support/allocation_limit.h"
#include "support/require.h"

using namespace quiver;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::AllocationLimit limit(size);
  const Bytes bytes(data, size);
  if (const auto config = engine::decode_config(bytes)) {
    fuzz::require(config->dimensions <= engine::kMaxDimensions, "dimensions are in range");
    fuzz::require(config->graph.m >= 4 && config->graph.m <= 64, "M is in range");
    const auto again = engine::decode_config(engine::encode_config(*config));
    fuzz::require(again && again->metric == config->metric &&
                      again->dimensions == config->dimensions &&
                      again->graph.m == config->graph.m &&
                      again->graph.ef_construction == config->graph.ef_construction &&
                      again->indexed == config->indexed && again->user == config->user,
                  "what was read is written and read again");
  } else {
    fuzz::require(config.error().code == Code::kInvalidArgument, "a bad configuration is that");
  }
  if (const auto options = engine::decode_open_options(bytes)) {
    fuzz::require(!engine::durability_name(options->durability).empty(), "durability has a name");
  } else {
    fuzz::require(options.error().code == Code::kInvalidArgument, "bad options are that");
  }
  return 0;
}
