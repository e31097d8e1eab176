#include "kernel/isa/exact_float.h"
//
#include "kernel/batch-inl.h"
#include "kernel/code-inl.h"
#include "kernel/cosine-inl.h"
#include "kernel/ip-inl.h"
#include "kernel/isa/lanes_sse4.h"
#include "kernel/isa/tables.h"
#include "kernel/l2-inl.h"

namespace quiver::kernel {

const KernelTable kSse4Table = {
    "sse4",
    l2<LanesSse4>,
    inner_product<LanesSse4>,
    cosine<LanesSse4>,
    l2_batch<LanesSse4, l2<LanesSse4>>,
    inner_product_batch<LanesSse4, inner_product<LanesSse4>>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u8>,
    kCodeKernel<code_l2_u4>,
};

}  // namespace quiver::kernel
