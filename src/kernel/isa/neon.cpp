#include "kernel/isa/exact_float.h"
//
#include "kernel/batch-inl.h"
#include "kernel/code-inl.h"
#include "kernel/cosine-inl.h"
#include "kernel/ip-inl.h"
#include "kernel/isa/lanes_neon.h"
#include "kernel/isa/tables.h"
#include "kernel/l2-inl.h"

namespace quiver::kernel {

const KernelTable kNeonTable = {
    "neon",
    l2<LanesNeon>,
    inner_product<LanesNeon>,
    cosine<LanesNeon>,
    l2_batch<LanesNeon, l2<LanesNeon>>,
    inner_product_batch<LanesNeon, inner_product<LanesNeon>>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u4>,
};

}  // namespace quiver::kernel
