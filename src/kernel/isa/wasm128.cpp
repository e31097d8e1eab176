#include "kernel/isa/exact_float.h"
//
#include "kernel/batch-inl.h"
#include "kernel/code-inl.h"
#include "kernel/cosine-inl.h"
#include "kernel/ip-inl.h"
#include "kernel/isa/lanes_wasm128.h"
#include "kernel/isa/tables.h"
#include "kernel/l2-inl.h"

namespace quiver::kernel {

const KernelTable kWasm128Table = {
    "wasm128",
    l2<LanesWasm128>,
    inner_product<LanesWasm128>,
    cosine<LanesWasm128>,
    l2_batch<LanesWasm128, l2<LanesWasm128>>,
    inner_product_batch<LanesWasm128, inner_product<LanesWasm128>>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u4>,
};

}  // namespace quiver::kernel
