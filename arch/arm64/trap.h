/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions taken at EL2 from EL2. A guest's come by other vectors of the same table
 * (arch/arm64/guest_switch.S), so that nothing has to be swapped at an entry.
 */
#ifndef ARCH_ARM64_TRAP_H
#define ARCH_ARM64_TRAP_H

#define TRAP_FRAME_SP	(31 * 8)
#define TRAP_FRAME_PC	(32 * 8)
#define TRAP_FRAME_SPSR (33 * 8)
#define TRAP_FRAME_ESR	(34 * 8)
#define TRAP_FRAME_FAR	(35 * 8)
#define TRAP_FRAME_KIND (36 * 8)
#define TRAP_FRAME_SIZE (38 * 8)

/* Which vector. */
#define TRAP_SYNC   0
#define TRAP_IRQ    1
#define TRAP_FIQ    2
#define TRAP_SERROR 3

#ifndef __ASSEMBLER__
#include "lib/compiler.h"
#include "lib/types.h"

struct trap_frame {
	u64 x[31];
	u64 sp, pc, spsr, esr, far, kind, pad;
};

_Static_assert(sizeof(struct trap_frame) == (size_t)TRAP_FRAME_SIZE,
	       "vectors.S saves another frame");
_Static_assert(offsetof(struct trap_frame, kind) == (size_t)TRAP_FRAME_KIND,
	       "vectors.S stores elsewhere");

/* From vectors.S, interrupts off; RCU may not be watching. noinstr. */
void trap_handle(struct trap_frame *f);

/* What the layer above does with an interrupt. It defines this function (hyp/arm64/irq.c). Interrupts off;
 * RCU may not be watching, so it is noinstr. */
void trap_irq(struct trap_frame *f);

/* Makes the calling hart take its exceptions here. Interrupts off. */
void trap_hart_init(void);
#endif
#endif
