/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/arm64/hart.h"

#include "arch/arch.h"
#include "arch/arm64/gic.h"

DEFINE_PER_HART(unsigned int, hart_index);
DEFINE_PER_HART(volatile u32 *, gic_private);

char *hart_areas[HARTS_MAX];
static u64 mpidrs[HARTS_MAX]; /* the fields of affinity */
static unsigned int added, up;

unsigned int hart_add(u64 mpidr, void *area)
{
	char *own = (char *)&this_hart(hart_index);

	mpidrs[added] = mpidr;
	hart_areas[added] = area;
	*(unsigned int *)(void *)(hart_areas[added] + (own - hart_areas[0])) = added;
	return added++;
}

void hart_drop(void)
{
	added--;
}

void hart_set_count(unsigned int n)
{
	WRITE_ONCE(up, n);
}

u64 arch_hart_id(unsigned int index)
{
	return mpidrs[index];
}

unsigned int arch_hart_count(void)
{
	return READ_ONCE(up);
}

void arch_kick(unsigned int i)
{
	/* Order: what the caller stored, before the interrupt goes out; a write to a system register is
	 * behind earlier stores after a DSB alone. Pairs with: gic_ack() [A2] */
	dsb(ishst);
	gic_send_sgi(mpidrs[i], GIC_SGI_KICK);
}

/* A kick is an interrupt always. */
void arch_kick_handler(unsigned int i)
{
	arch_kick(i);
}

/* WFI goes on for a pending physical interrupt whatever PSTATE.I says (DDI 0487, "Wait for Interrupt
 * mechanism and low-power state"), so one that came after the last look counts. */
noinstr void arch_wait(void)
{
	dsb(sy);
	__asm__ volatile("wfi" ::: "memory");
}
