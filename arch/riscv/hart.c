/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/hart.h"

#include "arch/arch.h"
#include "sbi/fw.h"

DEFINE_PER_HART(unsigned int, hart_index);
DEFINE_PER_HART(u32, kick_topei);
DEFINE_PER_HART(u32, kick_wants_handler);

static struct {
	u64 id;
	volatile u32 *kick; /* a store here kicks it; NULL: the firmware does */
} harts[HARTS_MAX];
char *hart_areas[HARTS_MAX];
static u32 kick_identity;
static unsigned int added, up;

extern char __tls_size[];

size_t hart_area_size(void)
{
	return (size_t)__tls_size;
}

static void tell_index(unsigned int i)
{
	char *own = (char *)&this_hart(hart_index);

	*(unsigned int *)(void *)(hart_areas[i] + (own - hart_areas[0])) = i;
}

unsigned int hart_add(u64 id, void *area)
{
	harts[added].id = id;
	hart_areas[added] = area;
	tell_index(added);
	return added++;
}

void hart_drop(unsigned int index)
{
	added--;
	for (unsigned int i = index; i < added; i++) {
		harts[i] = harts[i + 1];
		hart_areas[i] = hart_areas[i + 1];
		tell_index(i);
	}
}

char *hart_area(void)
{
	return hart_areas[arch_hart_index()];
}

void hart_set_count(unsigned int n)
{
	WRITE_ONCE(up, n);
}

u64 arch_hart_id(unsigned int index)
{
	return harts[index].id;
}

unsigned int arch_hart_count(void)
{
	return READ_ONCE(up);
}

void hart_set_kick(unsigned int index, volatile u32 *reg, u32 identity)
{
	this_hart(kick_topei) = identity << TOPEI_ID_SHIFT | identity;
	WRITE_ONCE(kick_identity, identity);
	/* Order: the identity, before the register that it is for.
	 * Pairs with: arch_kick() [A3] */
	arch_store_release(&harts[index].kick, reg);
}

/* Unordered sip: to itself, and its own trap finds what it stored before. */
void arch_kick(unsigned int i)
{
	volatile u32 *reg;

	if (i == arch_hart_index()) {
		csr_set(sip, SIP_SSIP);
		return;
	}
	/* Order: the register, before the identity that goes there, and a store to it; so the file has been
	 * set up [A5]. Pairs with: hart_set_kick() [A3] */
	reg = arch_load_acquire(&harts[i].kick);
	/* Order: what the caller stored, before the interrupt goes out. The other hart's trap is
	 * the other side. Pairs with: the trap itself [A2] */
	__asm__ volatile("fence w, o" ::: "memory");
	if (reg)
		*reg = READ_ONCE(kick_identity);
	else
		fw_send_ipi(1, harts[i].id);
}

void arch_kick_handler(unsigned int i)
{
	/* Order: what the handler is wanted for, before that it is; and that, before the kick, by the
	 * fence there. Pairs with: arch_kick_take(), hart_kicked() [A4] */
	arch_store_release(&per_hart(kick_wants_handler, i), 1);
	arch_kick(i);
}

void hart_kicked(void)
{
	/* Order: the kick is taken, in sip or the interrupt file, before it is read what it was for: another
	 * one that comes meanwhile is not the same any more. Pairs with: arch_kick() [A2],
	 * arch_kick_handler() [A4] */
	csr_mb();
	/* Order: that it was wanted is forgotten, before it is looked what for.
	 * Pairs with: arch_kick_handler() [A4] */
	if (READ_ONCE(this_hart(kick_wants_handler)))
		(void)__atomic_exchange_n(&this_hart(kick_wants_handler), 0, __ATOMIC_ACQUIRE);
}

/* WFI with interrupts off goes on as soon as one is pending and enabled in sie (privileged
 * specification 20240411, "Wait for Interrupt"), so one that came after the last look counts. */
noinstr void arch_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
}
