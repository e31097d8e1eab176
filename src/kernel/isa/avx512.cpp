#include "kernel/isa/exact_float.h"
//
#include "kernel/isa/bytes_x86.h"
#include "kernel/isa/lanes_avx512.h"
#include "kernel/isa/regs_avx512.h"
#include "kernel/isa/tables.h"
#include "kernel/table-inl.h"

namespace quiver::kernel {

const KernelTable kAvx512Table = make_table<LanesAvx512, BytesX86<RegsAvx512>>("avx512");

}  // namespace quiver::kernel
