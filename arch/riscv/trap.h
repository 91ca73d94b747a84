/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps taken by the hypervisor itself (V=0). A guest's traps never come here: while a guest runs
 * stvec points at the exit path of the world switch (arch/riscv/guest_switch.S).
 */
#ifndef ARCH_RISCV_TRAP_H
#define ARCH_RISCV_TRAP_H

#define TRAP_FRAME_SEPC	   (32 * 8)
#define TRAP_FRAME_SSTATUS (33 * 8)
#define TRAP_FRAME_SCAUSE  (34 * 8)
#define TRAP_FRAME_STVAL   (35 * 8)
#define TRAP_FRAME_SIZE	   (36 * 8)

#ifndef __ASSEMBLER__
#include "lib/compiler.h"
#include "lib/types.h"

struct trap_frame {
	u64 x[32];
	u64 sepc, sstatus, scause, stval;
};

_Static_assert(sizeof(struct trap_frame) == (size_t)TRAP_FRAME_SIZE, "trap.S saves another frame");
_Static_assert(offsetof(struct trap_frame, stval) == (size_t)TRAP_FRAME_STVAL,
	       "trap.S stores elsewhere");

/* From trap.S, interrupts off; RCU may not be watching. noinstr. */
void trap_handle(struct trap_frame *f);

/* What the layer above does with an interrupt: IRQ_S_SOFT, IRQ_S_TIMER, IRQ_S_EXT. It defines this
 * function (hyp/riscv/irq.c). Interrupts off; RCU may not be watching, so it is noinstr. */
void trap_irq(unsigned long irq, struct trap_frame *f);

/* Makes the calling hart take its traps here. Interrupts off. */
void trap_hart_init(void);
#endif
#endif
