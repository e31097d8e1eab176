#include "kernel/isa/exact_float.h"
//
#include "kernel/isa/bytes_avx512vnni.h"
#include "kernel/isa/lanes_avx512.h"
#include "kernel/isa/tables.h"
#include "kernel/table-inl.h"

namespace quiver::kernel {

const KernelTable kAvx512VnniTable = make_table<LanesAvx512, BytesAvx512Vnni>("avx512vnni");

}  // namespace quiver::kernel
