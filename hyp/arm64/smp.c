/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart is counted before its first reader (rcu_hart_init()), and is counted only once it is there: so it
 * waits, between coming up and going to work, for the boot hart to count it. Tag: [B1] the steps of that.
 */
#include "hyp/arm64/smp.h"

#include "arch/arm64/hart.h"
#include "arch/arm64/trap.h"
#include "arch/arm64/vcpu.h"
#include "entry/vtime.h"
#include "hyp/arm64/gic.h"
#include "hyp/arm64/psci.h"
#include "hyp/arm64/tree.h"
#include "hyp/mem/kmem.h"
#include "hyp/mem/stack.h"
#include "hyp/sched/timer.h"
#include "lib/check.h"
#include "lib/irq.h"
#include "lib/log.h"

#define START_TIMEOUT_S 5
#define MPIDR_AFFINITY	0xff00ffffffUL

enum hart_boot_state {
	HART_AWAITED,
	HART_CAME,     /* it waits to be counted */
	HART_ADMITTED, /* it is */
	HART_DONE,     /* it is up */
	HART_GIVEN_UP, /* nobody waits any more: it must not go on */
};

/* head.S reads the first three, the MMU on. */
struct hart_boot {
	u64 tp, sp, fn;
	u32 state; /* enum hart_boot_state */
	struct thread self;
};

DECLARE_PER_HART(unsigned long, overflow_sp);
static DEFINE_PER_HART(struct hart_boot *, hart_boot);

extern char secondary_start[], boot_hart_area[];

void smp_hart_init(struct thread *self)
{
	struct trace_rec *ring = trace_any() ? kmem_alloc(sizeof(*ring) * TRACE_RING) : NULL;
	void *stack = stack_alloc();

	CHECK(stack);
	this_hart(overflow_sp) = (uintptr_t)stack + STACK_SIZE;
	trace_hart_init(ring);
	rcu_hart_init();
	vtime_hart_init();
	timer_hart_init();
	thread_hart_init(self, "boot");
	/* Before vcpu_hart_init(): the virtual interface is there for who has system registers. */
	CHECK(!gic_hart_init());
	vcpu_hart_init();
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

static u32 state_of(struct hart_boot *b)
{
	/* Order: a state, before what it stands for is read. Pairs with: change() [B1] */
	return arch_load_acquire(&b->state);
}

static bool change(struct hart_boot *b, u32 from, u32 to)
{
	/* Order: what led to a state, before the state; of two changes one wins.
	 * Pairs with: state_of() [B1] */
	return __atomic_compare_exchange_n(&b->state, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* A new hart's first C, on its own stack and area, interrupts off. */
static void secondary_main(void)
{
	struct hart_boot *b = this_hart(hart_boot);

	trap_hart_init();
	if (!change(b, HART_AWAITED, HART_CAME))
		for (;;)
			__asm__ volatile("wfi");
	while (state_of(b) != HART_ADMITTED)
		arch_relax();
	smp_hart_init(&b->self);
	(void)change(b, HART_ADMITTED, HART_DONE);
	smp_idle();
}

static bool await(struct hart_boot *b, u32 state)
{
	u64 end = arch_clock() + START_TIMEOUT_S * arch_clock_hz();

	while (state_of(b) == state)
		if (arch_clock() > end)
			return false;
		else
			arch_relax();
	return true;
}

/* Its memory is never given back: a hart that was asked to start may do so late. */
static bool start(u64 mpidr)
{
	struct hart_boot *b = kmem_alloc(sizeof(*b));
	char *area = kmem_alloc(HART_AREA);
	char *stack = stack_alloc();
	unsigned int index;
	s64 e;

	if (!b || !area || !stack)
		return false;
	index = hart_add(mpidr, area);
	*(struct hart_boot **)(void *)(area + ((char *)&this_hart(hart_boot) - boot_hart_area)) = b;
	*b = (struct hart_boot){.tp = (uintptr_t)area,
				.sp = (uintptr_t)stack + STACK_SIZE,
				.fn = (uintptr_t)secondary_main};
	/* Order: what head.S and the hart's first C read, before the call that lets it run; it is turned on
	 * behind that. Pairs with: secondary_start [B2] */
	dsb(ish);
	e = psci_cpu_on(mpidr, (uintptr_t)secondary_start, (uintptr_t)b);
	if (e || (!await(b, HART_AWAITED) && change(b, HART_AWAITED, HART_GIVEN_UP))) {
		hart_drop();
		return false;
	}
	hart_set_count(index + 1);
	(void)change(b, HART_CAME, HART_ADMITTED);
	while (state_of(b) != HART_DONE)
		arch_relax();
	return true;
}

static u64 cpu_mpidr(const void *reg, u32 len)
{
	return len == 4 ? __builtin_bswap32(*(const u32 *)reg) : tree_u64(reg, len, 0);
}

void smp_start(const void *fdt)
{
	const void *reg;
	u32 len;

	for (unsigned int i = 0; (reg = tree_find(fdt, "cpus", "cpu", i, "reg", &len)); i++) {
		u64 mpidr = cpu_mpidr(reg, len);

		if (mpidr == arch_hart_id(0) || arch_hart_count() == HARTS_MAX)
			continue;
		if (!start(mpidr))
			log_warn("hart %lx left out: it does not come", mpidr);
	}
	log_info("%u hart%s up", arch_hart_count(), arch_hart_count() == 1 ? "" : "s");
}
