#pragma once

#include "kernel/table.h"

// One table an instruction set, defined in isa/. Which of them a build contains is decided by its
// platform, see dispatch.cpp.
namespace quiver::kernel {

extern const KernelTable kScalarTable;
extern const KernelTable kSse4Table;
extern const KernelTable kAvx2Table;
extern const KernelTable kAvx512Table;
extern const KernelTable kNeonTable;
extern const KernelTable kWasm128Table;

}  // namespace quiver::kernel
