/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exception table: instructions of the hypervisor that may fault, and where to go on when they
 * do. One mechanism for CSR probes and HLV/HLVX; the trap handler has no special
 * cases.
 */
#ifndef ARCH_RISCV_EXTABLE_H
#define ARCH_RISCV_EXTABLE_H

/* In inline asm or assembly: a fault at label `from` goes on at label `to`. */
#define EX_TABLE(from, to)                 \
	".pushsection __ex_table, \"a\"\n" \
	".balign 8\n"                      \
	".dword " #from ", " #to "\n"      \
	".popsection\n"

#ifndef __ASSEMBLER__
#include "lib/types.h"

/* Where to go on after a fault at pc, or 0 when a fault there is limen's own error. Any context;
 * noinstr. */
uintptr_t extable_find(uintptr_t pc);
#endif
#endif
