/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/machine/smp.h"

#include "arch/riscv/hart.h"
#include "arch/riscv/trap.h"
#include "arch/riscv/vcpu.h"
#include "entry/vtime.h"
#include "hyp/irq/hostirq.h"
#include "hyp/machine/mmio.h"
#include "hyp/machine/reset.h"
#include "hyp/mem/kmem.h"
#include "hyp/mem/memmap.h"
#include "hyp/mem/stack.h"
#include "hyp/riscv/features.h"
#include "hyp/riscv/hostmap.h"
#include "hyp/riscv/imsic.h"
#include "hyp/riscv/irq.h"
#include "hyp/riscv/vsfile.h"
#include "hyp/sched/timer.h"
#include "lib/log.h"
#include "lib/trace.h"
#include "rcu/rcu.h"
#include "sbi/fw.h"

/* How long to wait without any hart having come meanwhile: all start at once, and on an emulated machine
 * they share few processors, so that the first of many is as late as the last. */
#define START_TIMEOUT_S	       2
#define START_HARTS_PER_SECOND 16

/* A hart's way up. The boot hart goes from AWAITED to GIVEN_UP and from READY to ADMITTED, the new
 * one all other steps. */
enum hart_boot_state {
	HART_AWAITED,
	HART_CAME,     /* it is at work on itself */
	HART_READY,    /* it waits for its index */
	HART_ADMITTED, /* it has one */
	HART_DONE,     /* it is up */
	HART_LACKS,    /* it has said what it lacks, and leaves */
	HART_GIVEN_UP, /* nobody waits any more: it has no index, and must not go on */
};

/* What a hart finds at the address in a1; head.S reads it with paging off. */
struct hart_boot {
	u64 satp, tp, sp, fn;
	u64 id;
	void *overflow_stack;
	struct hart_boot *next;
	/* How it went: written by the new hart, read by the one that waits. */
	const char *lacks;
	u32 state; /* enum hart_boot_state */
	struct thread self;
};

DECLARE_PER_HART(unsigned long, overflow_sp);
DECLARE_PER_HART(struct hart_boot *, hart_boot);
DEFINE_PER_HART(struct hart_boot *, hart_boot);

extern char secondary_start[];

void smp_hart_init(struct thread *self, const char *name, void *overflow_stack)
{
	struct trace_rec *ring = trace_any() ? kmem_alloc(sizeof(*ring) * TRACE_RING) : NULL;
	void *stack = overflow_stack ? overflow_stack : stack_alloc();

	CHECK(stack);
	this_hart(overflow_sp) = (uintptr_t)stack + STACK_SIZE;
	trace_hart_init(ring);
	rcu_hart_init();
	vtime_hart_init();
	timer_hart_init();
	thread_hart_init(self, name);
	vcpu_hart_init();
	if (imsic_here())
		vsfile_hart_init();
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

/* The new hart and the boot hart agree on whether it came in time. */
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

/* Sleeps until the boot hart has given this one its index, and kicks it. */
static void await_index(struct hart_boot *b)
{
	csr_write(sie, SIP_SSIP);
	/* Order: the index, before it is used. Pairs with: admit_all() [B4] */
	while (arch_load_acquire(&b->state) != HART_ADMITTED) {
		arch_wait();
		csr_clear(sip, SIP_SSIP);
		/* Order: the kick is taken, in sip, before the state is read: or the one that comes with
		 * the state would be taken with it unread, and no other comes.
		 * Pairs with: admit_all() [B5] */
		mmio_mb();
	}
	csr_write(sie, 0);
}

/* A new hart's first C, on its own stack and area, interrupts off. */
static void secondary_main(void)
{
	struct hart_boot *b = this_hart(hart_boot);

	trap_hart_init();
	if (!leave_awaited(b, HART_CAME))
		leave();
	b->lacks = features_check_hart();
	/* Order: what it lacks, before the state that says so. Pairs with: state_of() [B1] */
	arch_store_release(&b->state, b->lacks ? HART_LACKS : HART_READY);
	if (b->lacks)
		leave();
	await_index(b);
	hostirq_hart_init();
	smp_hart_init(&b->self, "boot", b->overflow_stack);
	/* Order: the hart works, before done. Pairs with: state_of() [B1] */
	arch_store_release(&b->state, HART_DONE);
	smp_idle();
}

static u32 state_of(struct hart_boot *b)
{
	/* Order: a state, before what it stands for is read.
	 * Pairs with: secondary_main() [B1] */
	return arch_load_acquire(&b->state);
}

static void free_boot(struct hart_boot *b, char *area, void *stack)
{
	kmem_free(area);
	if (stack)
		stack_free(stack);
	if (b && b->overflow_stack)
		stack_free(b->overflow_stack);
	kmem_free(b);
}

/* Prepares what the hart needs, and its place behind those before it. From the start of the first
 * one on its memory is never given back: a hart that was asked to start may do so late. */
static struct hart_boot *prepare(u64 id)
{
	struct hart_boot *b = kmem_alloc(sizeof(*b));
	char *area = kmem_alloc(hart_area_size());
	void *stack = stack_alloc();

	if (b)
		b->overflow_stack = stack_alloc();
	if (!b || !area || !stack || !b->overflow_stack) {
		log_error("hart %llu: no memory to start it", (unsigned long long)id);
		free_boot(b, area, stack);
		return NULL;
	}
	hart_add(id, area);
	*(struct hart_boot **)(void *)(area + ((char *)&this_hart(hart_boot) - hart_area())) = b;
	b->id = id;
	b->satp = hostmap_satp();
	b->tp = (u64)(uintptr_t)area;
	b->sp = (u64)(uintptr_t)stack + STACK_SIZE;
	b->fn = (u64)(uintptr_t)secondary_main;
	return b;
}

/* All stacks are mapped before the first hart starts: later each page would be a fence of all. */
static struct hart_boot *prepare_all(const struct platform *p)
{
	u64 self = arch_hart_id(arch_hart_index());
	struct hart_boot *first = NULL, **end = &first;
	u32 n = 1;

	for (u32 i = 0; i < p->harts && n < HARTS_MAX; i++) {
		if (!p->hart[i].usable || p->hart[i].id == self)
			continue;
		*end = prepare(p->hart[i].id);
		if (!*end)
			break;
		end = &(*end)->next;
		n++;
	}
	return first;
}

static void start(struct hart_boot *b)
{
	int e = fw_hart_start(b->id, image_to_hpa(secondary_start), va_to_hpa(b).a);

	if (!e)
		return;
	b->state = HART_GIVEN_UP;
	log_warn("hart %llu left out: the firmware does not start it: %s",
		 (unsigned long long)b->id, err_name(e));
}

/* Harts that are still on their way to READY. */
static u32 count_awaited(struct hart_boot *b)
{
	u32 n = 0;

	for (; b; b = b->next)
		n += state_of(b) < HART_READY;
	return n;
}

/* Waits for as long as harts come; those that then have not are given up. */
static void await_all(struct hart_boot *first)
{
	u64 hz = arch_clock_hz(), since = arch_clock();
	u32 left, before = 0;

	while ((left = count_awaited(first))) {
		if (left != before)
			since = arch_clock();
		else if (arch_clock() - since >
			 hz * START_TIMEOUT_S + hz / START_HARTS_PER_SECOND * left)
			break;
		before = left;
		arch_relax();
	}
	for (struct hart_boot *b = first; b; b = b->next)
		if (leave_awaited(b, HART_GIVEN_UP))
			log_warn("hart %llu left out: the firmware says it starts, but it does not "
				 "come",
				 (unsigned long long)b->id);
		else
			while (state_of(b) == HART_CAME)
				arch_relax();
}

/* Takes back the places of harts that are left out; the others keep their order. Returns how many
 * harts there are. */
static unsigned int drop_lacking(struct hart_boot *first)
{
	unsigned int index = 1;

	for (struct hart_boot *b = first; b; b = b->next) {
		u32 state = state_of(b);

		if (state == HART_LACKS)
			log_warn("hart %llu left out: it lacks %s", (unsigned long long)b->id,
				 b->lacks);
		if (state == HART_READY)
			index++;
		else
			hart_drop(index);
	}
	return index;
}

/* Lets the harts that wait for their index go on. */
static void admit_all(struct hart_boot *first)
{
	unsigned int index = 1;

	for (struct hart_boot *b = first; b; b = b->next) {
		if (state_of(b) != HART_READY)
			continue;
		/* That it comes before the kick is arch_kick()'s affair [B5].
		 * Order: the hart's index, before it may use it. Pairs with: await_index() [B4] */
		arch_store_release(&b->state, HART_ADMITTED);
		arch_kick(index++);
	}
}

void smp_start(const struct platform *p)
{
	struct hart_boot *first = prepare_all(p), *b;

	/* Order: what head.S and the harts' first C read, before the calls that let them run; on that
	 * side it is the start itself, and SFENCE.VMA for the tables. Pairs with: secondary_start [B2] */
	arch_mb();
	for (b = first; b; b = b->next)
		start(b);
	await_all(first);
	hart_set_count(drop_lacking(first));
	admit_all(first);
	for (b = first; b; b = b->next)
		while (state_of(b) == HART_ADMITTED)
			arch_relax();
	log_info("%u hart%s up", arch_hart_count(), arch_hart_count() == 1 ? "" : "s");
	if (vsfile_count(arch_hart_index()))
		log_info("%u interrupt files for guests on this hart",
			 vsfile_count(arch_hart_index()));
}
