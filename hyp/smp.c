/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/smp.h"

#include "arch/riscv/hart.h"
#include "arch/riscv/trap.h"
#include "arch/riscv/vcpu.h"
#include "entry/vtime.h"
#include "hyp/features.h"
#include "hyp/hostmap.h"
#include "hyp/irq.h"
#include "hyp/kmem.h"
#include "hyp/memmap.h"
#include "hyp/reset.h"
#include "hyp/stack.h"
#include "hyp/timer.h"
#include "lib/log.h"
#include "lib/trace.h"
#include "rcu/rcu.h"
#include "sbi/fw.h"

#define START_TIMEOUT_S 2

enum hart_boot_state {
	HART_AWAITED,
	HART_CAME,     /* it is at work on itself */
	HART_DONE,     /* it is up, or has said what it lacks */
	HART_GIVEN_UP, /* nobody waits any more: it has no index, and must not go on */
};

/* What a hart finds at the address in a1; head.S reads it with paging off. */
struct hart_boot {
	u64 satp, tp, sp, fn;
	/* How it went: written by the new hart, read by the one that waits. */
	const char *lacks;
	u32 state; /* enum hart_boot_state */
	struct thread self;
};

DECLARE_PER_HART(unsigned long, overflow_sp);
DECLARE_PER_HART(struct hart_boot *, hart_boot);
DEFINE_PER_HART(struct hart_boot *, hart_boot);

extern char secondary_start[];

void smp_hart_init(struct thread *self, const char *name)
{
	struct trace_rec *ring = trace_any() ? kmem_alloc(sizeof(*ring) * TRACE_RING) : NULL;
	void *stack = stack_alloc();

	CHECK(stack);
	this_hart(overflow_sp) = (uintptr_t)stack + STACK_SIZE;
	trace_hart_init(ring);
	rcu_hart_init();
	vtime_hart_init();
	timer_hart_init();
	thread_hart_init(self, name);
	vcpu_hart_init();
	irq_hart_init();
	irq_on();
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

void smp_idle(void)
{
	for (;;)
		(void)thread_wait(never, NULL, TIMER_NEVER);
}

/* The new hart and the one that waits for it agree on whether it came in time. */
static bool leave_awaited(struct hart_boot *b, u32 state)
{
	u32 awaited = HART_AWAITED;

	/* Order: the one side's last look at the state, before what it does because it won; of two
	 * that try one wins. Pairs with: itself, on the other hart [B3] */
	return __atomic_compare_exchange_n(&b->state, &awaited, state, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* A hart that is not used stops; where the firmware will not have that, it does nothing. */
__noreturn static void leave(void)
{
	(void)fw_hart_stop();
	machine_halt();
}

/* A new hart's first C, on its own stack and area, interrupts off. */
static void secondary_main(void)
{
	struct hart_boot *b = this_hart(hart_boot);

	trap_hart_init();
	if (!leave_awaited(b, HART_CAME))
		leave();
	b->lacks = features_check_hart();
	if (b->lacks) {
		/* Order: why, before done. Pairs with: wait_for() [B1] */
		arch_store_release(&b->state, HART_DONE);
		leave();
	}
	hart_set_count(arch_hart_index() + 1);
	smp_hart_init(&b->self, "boot");
	/* Order: the hart works, before done. Pairs with: wait_for() [B1] */
	arch_store_release(&b->state, HART_DONE);
	smp_idle();
}

/* False: the hart did not come in time, and will not be used if it still does. */
static bool wait_for(struct hart_boot *b)
{
	u64 end = arch_clock() + START_TIMEOUT_S * arch_clock_hz();

	/* Order: done, before what it stands for is read.
	 * Pairs with: secondary_main() [B1] */
	while (arch_load_acquire(&b->state) != HART_DONE) {
		if (arch_clock() > end && leave_awaited(b, HART_GIVEN_UP))
			return false;
		arch_relax();
	}
	return true;
}

/* Prepares what the hart needs. Its memory is never given back: a hart that was asked to start may
 * do so late. */
static struct hart_boot *prepare(u64 id, unsigned int *index)
{
	struct hart_boot *b = kmem_alloc(sizeof(*b));
	char *area = kmem_alloc(hart_area_size());
	void *stack = stack_alloc();

	if (!b || !area || !stack) {
		kmem_free(b);
		kmem_free(area);
		if (stack)
			stack_free(stack);
		return NULL;
	}
	*index = hart_add(id, area);
	*(struct hart_boot **)(void *)(area + ((char *)&this_hart(hart_boot) - hart_area())) = b;
	b->satp = hostmap_satp();
	b->tp = (u64)(uintptr_t)area;
	b->sp = (u64)(uintptr_t)stack + STACK_SIZE;
	b->fn = (u64)(uintptr_t)secondary_main;
	return b;
}

static void start(u64 id)
{
	unsigned int index;
	struct hart_boot *b = prepare(id, &index);
	bool came = false;
	int e;

	if (!b) {
		log_error("hart %llu: no memory to start it", (unsigned long long)id);
		return;
	}
	/* Order: what head.S and the hart's first C read, before the call that lets it run; on that
	 * side it is the start itself, and SFENCE.VMA for the tables. Pairs with: secondary_start [B2] */
	arch_mb();
	e = fw_hart_start(id, image_to_hpa(secondary_start), va_to_hpa(b).a);
	if (!e)
		came = wait_for(b);
	if (came && !b->lacks)
		return;
	if (e)
		log_warn("hart %llu left out: the firmware does not start it: %s",
			 (unsigned long long)id, err_name(e));
	else if (came)
		log_warn("hart %llu left out: it lacks %s", (unsigned long long)id, b->lacks);
	else
		log_warn("hart %llu left out: the firmware says it starts, but it does not come",
			 (unsigned long long)id);
	hart_drop_last();
}

void smp_start(const struct platform *p)
{
	u64 self = hart_id(arch_hart_index());

	for (u32 i = 0; i < p->harts && arch_hart_count() < HARTS_MAX; i++)
		if (p->hart[i].usable && p->hart[i].id != self)
			start(p->hart[i].id);
	log_info("%u hart%s up", arch_hart_count(), arch_hart_count() == 1 ? "" : "s");
}
