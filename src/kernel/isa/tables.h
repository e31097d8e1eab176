#pragma once

#include "kernel/table.h"

namespace quiver::kernel {

// One per file of isa/. A build contains those of its architecture; dispatch.cpp names them.
extern const KernelTable kScalarTable;
extern const KernelTable kSse4Table;
extern const KernelTable kAvx2Table;
extern const KernelTable kAvx512Table;
extern const KernelTable kAvx512VnniTable;
extern const KernelTable kNeonTable;
extern const KernelTable kWasm128Table;

}  // namespace quiver::kernel
