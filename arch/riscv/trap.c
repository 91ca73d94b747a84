/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/trap.h"

#include "arch/arch.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/extable.h"

/* Top of the stack on which this hart reports a stack that ran over; trap.S reads it. */
DEFINE_PER_HART(unsigned long, overflow_sp);

extern char trap_entry[];

void trap_hart_init(void)
{
	csr_write(stvec, trap_entry);
}

/* noinstr throughout: it may have been the idle wait that was interrupted. */
noinstr void trap_handle(struct trap_frame *f)
{
	uintptr_t fixup;

	if (unlikely(f->x[2] != (u64)(uintptr_t)(f + 1)))
		arch_panic_frame("stack overflow", f);
	if (f->scause & SCAUSE_IRQ) {
		trap_irq(f->scause & ~SCAUSE_IRQ, f);
		return;
	}
	fixup = extable_find(f->sepc);
	if (!fixup)
		arch_panic_frame("trap in the hypervisor", f);
	f->sepc = fixup;
}
