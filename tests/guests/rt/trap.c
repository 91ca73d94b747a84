// SPDX-License-Identifier: BSD-2-Clause
/*
 * Traps of a test guest: interrupts are counted and handed to who asked for them; an exception is
 * caught if somebody waits for one and ends the guest otherwise.
 */
#include "rt.h"

#define OFFSET(field, at) _Static_assert(offsetof(struct hart, field) == (at), #field)
OFFSET(x, HART_X);
OFFSET(sstatus, HART_SSTATUS);
OFFSET(scause, HART_SCAUSE);
OFFSET(stval, HART_STVAL);
OFFSET(stack, HART_STACK);
OFFSET(trap_stack, HART_TRAP_STACK);
OFFSET(jmp, HART_JMP);
OFFSET(catching, HART_CATCHING);
OFFSET(id, HART_ID);
OFFSET(entry, HART_ENTRY);
_Static_assert(sizeof(struct hart) == 1 << HART_SIZE_SHIFT, "struct hart");

void trap_handle(struct hart *h);
void trap_nested(u64 scause, u64 sepc, u64 stval);

/* An interrupt nobody handles is made quiet, so that the test can go on and see the count. */
static void handle_irq(struct hart *h, unsigned int cause)
{
	h->irqs[cause]++;
	if (h->on_irq[cause])
		h->on_irq[cause](h);
	else if (cause == IRQ_SOFT)
		csr_clear(sip, 1UL << IRQ_SOFT);
	else
		csr_clear(sie, 1UL << cause);
}

/* Goes back to the caller of trap_try() or trap_run() as if that had returned the cause. */
static void catch_trap(struct hart *h)
{
	struct trap *t = &h->trap;

	for (int i = 0; i < 32; i++)
		t->x[i] = h->x[i];
	t->sepc = h->x[0];
	t->sstatus = h->sstatus;
	t->scause = h->scause;
	t->stval = h->stval;

	h->x[0] = h->jmp[0];
	h->x[1] = h->jmp[0];
	h->x[2] = h->jmp[1];
	h->x[4] = (u64)h;
	h->x[8] = h->jmp[2];
	h->x[9] = h->jmp[3];
	for (int i = 0; i < 10; i++)
		h->x[18 + i] = h->jmp[4 + i];
	h->x[10] = h->scause;
	h->sstatus = (h->sstatus & ~SSTATUS_SPIE) | SSTATUS_SPP;
	if (h->catching & SSTATUS_SIE)
		h->sstatus |= SSTATUS_SPIE;
	h->catching = 0;
}

void trap_handle(struct hart *h)
{
	if (h->scause >> 63) {
		handle_irq(h, h->scause & 15);
		return;
	}
	if (h->catching) {
		catch_trap(h);
		return;
	}
	print("Bail out! hart %u: unexpected trap: scause %lu sepc 0x%lx stval 0x%lx ra 0x%lx\n",
	      h->index, h->scause, h->x[0], h->stval, h->x[1]);
	power_off(1);
}

void trap_nested(u64 scause, u64 sepc, u64 stval)
{
	print("Bail out! trap in the trap handler: scause 0x%lx sepc 0x%lx stval 0x%lx\n", scause,
	      sepc, stval);
	power_off(1);
}
