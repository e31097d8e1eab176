#include "kernel/isa/exact_float.h"
//
#include "kernel/batch-inl.h"
#include "kernel/code-inl.h"
#include "kernel/cosine-inl.h"
#include "kernel/ip-inl.h"
#include "kernel/isa/lanes_avx2.h"
#include "kernel/isa/tables.h"
#include "kernel/l2-inl.h"

namespace quiver::kernel {

const KernelTable kAvx2Table = {
    "avx2",
    l2<LanesAvx2>,
    inner_product<LanesAvx2>,
    cosine<LanesAvx2>,
    l2_batch<LanesAvx2, l2<LanesAvx2>>,
    inner_product_batch<LanesAvx2, inner_product<LanesAvx2>>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u4>,
};

}  // namespace quiver::kernel
