/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/hart.h"

#include "arch/arch.h"
#include "sbi/fw.h"

DEFINE_PER_HART(unsigned int, hart_index);

static struct {
	u64 id;
	char *area;
} harts[HARTS_MAX];
static unsigned int added, up;

extern char __tls_size[];

size_t hart_area_size(void)
{
	return (size_t)__tls_size;
}

unsigned int hart_add(u64 id, void *area)
{
	harts[added].id = id;
	harts[added].area = area;
	*(unsigned int *)(void *)((char *)area + ((char *)&this_hart(hart_index) - harts[0].area)) =
		added;
	return added++;
}

void hart_drop_last(void)
{
	added--;
}

char *hart_area(void)
{
	return harts[arch_hart_index()].area;
}

void hart_set_count(unsigned int n)
{
	WRITE_ONCE(up, n);
}

u64 hart_id(unsigned int index)
{
	return harts[index].id;
}

unsigned int arch_hart_count(void)
{
	return READ_ONCE(up);
}

ptrdiff_t arch_per_hart_delta(unsigned int i)
{
	return harts[i].area - harts[arch_hart_index()].area;
}

void arch_kick(unsigned int i)
{
	/* Order: what the caller stored, before the interrupt goes out. The other hart's trap is
	 * the other side. Pairs with: the trap itself [A2] */
	__asm__ volatile("fence w, o" ::: "memory");
	fw_send_ipi(1, harts[i].id);
}

/* WFI with interrupts off goes on as soon as one is pending and enabled in sie (privileged
 * specification 20240411, "Wait for Interrupt"), so one that came after the last look counts. */
noinstr void arch_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
}
