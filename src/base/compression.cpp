#include "base/compression.h"

#include <zstd/zstd.h>

#include <memory>
#include <new>
#include <string>

namespace quiver {
namespace {

/// The strategies of higher levels are not built in.
constexpr int kLevel = 1;

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Making a context costs more than a small block does.
ZSTD_CCtx* compressor_of_this_thread() {
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  return context.get();
}

ZSTD_DCtx* decompressor_of_this_thread() {
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  return context.get();
}

}  // namespace

Buffer compress(Bytes raw) {
  ZSTD_CCtx* const context = compressor_of_this_thread();
  if (context == nullptr) throw std::bad_alloc();
  Buffer result(ZSTD_compressBound(raw.size()));
  const size_t size =
      ZSTD_compressCCtx(context, result.data(), result.size(), raw.data(), raw.size(), kLevel);
  // With room for the worst case only memory can be short.
  if (ZSTD_isError(size) != 0) throw std::bad_alloc();
  result.resize(size);
  return result;
}

Expected<Buffer> decompress(Bytes compressed, size_t raw_size) {
  const auto corrupt = [raw_size] {
    return Error{Code::kCorruptFile, "a compressed block does not give the expected " +
                                         std::to_string(raw_size) + " bytes"};
  };
  if (ZSTD_getFrameContentSize(compressed.data(), compressed.size()) != raw_size) return corrupt();
  ZSTD_DCtx* const context = decompressor_of_this_thread();
  if (context == nullptr) throw std::bad_alloc();
  Buffer result(raw_size);
  const size_t size = ZSTD_decompressDCtx(context, result.data(), result.size(), compressed.data(),
                                          compressed.size());
  if (ZSTD_isError(size) != 0 || size != raw_size) return corrupt();
  return result;
}

}  // namespace quiver
