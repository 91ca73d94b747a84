/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callbacks. Each hart pushes to a queue of its own; one thread takes all queues, waits for a grace
 * period and calls what it took. A push that finds its queue empty marks the hart in a mask, so that
 * the thread visits only harts that have something.
 *
 * Pushing is a loop around one compare-and-swap, so an interrupt may push in the middle of it. That
 * the top was taken and put back meanwhile (ABA) does no harm: a push does not look into the old
 * top, and nobody takes single elements, only the whole queue.
 *
 * Nothing is left behind: a hart's mark is cleared before its queue is taken, and set after the push
 * that found the queue empty [P7]. A push that finds it not empty comes before the queue is taken,
 * so before the marks are cleared once more, or another push is about to set the mark.
 */
#include "rcu/rcu.h"

#include "lib/irq.h"
#include "lib/log.h"
#include "lib/symbols.h"
#include "rcu/tree.h"

struct rcu_queue {
	struct rcu_head *newest; /* atomic: pushed by its hart, taken by the callbacks' thread */
	u32 length;		 /* in debug builds; atomic */
};

static DEFINE_PER_HART(struct rcu_queue, rcu_queue);

static u64 marked[RCU_LEAVES]; /* atomic: harts whose queue may have something in it */

/* Twice the passes over all harts' queues completed, and one more while one is under way. */
static u64 barrier_seq;
static u32 barrier_wanted; /* atomic: the next pass has to be one over all queues */

static void (*rcu_wake_fn)(void);
static void (*rcu_yield_fn)(void);

void rcu_set_wake(void (*wake)(void))
{
	WRITE_ONCE(rcu_wake_fn, wake);
}

void rcu_set_yield(void (*yield)(void))
{
	WRITE_ONCE(rcu_yield_fn, yield);
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

/* A queue that has come to twice the length it had when it was last spoken of. */
static void queue_check(struct rcu_queue *q, void (*fn)(struct rcu_head *head))
{
	u32 n = __atomic_add_fetch(&q->length, 1, __ATOMIC_RELAXED);
	struct symbol s;

	if (likely(n % RCU_QUEUE_LONG) || (n / RCU_QUEUE_LONG & (n / RCU_QUEUE_LONG - 1)))
		return;
	symbol_find((uintptr_t)fn, &s);
	log_report("RCU: %u callbacks wait on hart %u, the last for %s (%p)", n, arch_hart_index(),
		   s.name, (void *)(uintptr_t)fn);
}

static void mark(unsigned int hart)
{
	/* Order: the queue has something, before the mark says so.
	 * Pairs with: take_marked() [P7] */
	__atomic_fetch_or(&marked[hart / RCU_LEAF_HARTS], BIT(hart % RCU_LEAF_HARTS),
			  __ATOMIC_RELEASE);
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	struct rcu_queue *q = &this_hart(rcu_queue);
	struct rcu_head *old = READ_ONCE(q->newest);

	DCHECK(rcu_watching());
	head->fn = fn;
	/* Order: the callback is filled in, and what it stands for was taken out, before it is in
	 * the queue; and the queue was taken, before it is marked again.
	 * Pairs with: queue_take() [P6] */
	do
		head->next = old;
	while (!__atomic_compare_exchange_n(&q->newest, &old, head, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED));
	if (LIMEN_DEBUG)
		queue_check(q, fn);
	if (old)
		return;
	mark(arch_hart_index());
	rcu_wake();
}

bool rcu_callbacks_pending(void)
{
	u64 any = READ_ONCE(barrier_wanted);

	for (unsigned int l = 0; l < RCU_LEAVES; l++)
		any |= READ_ONCE(marked[l]);
	return any != 0;
}

/* Puts what a hart's queue has, oldest first, before what was taken already. */
static struct rcu_head *queue_take(unsigned int hart, struct rcu_head *taken)
{
	struct rcu_queue *q = &per_hart(rcu_queue, hart);
	struct rcu_head *newest, *done = taken;

	if (LIMEN_DEBUG)
		__atomic_store_n(&q->length, 0, __ATOMIC_RELAXED);
	/* Order: the callbacks are ours, before they are read and before the grace period begins;
	 * and the mark was cleared, and the number of a pass made odd, before a push finds the queue empty.
	 * Pairs with: call_rcu() [P6] */
	newest = __atomic_exchange_n(&q->newest, NULL, __ATOMIC_ACQ_REL);
	/* Newest first becomes oldest first. */
	while (newest) {
		struct rcu_head *next = newest->next;

		newest->next = done;
		done = newest;
		newest = next;
	}
	return done;
}

static struct rcu_head *take_marked(void)
{
	struct rcu_head *taken = NULL;

	for (unsigned int l = 0; l < RCU_LEAVES; l++) {
		u64 left = READ_ONCE(marked[l]);

		if (!left)
			continue;
		/* Order: the mark is gone, before the queue is taken; what is pushed later sets it
		 * again. Pairs with: mark() [P7] */
		left = __atomic_exchange_n(&marked[l], 0, __ATOMIC_ACQ_REL);
		for (; left; left &= left - 1)
			taken = queue_take(l * RCU_LEAF_HARTS + rcu_mask_first(left), taken);
	}
	return taken;
}

/* For rcu_barrier(): a hart may be between its push and its mark, so marks are not enough. They stay
 * as they are. */
static struct rcu_head *take_all(void)
{
	struct rcu_head *taken = NULL;
	unsigned int i;

	for_each_hart (i)
		taken = queue_take(i, taken);
	return taken;
}

static unsigned int call_all(struct rcu_head *head)
{
	unsigned int n = 0;

	while (head) {
		struct rcu_head *next = head->next;
		void (*yield)(void) = READ_ONCE(rcu_yield_fn);

		head->fn(head); /* may free it */
		head = next;
		if (++n % RCU_BATCH)
			continue;
		rcu_note_quiescent();
		if (yield)
			yield();
	}
	return n;
}

static void barrier_pass(unsigned int change)
{
	/* Order: the callbacks have returned, before the number says so.
	 * Pairs with: rcu_barrier() [P8] */
	if (change)
		arch_store_release(&barrier_seq, READ_ONCE(barrier_seq) + change);
}

unsigned int rcu_run_callbacks(void)
{
	struct rcu_head *head;
	unsigned int n = 0;
	/* Order: the pass over all queues is asked for, and what was queued before that, before
	 * the queues are taken. Pairs with: rcu_barrier() [P9] */
	bool all = __atomic_exchange_n(&barrier_wanted, 0, __ATOMIC_ACQUIRE);

	/* Who reads this number even has its callbacks taken by a later pass, or by this one: a push that
	 * comes after the take reads what that has released, the odd number with it [P6]. */
	barrier_pass(all);
	head = all ? take_all() : take_marked();
	if (head) {
		synchronize_rcu();
		n = call_all(head);
	}
	barrier_pass(all);
	return n;
}

void rcu_barrier(void)
{
	u64 seq, target;

	lockdep_assert_no_locks();
	rcu_assert_no_reader();
	/* Order: what was queued before, before the number is read: a pass over all queues that
	 * makes it odd later takes all of that. Pairs with: rcu_run_callbacks() [P9] */
	arch_mb();
	target = (READ_ONCE(barrier_seq) + 3) & ~1UL;
	/* Order: the callbacks have returned, before the caller goes on.
	 * Pairs with: barrier_pass() [P8] */
	while ((seq = arch_load_acquire(&barrier_seq)) < target) {
		if (!(seq & 1) && !READ_ONCE(barrier_wanted)) {
			/* Order: what was queued, before the pass is asked for.
			 * Pairs with: rcu_run_callbacks() [P9] */
			arch_store_release(&barrier_wanted, 1);
			rcu_wake();
		}
		rcu_pause();
	}
}
