/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/arm64/trap.h"

#include "arch/arch.h"

/* Top of the stack on which this hart reports a stack that ran over; vectors.S reads it. */
DEFINE_PER_HART(unsigned long, overflow_sp);

extern char trap_vectors[];

void trap_hart_init(void)
{
	sysreg_write(vbar_el2, (uintptr_t)trap_vectors);
	isb();
}

/* noinstr throughout: it may have been the idle wait that was interrupted. */
noinstr void trap_handle(struct trap_frame *f)
{
	if (unlikely(f->sp != (u64)(uintptr_t)(f + 1)))
		arch_panic_frame("stack overflow", f);
	if (likely(f->kind == TRAP_IRQ))
		trap_irq(f);
	else
		arch_panic_frame("exception in the hypervisor", f);
}
