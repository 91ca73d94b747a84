/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grace periods and callbacks.
 *
 * Owns the grace period number, the snapshot of the hart counters that the grace period under way
 * compares with, and the list of callbacks. There are no locks: who makes the number odd owns the
 * snapshot until it makes it even again, and all others who wait share that grace period.
 *
 * The scan only reads: it costs a reader or a guest's run nothing, and a hart nothing but a shared
 * copy of the cache line of its counter.
 *
 * Why the fences, on a weakly ordered machine , where
 * a store may wait in a hart's store buffer while its later loads are done:
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

#include "lib/irq.h"

DEFINE_PER_HART(struct rcu_hart, rcu_hart);

static u64 gp_seq; /* twice the grace periods completed, and one more while one is under way */

/* Owned by who made gp_seq odd. Counters that must change; 0 where none must any more. */
static u64 gp_snapshot[HARTS_MAX];
static unsigned int gp_harts;

static void (*rcu_pause_fn)(void);
static void (*rcu_wake_fn)(void);
static struct rcu_head *rcu_callbacks; /* newest first */

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

static u64 rcu_scan_hart(unsigned int i)
{
	/* Order: the counter says quiescent, or has changed, before the old thing is touched; so
	 * every access of the readers before that state is over.
	 * Pairs with: rcu_eqs_enter() [P1], rcu_note_quiescent() [P3] */
	return arch_load_acquire(&per_hart(rcu_hart, i).counter);
}

/* Begins a grace period, if none is under way, and makes the caller its owner. */
static bool gp_begin(void)
{
	u64 seq = READ_ONCE(gp_seq);

	/* Order: the last owner is done with the snapshot, before this one writes it.
	 * Pairs with: gp_end() [P5] */
	if ((seq & 1) || !__atomic_compare_exchange_n(&gp_seq, &seq, seq + 1, false,
						      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	/* Order: what updaters took out before, and the number made odd, before any counter is
	 * read. Pairs with: rcu_eqs_exit(), rcu_hart_init() [P2], rcu_note_quiescent() [P3],
	 * synchronize_rcu() [P4] */
	arch_mb();
	gp_harts = arch_hart_count();
	for (unsigned int i = 0; i < gp_harts; i++) {
		u64 counter = rcu_scan_hart(i);

		gp_snapshot[i] = counter & 1 ? counter : 0;
	}
	return true;
}

/* Has every hart been quiescent since gp_begin()? */
static bool gp_passed(void)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < gp_harts; i++) {
		if (gp_snapshot[i] && rcu_scan_hart(i) != gp_snapshot[i])
			gp_snapshot[i] = 0;
		left += gp_snapshot[i] != 0;
	}
	return left == 0;
}

static void gp_end(void)
{
	/* Order: every counter was read, and the snapshot is done with, before the number says
	 * that the grace period is over. Pairs with: synchronize_rcu(), gp_begin() [P5] */
	arch_store_release(&gp_seq, READ_ONCE(gp_seq) + 1);
}

/* The calling hart is in no reader; then a moment for others. */
static void rcu_pause(void)
{
	void (*pause)(void) = READ_ONCE(rcu_pause_fn);

	rcu_note_quiescent();
	if (pause)
		pause();
	else
		arch_relax();
}

static void gp_run(void)
{
	/* The caller's own hart is in no reader, or the caller could not run: that counts. */
	rcu_note_quiescent();
	while (!gp_passed())
		rcu_pause();
	gp_end();
}

/* The number at which a grace period has passed that began after seq was read. */
static u64 gp_target(u64 seq)
{
	return (seq + 3) & ~1UL;
}

void synchronize_rcu(void)
{
	u64 target;

	lockdep_assert_no_locks();
	DCHECK(rcu_watching());
	DCHECK(this_hart(rcu_hart).nesting == 0);
	/* Order: what the caller took out, before the number is read.
	 * Pairs with: gp_begin() [P4] */
	arch_mb();
	target = gp_target(READ_ONCE(gp_seq));
	/* Order: the grace period is over, before the caller touches what it took out.
	 * Pairs with: gp_end() [P5] */
	while (arch_load_acquire(&gp_seq) < target) {
		if (gp_begin())
			gp_run();
		else
			rcu_pause();
	}
}

u64 rcu_grace_periods(void)
{
	return READ_ONCE(gp_seq) / 2;
}

void rcu_set_pause(void (*pause)(void))
{
	WRITE_ONCE(rcu_pause_fn, pause);
}

void rcu_set_wake(void (*wake)(void))
{
	WRITE_ONCE(rcu_wake_fn, wake);
}

static void rcu_wake(void)
{
	void (*wake)(void) = READ_ONCE(rcu_wake_fn);
	unsigned long flags;

	if (!wake)
		return;
	flags = irq_save();
	wake();
	irq_restore(flags);
}

/*
 * Pushing is a loop around one compare-and-swap, so an interrupt, or another hart, may push in the
 * middle of it. That the top was taken and put back meanwhile (ABA) does no harm: a push does not
 * look into the old top, and nobody takes single elements, only the whole list.
 * The push that finds the list empty wakes; whoever finds it not empty pushed after one that did,
 * and before the list was taken.
 */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	struct rcu_head *old = READ_ONCE(rcu_callbacks);

	DCHECK(rcu_watching());
	head->fn = fn;
	/* Order: the callback is filled in, and what it stands for was taken out, before it is on
	 * the list. Pairs with: rcu_run_callbacks() [P6] */
	do
		head->next = old;
	while (!__atomic_compare_exchange_n(&rcu_callbacks, &old, head, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
	if (!old)
		rcu_wake();
}

bool rcu_callbacks_pending(void)
{
	return READ_ONCE(rcu_callbacks) != NULL;
}

/* Turns a list round: newest first becomes oldest first. */
static struct rcu_head *rcu_reverse(struct rcu_head *newest)
{
	struct rcu_head *done = NULL;

	while (newest) {
		struct rcu_head *next = newest->next;

		newest->next = done;
		done = newest;
		newest = next;
	}
	return done;
}

unsigned int rcu_run_callbacks(void)
{
	/* Order: the callbacks are ours, before they are read and before the grace period begins.
	 * Pairs with: call_rcu() [P6] */
	struct rcu_head *head = __atomic_exchange_n(&rcu_callbacks, NULL, __ATOMIC_ACQUIRE);
	unsigned int n = 0;

	if (!head)
		return 0;
	synchronize_rcu();
	head = rcu_reverse(head);
	while (head) {
		struct rcu_head *next = head->next;

		head->fn(head); /* may free it */
		head = next;
		n++;
	}
	return n;
}
