#include "kernel/isa/exact_float.h"
//
#include "kernel/isa/bytes_wasm128.h"
#include "kernel/isa/lanes_wasm128.h"
#include "kernel/isa/tables.h"
#include "kernel/table-inl.h"

namespace quiver::kernel {

const KernelTable kWasm128Table = make_table<LanesWasm128, BytesWasm128>("wasm128");

}  // namespace quiver::kernel
