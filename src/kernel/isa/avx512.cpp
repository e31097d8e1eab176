#include "kernel/isa/exact_float.h"
//
#include "kernel/batch-inl.h"
#include "kernel/code-inl.h"
#include "kernel/cosine-inl.h"
#include "kernel/ip-inl.h"
#include "kernel/isa/lanes_avx512.h"
#include "kernel/isa/tables.h"
#include "kernel/l2-inl.h"

namespace quiver::kernel {

const KernelTable kAvx512Table = {
    "avx512",
    l2<LanesAvx512>,
    inner_product<LanesAvx512>,
    cosine<LanesAvx512>,
    l2_batch<LanesAvx512, l2<LanesAvx512>>,
    inner_product_batch<LanesAvx512, inner_product<LanesAvx512>>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u4>,
};

}  // namespace quiver::kernel
