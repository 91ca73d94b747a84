/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grace periods.
 *
 * There are two kinds, that share nothing but the counters of the harts: those whose runner sleeps
 * between two looks, and expedited ones, which therefore never wait for a sleeper. Each kind has
 * its number and its tree of harts still waited for. There are no locks: who makes the number odd
 * owns the tree until it makes it even again, and all others who wait share that grace period.
 *
 * The scan only reads: it costs a reader or a guest's run nothing, and a hart nothing but a shared
 * copy of the cache line of its counter.
 *
 * Why the fences, on a weakly ordered machine, where a store may wait in a hart's store buffer while its later loads are done:
 *
 *   updater				hart
 *   U1 take the old thing out		H1 counter = odd (watching)
 *   fence rw,rw	[P2]		fence rw,rw	[P2]
 *   U2 read the counter		H2 reader reads the pointer
 *
 * Without both fences U2 may see "even" while H2 sees the old thing: each store still sits in its
 * buffer. With them one of the two stores is in memory before the other side loads, so either the
 * hart is seen watching and waited for, or its reader finds the new thing. A release store in place
 * of either fence would not do: it orders what came before it, not the loads after it.
 *
 * At the other end, where a quiescent state begins, no such cycle exists. The hart's reads [P1]
 * are before its store of the counter, and the updater's load of that value is before whatever it
 * does with the old thing: a release and an acquire are enough.
 *
 * An updater may also wait for a grace period that another hart runs. Then U2 is its load of the
 * grace period number, and the runner's change of the number and its fence take the same part
 * once more [P4]: number read as n, n made n + 1, fence, counter read as even, counter made odd,
 * fence, reader reads the old thing, old thing taken out, fence, number read: a circle in which
 * every edge goes forward in the one order of memory, so it cannot be.
 */
#include "rcu/rcu.h"

#include <stdio.h>

#include "lib/irq.h"
#include "lib/symbols.h"
#include "lib/trace.h"
#include "rcu/tree.h"

DEFINE_PER_HART(struct rcu_hart, rcu_hart);

struct rcu_gp {
	u64 seq; /* twice the grace periods completed, and one more while one is under way */

	/* Owned by who made seq odd. */
	struct rcu_tree tree;
	u64 began;     /* arch_clock() */
	bool reported; /* it was said that it takes long */
	u32 looks;     /* passes so far, up to RCU_POLLS */
};

static struct rcu_gp gp_patient, gp_expedited;

static void (*rcu_pause_fn)(void);
static void (*rcu_hurry_fn)(unsigned int hart);
static void (*rcu_stall_fn)(unsigned int hart, u64 waited);
static u64 rcu_stall_bound; /* 0: RCU_STALL_S */

void rcu_reader_begins(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	CHECK(rcu_watching());
	if (r->nesting++ == 0)
		WRITE_ONCE(r->reader, __builtin_return_address(0));
}

void rcu_reader_ends(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	CHECK(r->nesting > 0);
	CHECK(rcu_watching());
	if (--r->nesting == 0)
		WRITE_ONCE(r->reader, NULL);
}

noinstr void rcu_reader_stays(const char *file, int line)
{
	static char what[160];
	uintptr_t at = (uintptr_t)this_hart(rcu_hart).reader;
	struct symbol s;

	instrumentation_begin();
	symbol_find(at, &s);
	snprintf(what, sizeof(what),
		 "check failed: nesting == 0: in an RCU reader that began at %016llx %s+0x%zx",
		 (unsigned long long)at, s.name, s.offset);
	arch_panic(file, line, what);
}

void rcu_check_reader(void)
{
	static char what[160];
	uintptr_t at = (uintptr_t)__builtin_return_address(0);
	struct symbol s;

	if (likely(rcu_watching() && this_hart(rcu_hart).nesting > 0))
		return;
	symbol_find(at, &s);
	snprintf(what, sizeof(what),
		 "check failed: a pointer of RCU's is read %s at %016llx %s+0x%zx",
		 rcu_watching() ? "outside of a reader" : "where RCU does not watch",
		 (unsigned long long)at, s.name, s.offset);
	panic(what);
}

void rcu_hart_init(void)
{
	struct rcu_hart *r = &this_hart(rcu_hart);

	DCHECK(arch_irqs_off());
	DCHECK(arch_hart_index() < arch_hart_count());
	DCHECK(!(r->counter & 1));
	WRITE_ONCE(r->counter, r->counter + 1);
	/* Order: this hart is counted and watched, before any access of its first reader.
	 * Pairs with: gp_begin() [P2] */
	arch_mb();
}

void rcu_note_quiescent(void)
{
	unsigned long flags = irq_save();

	rcu_note_quiescent_irqoff();
	irq_restore(flags);
}

static u64 rcu_scan_hart(unsigned int i)
{
	/* Order: the counter says quiescent, or has changed, before the old thing is touched; so
	 * every access of the readers before that state is over.
	 * Pairs with: rcu_eqs_enter() [P1], rcu_note_quiescent_irqoff() [P3] */
	return arch_load_acquire(&per_hart(rcu_hart, i).counter);
}

/* Begins a grace period, if none is under way, and makes the caller its owner. */
static bool gp_begin(struct rcu_gp *gp)
{
	u64 seq = READ_ONCE(gp->seq);

	/* Order: the last owner is done with the tree, before this one writes it.
	 * Pairs with: gp_end() [P5] */
	if ((seq & 1) || !__atomic_compare_exchange_n(&gp->seq, &seq, seq + 1, false,
						      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	/* Order: what updaters took out before, and the number made odd, before any counter is
	 * read. Pairs with: rcu_eqs_exit(), rcu_hart_init() [P2], rcu_note_quiescent_irqoff() [P3],
	 * gp_wait() [P4] */
	arch_mb();
	trace_point(TRACE_GP_BEGIN, seq / 2, gp == &gp_expedited);
	gp->began = arch_clock();
	gp->reported = false;
	gp->looks = 0;
	rcu_tree_begin(&gp->tree, arch_hart_count(), rcu_scan_hart);
	return true;
}

static void gp_end(struct rcu_gp *gp)
{
	trace_point(TRACE_GP_END, READ_ONCE(gp->seq) / 2, gp == &gp_expedited);
	/* Order: every counter was read, and the tree is done with, before the number says that
	 * the grace period is over. Pairs with: gp_wait(), gp_begin() [P5] */
	arch_store_release(&gp->seq, READ_ONCE(gp->seq) + 1);
}

/* The calling hart is in no reader; then a moment for others. */
void rcu_pause(void)
{
	void (*pause)(void) = READ_ONCE(rcu_pause_fn);

	rcu_note_quiescent();
	if (pause)
		pause();
	else
		arch_relax();
}

/* Nobody else runs on this hart. */
static void rcu_poll(void)
{
	rcu_note_quiescent();
	arch_relax();
}

static void gp_pause(const struct rcu_gp *gp)
{
	if (gp == &gp_expedited)
		rcu_poll();
	else
		rcu_pause();
}

/* Harts that have been in the hypervisor through RCU_POLLS looks, and are now. */
static void gp_hurry(struct rcu_gp *gp)
{
	void (*hurry)(unsigned int hart) = READ_ONCE(rcu_hurry_fn);
	unsigned int i;

	if (gp->looks == RCU_POLLS || ++gp->looks < RCU_POLLS || !hurry)
		return;
	if (rcu_tree_pass(&gp->tree, rcu_scan_hart))
		return;
	rcu_tree_for_each(i, &gp->tree) hurry(i);
}

/* Tells of a grace period that takes too long, once. */
static void gp_watch(struct rcu_gp *gp)
{
	void (*stall)(unsigned int hart, u64 waited) = READ_ONCE(rcu_stall_fn);
	u64 waited = arch_clock() - gp->began, bound = READ_ONCE(rcu_stall_bound);
	unsigned int i, n = 0;

	if (likely(waited <= (bound ? bound : RCU_STALL_S * arch_clock_hz())) || gp->reported)
		return;
	gp->reported = true;
	if (!stall)
		return;
	rcu_tree_for_each(i, &gp->tree)
	{
		if (n++ == RCU_STALL_HARTS)
			break;
		stall(i, waited);
	}
}

static void gp_run(struct rcu_gp *gp)
{
	/* The caller's own hart is in no reader, or the caller could not run: that counts. */
	rcu_note_quiescent();
	while (!rcu_tree_pass(&gp->tree, rcu_scan_hart)) {
		gp_watch(gp);
		if (gp == &gp_expedited)
			gp_hurry(gp);
		gp_pause(gp);
	}
	gp_end(gp);
}

/* The number at which a grace period has passed that began after seq was read. */
static u64 gp_target(u64 seq)
{
	return (seq + 3) & ~1UL;
}

static __cold void gp_wait(struct rcu_gp *gp)
{
	u64 target;

	lockdep_assert_no_locks();
	DCHECK(rcu_watching());
	rcu_assert_no_reader();
	/* Order: what the caller took out, before the number is read.
	 * Pairs with: gp_begin() [P4] */
	arch_mb();
	target = gp_target(READ_ONCE(gp->seq));
	/* Order: the grace period is over, before the caller touches what it took out.
	 * Pairs with: gp_end() [P5] */
	while (arch_load_acquire(&gp->seq) < target) {
		if (gp_begin(gp))
			gp_run(gp);
		else
			gp_pause(gp);
	}
}

void synchronize_rcu(void)
{
	gp_wait(&gp_patient);
}

void synchronize_rcu_expedited(void)
{
	gp_wait(&gp_expedited);
}

u64 rcu_grace_periods(void)
{
	return READ_ONCE(gp_patient.seq) / 2 + READ_ONCE(gp_expedited.seq) / 2;
}

void rcu_set_pause(void (*pause)(void))
{
	WRITE_ONCE(rcu_pause_fn, pause);
}

void rcu_set_hurry(void (*hurry)(unsigned int hart))
{
	WRITE_ONCE(rcu_hurry_fn, hurry);
}

void rcu_set_stall(void (*stall)(unsigned int hart, u64 waited))
{
	WRITE_ONCE(rcu_stall_fn, stall);
}

void rcu_set_stall_bound(u64 ticks)
{
	WRITE_ONCE(rcu_stall_bound, ticks);
}
