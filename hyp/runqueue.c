/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tags: [Z1] [Z3] store buffering: who puts a thread where it can be taken, then reads who is idle; the
 * idle hart says so, then looks for a thread. [Z2] a thread's registers, and its guest's, before
 * another hart may take it.
 */
#include "hyp/runqueue.h"

#include "entry/idle.h"
#include "entry/run.h"

#define LOOK_AT	    16	 /* threads of another hart's queue that are looked at for one to take */
#define LOOK_BEHIND 4	 /* harts that are looked at for a thread that is behind */
#define CHARGE_HZ   1024 /* who waits in place is charged so often a second */
#define LAG	    8 /* slices one may be behind by for want of a hart; more is a matter of pace */

DEFINE_PER_HART(struct runqueue, runqueue);

struct hartmask runqueue_shared;      /* atomic */
static struct hartmask idle, crowded; /* atomic: harts that wait; harts with a thread that waits */
static u32 crowds;		      /* atomic: how many of the latter, never fewer */
static u64 newest; /* virtual time: the latest of all queues', to a slice; written by any */

static u64 ticks_of_slice(void)
{
	return arch_clock_hz() * SCHED_SLICE_MS / 1000;
}

static void slice_over(struct timer *t)
{
	(void)t;
	entry_work_set(arch_hart_index(), ENTRY_WORK_RESCHED);
}

void runqueue_init(struct thread *t)
{
	struct runqueue *rq = &this_hart(runqueue);

	rq->lock = (struct spinlock)SPINLOCK_INIT("runqueue");
	list_init(&rq->ready);
	timer_init(&rq->slice, slice_over);
	rq->vtime = READ_ONCE(newest);
	rq->turn = 1;
	rq->current = t;
	rq->left = rq->dead = NULL;
	hartmask_add_atomic(&runqueue_shared, arch_hart_index());
}

void runqueue_dedicate(unsigned int hart)
{
	hartmask_remove_atomic(&runqueue_shared, hart);
}

void runqueue_share(unsigned int hart)
{
	hartmask_add_atomic(&runqueue_shared, hart);
}

/* Could it be taken to another hart than the one it is on? Under its queue's lock. */
static bool is_free(const struct thread *t)
{
	if (!t->allowed)
		return false;
	/* Order: neither its registers nor its guest are in a hart, before they are taken from memory
	 * there. Pairs with: runqueue_switched(), vcpu_put() [Z2] */
	if (arch_load_acquire(&t->on_hart))
		return false;
	return !t->lives_in || arch_load_acquire(t->lives_in) == THREAD_LIVES_NOWHERE;
}

/* Under the queue's lock. */
static void note_crowd(struct runqueue *rq, unsigned int hart)
{
	bool crowd = !list_empty(&rq->ready);

	if (crowd == hartmask_has(&crowded, hart))
		return;
	if (crowd) {
		__atomic_fetch_add(&crowds, 1, __ATOMIC_RELAXED);
		hartmask_add_atomic(&crowded, hart);
	} else {
		hartmask_remove_atomic(&crowded, hart);
		__atomic_fetch_sub(&crowds, 1, __ATOMIC_RELAXED);
	}
}

static bool any_crowd(void)
{
	return READ_ONCE(crowds) != 0;
}

static void enqueue(struct runqueue *rq, struct thread *t)
{
	struct list *p;

	list_for_each (p, &rq->ready) {
		if (sched_before(&t->share, &list_entry(p, struct thread, node)->share))
			break;
	}
	list_add_before(&t->node, p);
	note_crowd(rq, t->hart);
}

static void dequeue(struct runqueue *rq, struct thread *t)
{
	list_del(&t->node);
	note_crowd(rq, t->hart);
}

/* An idle hart that may run t, near the one it was on last; HARTS_MAX: there is none. */
static unsigned int idle_for(const struct thread *t)
{
	return t->allowed ? hartmask_next(&idle, t->allowed, t->hart) : HARTS_MAX;
}

/* Where a thread that was woken goes. Under the lock of the queue it is in. */
static unsigned int place(const struct thread *t)
{
	unsigned int to;

	if (!is_free(t))
		return t->hart;
	to = idle_for(t);
	if (to < HARTS_MAX || hartmask_has(t->allowed, t->hart))
		return to < HARTS_MAX ? to : t->hart;
	return hartmask_next(t->allowed, NULL, t->hart);
}

/* The lock of the queue that t is in, or was in last. */
static struct runqueue *lock_queue_of(const struct thread *t, unsigned long *flags)
{
	for (;;) {
		unsigned int hart = READ_ONCE(t->hart);
		struct runqueue *rq = &per_hart(runqueue, hart);

		*flags = spin_lock_irqsave(&rq->lock);
		if (READ_ONCE(t->hart) == hart)
			return rq;
		spin_unlock_irqrestore(&rq->lock, *flags);
	}
}

/* The virtual time at which who comes to a hart joins: that of an idle one has stood still. */
static u64 joining_time(const struct runqueue *rq, unsigned int hart)
{
	u64 here = READ_ONCE(rq->vtime), latest = READ_ONCE(newest);

	return hartmask_has(&idle, hart) && sched_behind(here, latest) ? latest : here;
}

/* The hart's virtual time goes on to this. On its own hart, under the lock. */
static void advance(struct runqueue *rq, u64 vtime)
{
	if (sched_behind(rq->vtime, vtime))
		WRITE_ONCE(rq->vtime, vtime);
	if (sched_behind(READ_ONCE(newest), vtime) > ticks_of_slice())
		WRITE_ONCE(newest, vtime);
}

/* Who came to the queue in this turn, while its virtual time stood still, joins at what it is now. Under the
 * lock. */
static void settle(struct runqueue *rq)
{
	struct list *p, *n;

	list_for_each_safe (p, n, &rq->ready) {
		struct thread *other = list_entry(p, struct thread, node);

		if (other->came != rq->turn)
			continue;
		other->came = 0;
		list_del(p);
		sched_join(&other->share, rq->vtime, ticks_of_slice());
		enqueue(rq, other);
	}
}

static void enqueue_at(struct thread *t, unsigned int hart)
{
	struct runqueue *rq = &per_hart(runqueue, hart);

	sched_join(&t->share, joining_time(rq, hart), ticks_of_slice());
	t->came = rq->turn;
	sched_wants(&t->share);
	vtime_task_ready(&t->time);
	enqueue(rq, t);
}

/* Once t is in a queue: its hart looks; and an idle one, if t could go there. */
static void tell(const struct thread *t, unsigned int hart)
{
	unsigned int other;

	if (hart != arch_hart_index() || t != READ_ONCE(this_hart(runqueue).current))
		entry_work_set(hart, ENTRY_WORK_RESCHED);
	/* Order: the thread is in the queue, before who is idle is read.
	 * Pairs with: runqueue_idle() [Z1] */
	arch_mb();
	other = idle_for(t);
	if (unlikely(other < HARTS_MAX && other != hart && !hartmask_has(&idle, hart)))
		arch_kick(other);
}

void runqueue_wake(struct thread *t)
{
	unsigned long flags;
	struct runqueue *rq = lock_queue_of(t, &flags);
	unsigned int to, from = t->hart;

	if (t->state != THREAD_BLOCKED) {
		spin_unlock_irqrestore(&rq->lock, flags);
		return;
	}
	WRITE_ONCE(t->state, THREAD_READY);
	to = place(t);
	if (to != from) {
		/* Nobody else has to do with it from here on until it is in the other queue. */
		WRITE_ONCE(t->hart, to);
		spin_unlock(&rq->lock);
		rq = &per_hart(runqueue, to);
		spin_lock(&rq->lock);
	}
	enqueue_at(t, to);
	spin_unlock_irqrestore(&rq->lock, flags);
	tell(t, to);
}

/*
 * Charges the calling thread. Who has the hart alone is owed nothing, however far it is behind others
 * that have had more; and it is ahead of the hart's virtual time by a slice at most, since that stood
 * still only because nobody was there to be picked. Under the lock.
 */
static void charge(struct runqueue *rq, struct thread *t)
{
	u64 slice = ticks_of_slice(), least;

	sched_charge(&t->share, vtime_task_used(&t->time));
	rq->charged = vtime_since();
	if (!rq->alone)
		return;
	sched_reach(&t->share, READ_ONCE(newest) - LAG * slice);
	least = t->share.vtime - sched_scaled(&t->share, slice);
	if (sched_behind(rq->vtime, least)) {
		advance(rq, least);
		settle(rq);
	}
}

void runqueue_rest(struct thread *t)
{
	struct runqueue *rq = &this_hart(runqueue);

	spin_lock(&rq->lock);
	if (t->state != THREAD_READY) {
		charge(rq, t);
		sched_rests(&t->share);
	}
	spin_unlock(&rq->lock);
}

void runqueue_rest_here(struct thread *t)
{
	struct runqueue *rq = &this_hart(runqueue);

	if (vtime_since() - rq->charged > arch_clock_hz() / CHARGE_HZ) {
		spin_lock(&rq->lock);
		charge(rq, t);
		spin_unlock(&rq->lock);
	}
	sched_rests(&t->share);
}

static void resume_queued(struct runqueue *rq, struct thread *t)
{
	spin_lock(&rq->lock);
	if (t->state == THREAD_READY)
		dequeue(rq, t);
	WRITE_ONCE(t->state, THREAD_RUNNING);
	spin_unlock(&rq->lock);
}

bool runqueue_resume(struct thread *t)
{
	struct runqueue *rq = &this_hart(runqueue);

	/* One that WAITS_HERE is in no queue, and nobody puts it into one. */
	if (likely(t->state == THREAD_WAITS_HERE))
		WRITE_ONCE(t->state, THREAD_RUNNING);
	else
		resume_queued(rq, t);
	/* Order: this hart is not idle any more, before it is read who waits: who comes later does not
	 * count on it. Pairs with: tell() [Z1] */
	arch_mb();
	rq->alone = list_empty(&rq->ready);
	sched_wants(&t->share);
	return !rq->alone;
}

void runqueue_requeue(struct thread *t, bool yields)
{
	struct runqueue *rq = &this_hart(runqueue);

	spin_lock(&rq->lock);
	charge(rq, t);
	if (yields && !list_empty(&rq->ready))
		sched_reach(&t->share,
			    list_entry(rq->ready.next, struct thread, node)->share.vtime);
	WRITE_ONCE(t->state, THREAD_READY);
	vtime_task_ready(&t->time);
	enqueue(rq, t);
	spin_unlock(&rq->lock);
}

/* A thread in that hart's queue that this one may take, and that is behind the limit, if there is
 * one. */
static struct thread *take_from(unsigned int hart, const u64 *limit)
{
	struct runqueue *rq = &per_hart(runqueue, hart);
	unsigned int me = arch_hart_index(), looked = 0;
	struct thread *t, *found = NULL;
	struct list *p;

	spin_lock(&rq->lock);
	list_for_each (p, &rq->ready) {
		t = list_entry(p, struct thread, node);
		if (++looked > LOOK_AT || (limit && !sched_behind(t->share.vtime, *limit)))
			break;
		if (t->allowed && hartmask_has(t->allowed, me) && is_free(t)) {
			found = t;
			break;
		}
	}
	if (found) {
		dequeue(rq, found);
		WRITE_ONCE(found->hart, me);
	}
	spin_unlock(&rq->lock);
	return found;
}

/* One that waits elsewhere: on any crowded hart; with a limit only the next few are looked at. */
static struct thread *take_from_others(const u64 *limit)
{
	unsigned int me = arch_hart_index(), from = me, last = me, n;
	struct thread *t;

	if (!hartmask_has(&runqueue_shared, me))
		return NULL;
	for (n = limit ? LOOK_BEHIND : arch_hart_count(); n; n--) {
		from = hartmask_next(&crowded, NULL, (from + 1) % HARTS_MAX);
		/* Once round, or none but this one. */
		if (from == HARTS_MAX || from == me ||
		    (from + HARTS_MAX - me) % HARTS_MAX <= (last + HARTS_MAX - me) % HARTS_MAX)
			return NULL;
		last = from;
		t = take_from(from, limit);
		if (t)
			return t;
	}
	return NULL;
}

/* It came from another hart, for it was behind, by a few slices of those with less weight; by more only
 * where time went on at another pace. */
static struct thread *taken(struct runqueue *rq, struct thread *t)
{
	sched_join(&t->share, joining_time(rq, arch_hart_index()), LAG * ticks_of_slice());
	t->came = 0;
	return t;
}

static struct thread *pick_own(struct runqueue *rq)
{
	struct thread *t;

	if (list_empty(&rq->ready))
		return NULL;
	t = list_entry(rq->ready.next, struct thread, node);
	dequeue(rq, t);
	return t;
}

/* Is somebody elsewhere so far behind that he goes before this hart's own first? */
static struct thread *pick_behind(struct runqueue *rq)
{
	struct thread *t;
	u64 limit;

	if (list_empty(&rq->ready) || !any_crowd())
		return NULL;
	spin_lock(&rq->lock);
	t = list_empty(&rq->ready) ? NULL : list_entry(rq->ready.next, struct thread, node);
	limit = t ? t->share.vtime - ticks_of_slice() : 0;
	spin_unlock(&rq->lock);
	t = t ? take_from_others(&limit) : NULL;
	return t ? taken(rq, t) : NULL;
}

struct thread *runqueue_pick(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	struct thread *t = pick_behind(rq);

	spin_lock(&rq->lock);
	if (!t)
		t = pick_own(rq);
	if (t) {
		WRITE_ONCE(t->state, THREAD_RUNNING);
		WRITE_ONCE(t->on_hart, 1);
		rq->alone = list_empty(&rq->ready);
		rq->turn++;
		advance(rq, t->share.vtime);
	}
	spin_unlock(&rq->lock);
	return t;
}

void runqueue_idle(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	unsigned int me = arch_hart_index();
	struct thread *t;

	hartmask_add_atomic(&idle, me);
	/* Order: this hart says that it is idle, before it looks for a thread.
	 * Pairs with: tell() [Z1], runqueue_nudge() [Z3] */
	arch_mb();
	t = any_crowd() ? take_from_others(NULL) : NULL;
	if (t) {
		spin_lock(&rq->lock);
		enqueue(rq, taken(rq, t));
		spin_unlock(&rq->lock);
	} else {
		idle_wait_irqoff();
	}
	hartmask_remove_atomic(&idle, me);
}

void runqueue_start_slice(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	const struct sched_group *g = rq->current->share.group;

	if (!list_empty(&rq->ready) || (g && g->cap))
		timer_arm(&rq->slice, arch_clock() + ticks_of_slice());
	else if (timer_armed(&rq->slice))
		timer_disarm(&rq->slice);
}

void runqueue_switched(void)
{
	struct runqueue *rq = &this_hart(runqueue);

	/* Order: its registers are in memory, before another hart may take it.
	 * Pairs with: is_free() [Z2] */
	arch_store_release(&rq->left->on_hart, 0);
	rq->left = NULL;
	runqueue_nudge();
}

/* Whose turn it is to look whether it is ahead of t, which waits here: a hart that runs a single thread has
 * no slice that ends. Under the lock. */
static unsigned int next_to_look(struct runqueue *rq, const struct thread *t)
{
	unsigned int me = arch_hart_index();

	if (arch_clock() < rq->tells)
		return HARTS_MAX;
	rq->tells = arch_clock() + ticks_of_slice();
	rq->told = hartmask_next(t->allowed, &runqueue_shared, (rq->told + 1) % HARTS_MAX);
	if (rq->told == me)
		rq->told = hartmask_next(t->allowed, &runqueue_shared, (me + 1) % HARTS_MAX);
	return rq->told;
}

/* An idle hart that could run one of those that wait here; or else, once a slice, one of the others. It is
 * looked for only now that they are free to go: one that comes in the middle of a switch finds nobody. Under
 * the lock. */
static unsigned int who_looks(struct runqueue *rq)
{
	const struct thread *first = NULL;
	unsigned int looked = 0, other;
	struct list *p;

	list_for_each (p, &rq->ready) {
		const struct thread *t = list_entry(p, struct thread, node);

		if (++looked > LOOK_AT)
			break;
		if (!is_free(t))
			continue;
		other = idle_for(t);
		if (other < HARTS_MAX)
			return other;
		first = first ? first : t;
	}
	return first ? next_to_look(rq, first) : HARTS_MAX;
}

void runqueue_nudge(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	unsigned int other;

	/* Order: a thread can be taken, before who waits and who is idle is read; who waits may just
	 * have come, from a hart that found it could not be taken.
	 * Pairs with: runqueue_idle() [Z3] */
	arch_mb();
	if (list_empty(&rq->ready))
		return;
	spin_lock(&rq->lock);
	other = who_looks(rq);
	spin_unlock(&rq->lock);
	if (other < HARTS_MAX && other != arch_hart_index())
		entry_work_set(other, ENTRY_WORK_RESCHED);
}
