/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to CSRs that may not be there. A CSR that is not traps; the exception table brings the
 * probe back with false. Any context once traps are set up.
 */
#ifndef ARCH_RISCV_PROBE_H
#define ARCH_RISCV_PROBE_H

#include "arch/riscv/csr.h"
#include "arch/riscv/extable.h"
#include "lib/types.h"

/* Reads a CSR into *out; false when there is none. */
#define csr_try_read(name, out)                                                             \
	({                                                                                  \
		unsigned long v_ = 0, ok_ = 0;                                              \
		__asm__ volatile("1: csrr %0, " CSR_STR(CSR_##name) "\n"                    \
								    "li %1, 1\n"            \
								    "2:\n" EX_TABLE(1b, 2b) \
				 : "+r"(v_), "+r"(ok_)::"memory");                          \
		*(out) = v_;                                                                \
		ok_ != 0;                                                                   \
	})

/* Reads a CSR into *out and writes 0, as one that is not to be read alone wants; false when it
 * traps. */
#define csr_try_swap(name, out)                                                              \
	({                                                                                   \
		unsigned long v_ = 0, ok_ = 0;                                               \
		__asm__ volatile("1: csrrw %0, " CSR_STR(CSR_##name) ", zero\n"              \
								     "li %1, 1\n"            \
								     "2:\n" EX_TABLE(1b, 2b) \
				 : "+r"(v_), "+r"(ok_)::"memory");                           \
		*(out) = v_;                                                                 \
		ok_ != 0;                                                                    \
	})

/* Writes a CSR; false when it traps. */
#define csr_try_write(name, val)                                                        \
	({                                                                              \
		unsigned long ok_ = 0;                                                  \
		__asm__ volatile("1: csrw " CSR_STR(CSR_##name) ", %1\n"                \
								"li %0, 1\n"            \
								"2:\n" EX_TABLE(1b, 2b) \
				 : "+r"(ok_)                                            \
				 : "r"((unsigned long)(val))                            \
				 : "memory");                                           \
		ok_ != 0;                                                               \
	})

#endif
