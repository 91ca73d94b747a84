// SPDX-License-Identifier: BSD-2-Clause
/*
 * The guest of `make demo` (tools/demo): one small thing after the other, with a mark before each. A
 * mark is a call of an SBI extension that nobody has, from the space for experiments; its function
 * number says which part begins. It has no Sstc, so that its timer is the hypervisor's.
 * tests/demo/host_demo.c does the same on the other architecture.
 */
#include "demo-times.h"
#include "rt.h"

#define EXT_MARK 0x08000000
#define STIP	 (1UL << IRQ_TIMER)

static void mark(u64 part)
{
	(void)sbi(EXT_MARK, part);
}

/* Interrupts stay off in sstatus: what is pending can be seen, and ends a WFI. */
static void timer_in(u64 ticks)
{
	sbi_set_timer(now() + ticks);
}

static bool timer_pending(void)
{
	return csr_read(sip) & STIP;
}

void guest_main(void)
{
	volatile u32 *priority = (volatile u32 *)(machine.plic + 4);
	u64 start = now();

	/* The other hart starts its own VM meanwhile; QEMU runs one at a time, and its turn is ours lost. */
	while (now() < start + ms(DEMO_BEGINS_MS))
		;
	csr_write(sie, STIP);
	mark(0); /* enter */
	mark(1); /* tick */
	timer_in(ms(DEMO_TIMER_MS));
	while (!timer_pending())
		;
	mark(2);					/* call */
	(void)sbi(SBI_EXT_BASE, BASE_GET_SPEC_VERSION); /* answered inside the run */
	(void)sbi(SBI_EXT_DBCN, DBCN_WRITE);
	mark(3); /* fault */
	*priority = *priority;
	mark(4); /* idle */
	timer_in(ms(DEMO_TIMER_MS));
	while (!timer_pending())
		wfi();
	mark(5); /* grace period: the other VM ends meanwhile */
	while (now() < start + ms(DEMO_ENDS_MS))
		;
	mark(6);
	power_off(0);
}
