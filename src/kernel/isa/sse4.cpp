#include "kernel/isa/exact_float.h"
//
#include "kernel/isa/bytes_x86.h"
#include "kernel/isa/lanes_sse4.h"
#include "kernel/isa/regs_sse4.h"
#include "kernel/isa/tables.h"
#include "kernel/table-inl.h"

namespace quiver::kernel {

const KernelTable kSse4Table = make_table<LanesSse4, BytesX86<RegsSse4>>("sse4");

}  // namespace quiver::kernel
