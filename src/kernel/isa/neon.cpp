#include "kernel/isa/exact_float.h"
//
#include "kernel/isa/bytes_neon.h"
#include "kernel/isa/lanes_neon.h"
#include "kernel/isa/tables.h"
#include "kernel/table-inl.h"

namespace quiver::kernel {

const KernelTable kNeonTable = make_table<LanesNeon, BytesNeon>("neon");

}  // namespace quiver::kernel
