#include "kernel/isa/exact_float.h"
//
#include "kernel/isa/bytes_x86.h"
#include "kernel/isa/lanes_avx2.h"
#include "kernel/isa/regs_avx2.h"
#include "kernel/isa/tables.h"
#include "kernel/table-inl.h"

namespace quiver::kernel {

const KernelTable kAvx2Table = make_table<LanesAvx2, BytesX86<RegsAvx2>>("avx2");

}  // namespace quiver::kernel
