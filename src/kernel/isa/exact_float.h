#pragma once

// Every instruction set must give the same bits, so each float operation is rounded on its own.
// This header comes first in every file of isa/: it refuses the compiler modes that would break
// that. g++ takes -ffp-contract=off from the build; the others are also told here.

#if defined(__FAST_MATH__)
#error "the kernels need IEEE arithmetic: build without -ffast-math"
#endif

#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 2
#error "the kernels need float arithmetic in float registers: build without x87"
#endif

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif
