/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tags: [Z1] [Z3] store buffering: who puts a thread where it can be taken, then reads who is idle; the
 * idle hart says so, then looks for a thread. [Z2] a thread's registers, and its guest's, before
 * another hart may take it.
 */
#include "hyp/sched/runqueue.h"

#include "entry/idle.h"
#include "entry/run.h"
#include "entry/vtime.h"
#include "hyp/sched/bill.h"

#define LOOK_AT	    16	 /* threads of another hart's queue that are looked at for one to take */
#define LOOK_BEHIND 4	 /* harts that are looked at for a thread that is behind */
#define CHARGE_HZ   1024 /* who waits in place is charged so often a second */
#define LAG	    8 /* slices one may be behind by for want of a hart; more is a matter of pace */

DEFINE_PER_HART(struct runqueue, runqueue);

struct hartmask runqueue_shared;      /* atomic */
static struct hartmask idle, crowded; /* atomic: harts that wait; harts with a thread that waits */
static u32 crowds;		      /* atomic: how many of the latter, never fewer */
static u64 newest; /* virtual time: the latest of all queues', to a slice; written by any */

/* What the thread's VM has of the hart that the thread is on. */
static struct sched_stake *stake_here(struct thread *t)
{
	return sched_stake_of(&t->share, t->hart);
}

static struct thread *thread_of(struct sched_entity *e)
{
	return e ? container_of(e, struct thread, share) : NULL;
}

static bool nobody_ready(const struct runqueue *rq)
{
	return !READ_ONCE(rq->queue.ready);
}

static void slice_over(struct timer *t)
{
	(void)t;
	entry_work_set(arch_hart_index(), ENTRY_WORK_RESCHED);
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
	bool crowd = !nobody_ready(rq);

	if (crowd == rq->crowd)
		return;
	rq->crowd = crowd;
	if (crowd) {
		__atomic_fetch_add(&crowds, 1, __ATOMIC_RELAXED);
		hartmask_add_atomic(&crowded, hart);
	} else {
		hartmask_remove_atomic(&crowded, hart);
		__atomic_fetch_sub(&crowds, 1, __ATOMIC_RELAXED);
	}
}

/* Who holds stakes on a hart after this does so under its lock, and sees that the cap does not count. */
static void release_on(unsigned int hart, struct sched_stake *s)
{
	struct runqueue *rq = &per_hart(runqueue, hart);
	unsigned long flags = spin_lock_irqsave(&rq->lock);
	bool held = s->held;

	sched_release(&rq->queue, s);
	note_crowd(rq, hart);
	spin_unlock_irqrestore(&rq->lock, flags);
	if (held)
		entry_work_set(hart, ENTRY_WORK_RESCHED);
}

void runqueue_release(struct sched_group *g)
{
	unsigned int i;

	WRITE_ONCE(g->released, 1);
	if (!g->cap)
		return;
	for_each_hart (i) {
		release_on(i, &g->stake[i]);
		thread_look();
	}
}

static bool any_crowd(void)
{
	return READ_ONCE(crowds) != 0;
}

/* Is there another hart where somebody waits? */
static bool others_crowd(void)
{
	return READ_ONCE(crowds) > (u32)hartmask_has(&crowded, arch_hart_index());
}

static void dequeue(struct runqueue *rq, struct thread *t)
{
	sched_remove(&rq->queue, stake_here(t), &t->share);
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

/* A hart's virtual time: it goes on while the hart idles, since then everybody could have had it. Under the
 * lock. */
static u64 hart_time(const struct runqueue *rq, unsigned int hart)
{
	return rq->queue.vtime + READ_ONCE(per_hart(vtime_hart, hart).ticks[VTIME_IDLE]) -
	       rq->idled;
}

/* The virtual time that a hart with one thread alone has reached: nobody was charged there lately. Under
 * the lock. */
static u64 time_alone(const struct runqueue *rq, unsigned int hart, u64 at)
{
	u64 had = hart_time(rq, hart);
	const struct sched_stake *s = rq->queue.current;
	u64 since = sched_behind(rq->runs, at);

	if (!s || since <= rq->queue.slice)
		return had;
	since = s->vtime + sched_scaled(s, since - rq->queue.slice);
	return sched_behind(had, since) ? since : had;
}

/* The virtual time at which who comes to a hart joins: that of an idle one has stood still. Under the
 * lock. */
static u64 joining_time(const struct runqueue *rq, unsigned int hart, u64 at)
{
	u64 latest = READ_ONCE(newest), here = hart_time(rq, hart);

	if (hartmask_has(&idle, hart))
		return sched_behind(here, latest) ? latest : here;
	return rq->alone ? time_alone(rq, hart, at) : here;
}

/* The hart's virtual time goes on to this. On its own hart, under the lock. */
static void advance(struct runqueue *rq, u64 vtime)
{
	u64 here = hart_time(rq, arch_hart_index());

	rq->queue.vtime = sched_behind(here, vtime) ? vtime : here;
	rq->idled = this_hart(vtime_hart).ticks[VTIME_IDLE];
	if (sched_behind(READ_ONCE(newest), vtime) > rq->queue.slice)
		WRITE_ONCE(newest, vtime);
}

/* Who has the hart alone is owed nothing, however far it is behind others that have had more: but for a little,
 * no more than where it waited for want of a hart. This is settled before somebody comes whom it would be
 * held against. Under the lock. */
static void forgive_alone(struct runqueue *rq, unsigned int hart)
{
	struct sched_stake *s = rq->queue.current;
	u64 slice = rq->queue.slice, latest, here;

	if (!rq->alone || !s || !nobody_ready(rq))
		return;
	latest = READ_ONCE(newest);
	here = hart_time(rq, hart);
	if (sched_behind(s->vtime, latest) > LAG * slice)
		s->vtime = latest - LAG * slice;
	if (sched_behind(s->vtime, here) > slice)
		s->vtime = here - slice;
}

/* moved: as sched_add(). Under the lock. */
static void enqueue(struct runqueue *rq, struct thread *t, const u64 *moved, u64 at, u64 credit)
{
	forgive_alone(rq, t->hart);
	sched_wants(&t->share);
	sched_add(&rq->queue, stake_here(t), &t->share, moved, joining_time(rq, t->hart, at),
		  credit);
	note_crowd(rq, t->hart);
}

/* Does it go before the one that has the hart? Under the lock. */
static bool goes_first(struct runqueue *rq, struct thread *t)
{
	const struct thread *runs = READ_ONCE(rq->current);

	return sched_preempts(&rq->queue, stake_here(t), &t->share, &runs->share);
}

/* Once t is in a queue: its hart looks, if t goes first or its slice does not end by itself; and an idle one,
 * if t could go there. */
static void tell(const struct thread *t, unsigned int hart, bool look)
{
	unsigned int other;

	/* Order: the thread is in the queue, before it is read whether the hart's slice ends, and who is
	 * idle. Pairs with: runqueue_idle(), runqueue_resume(), wait_block() [Z1] */
	arch_mb();
	look |= !READ_ONCE(per_hart(runqueue, hart).sliced);
	if (look && (hart != arch_hart_index() || t != READ_ONCE(this_hart(runqueue).current)))
		entry_work_set(hart, ENTRY_WORK_RESCHED);
	other = idle_for(t);
	if (unlikely(other < HARTS_MAX && other != hart && !hartmask_has(&idle, hart)))
		arch_kick(other);
}

void runqueue_wake(struct thread *t)
{
	unsigned long flags;
	struct runqueue *rq = lock_queue_of(t, &flags);
	unsigned int to, from = t->hart;
	u64 had, at;
	bool first;

	if (t->state != THREAD_BLOCKED) {
		spin_unlock_irqrestore(&rq->lock, flags);
		return;
	}
	WRITE_ONCE(t->state, THREAD_READY);
	had = stake_here(t)->vtime;
	to = place(t);
	if (to != from) {
		/* Nobody else has to do with it from here on until it is in the other queue. */
		WRITE_ONCE(t->hart, to);
		spin_unlock(&rq->lock);
		rq = &per_hart(runqueue, to);
		spin_lock(&rq->lock);
	}
	at = vtime_task_ready(&t->time);
	enqueue(rq, t, to != from ? &had : NULL, at, rq->queue.slice);
	first = goes_first(rq, t);
	spin_unlock_irqrestore(&rq->lock, flags);
	tell(t, to, first);
}

/*
 * Charges the calling thread. Who has the hart alone is ahead of the hart's virtual time by a slice at most,
 * since that stood still only because nobody was there to be picked. What it asks for counts from when
 * somebody came. Under the lock.
 */
static void charge(struct runqueue *rq, struct thread *t)
{
	struct sched_stake *s = rq->queue.current;
	u64 least;

	sched_charge(&rq->queue, &t->share, vtime_task_used(&t->time));
	rq->charged = rq->runs = vtime_since();
	if (!rq->alone)
		return;
	t->share.left = max_u64(t->share.left, rq->queue.least);
	forgive_alone(rq, arch_hart_index());
	least = s->vtime - sched_scaled(s, rq->queue.slice);
	if (sched_behind(hart_time(rq, arch_hart_index()), least))
		advance(rq, least);
}

void runqueue_stop_slice(void)
{
	WRITE_ONCE(this_hart(runqueue).sliced, 0);
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

/* Others wait as well: it is first only if its share says so. */
static void resume_among(struct runqueue *rq, struct thread *t)
{
	spin_lock(&rq->lock);
	if (t->state == THREAD_READY)
		dequeue(rq, t);
	WRITE_ONCE(t->state, THREAD_RUNNING);
	sched_wants(&t->share);
	if (rq->queue.current != stake_here(t))
		sched_run(&rq->queue, stake_here(t), &t->share);
	sched_renew(&rq->queue, &t->share, joining_time(rq, t->hart, vtime_since()),
		    rq->queue.slice);
	rq->alone = nobody_ready(rq);
	rq->runs = vtime_since();
	spin_unlock(&rq->lock);
}

bool runqueue_resume(struct thread *t)
{
	struct runqueue *rq = &this_hart(runqueue);

	/* One that WAITS_HERE is in no queue, and nobody puts it into one. */
	if (likely(t->state == THREAD_WAITS_HERE)) {
		WRITE_ONCE(t->state, THREAD_RUNNING);
		/* Order: this hart is not idle any more, before it is read who waits: who comes later
		 * does not count on it. Pairs with: tell() [Z1] */
		arch_mb();
		if (likely(nobody_ready(rq))) {
			rq->alone = true;
			rq->runs = vtime_since();
			sched_wants(&t->share);
			return false;
		}
	}
	resume_among(rq, t);
	return !rq->alone;
}

bool runqueue_requeue(struct thread *t, bool yields)
{
	struct runqueue *rq = &this_hart(runqueue);
	bool over;

	spin_lock(&rq->lock);
	charge(rq, t);
	WRITE_ONCE(t->state, THREAD_READY);
	t->time.ready = vtime_since(); /* charge() has just begun an interval */
	over = sched_put(&rq->queue, &t->share, yields);
	note_crowd(rq, t->hart);
	spin_unlock(&rq->lock);
	return over;
}

/* arg: the hart that would take it. */
static bool may_come(struct sched_entity *e, void *arg)
{
	const unsigned int *hart = arg;
	const struct thread *t = thread_of(e);

	return t->allowed && hartmask_has(t->allowed, *hart) && is_free(t);
}

/* A thread in that hart's queue that this one may take, and whose stake is behind the limit, if there is
 * one. What its stake had there goes to *had. */
static struct thread *take_from(unsigned int hart, const u64 *limit, u64 *had)
{
	struct runqueue *rq = &per_hart(runqueue, hart);
	unsigned int me = arch_hart_index();
	struct thread *t;

	spin_lock(&rq->lock);
	t = thread_of(sched_find(&rq->queue, limit, may_come, &me, LOOK_AT));
	if (t) {
		*had = stake_here(t)->vtime;
		dequeue(rq, t);
		WRITE_ONCE(t->hart, me);
	}
	spin_unlock(&rq->lock);
	return t;
}

/* One that waits elsewhere: on any crowded hart; with a limit only the next few are looked at. */
static struct thread *take_from_others(const u64 *limit, u64 *had)
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
		t = take_from(from, limit, had);
		if (t)
			return t;
	}
	return NULL;
}

/* It came from another hart, for it was behind, by a few slices of those with less weight; by more only
 * where time went on at another pace. */
static void put_taken(struct runqueue *rq, struct thread *t, u64 had)
{
	spin_lock(&rq->lock);
	enqueue(rq, t, &had, vtime_since(), LAG * rq->queue.slice);
	spin_unlock(&rq->lock);
}

/* Is somebody elsewhere so far behind that he goes before this hart's own first? He comes to this queue. */
static void take_behind(struct runqueue *rq)
{
	struct sched_entity *first;
	struct thread *t;
	u64 limit, had;

	if (nobody_ready(rq) || !others_crowd())
		return;
	spin_lock(&rq->lock);
	sched_stop(&rq->queue);
	first = sched_first(&rq->queue);
	limit = first ? stake_here(thread_of(first))->vtime - rq->queue.slice : 0;
	spin_unlock(&rq->lock);
	t = first ? take_from_others(&limit, &had) : NULL;
	if (t)
		put_taken(rq, t, had);
}

struct thread *runqueue_pick(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	struct thread *t;
	u64 held;

	take_behind(rq);
	spin_lock(&rq->lock);
	sched_stop(&rq->queue);
	held = sched_hold(&rq->queue, vtime_since());
	note_crowd(rq, arch_hart_index());
	t = thread_of(sched_first(&rq->queue));
	if (t) {
		sched_run(&rq->queue, stake_here(t), &t->share);
		dequeue(rq, t);
		WRITE_ONCE(t->state, THREAD_RUNNING);
		WRITE_ONCE(t->on_hart, 1);
		rq->alone = nobody_ready(rq);
		/* Before who comes next can read it: the slice of the thread before is not counted on. */
		WRITE_ONCE(rq->sliced, 0);
		rq->runs = vtime_since();
		advance(rq, stake_here(t)->vtime);
	}
	spin_unlock(&rq->lock);
	if (unlikely(held != TIMER_NEVER))
		timer_arm(&rq->cap, held);
	return t;
}

void runqueue_idle(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	unsigned int me = arch_hart_index();
	struct thread *t;
	u64 had;

	hartmask_add_atomic(&idle, me);
	/* Order: this hart says that it is idle, before it looks for a thread.
	 * Pairs with: tell() [Z1], runqueue_nudge_others() [Z3] */
	arch_mb();
	t = any_crowd() ? take_from_others(NULL, &had) : NULL;
	if (t)
		put_taken(rq, t, had);
	else
		idle_wait_irqoff();
	hartmask_remove_atomic(&idle, me);
}

/* It is fixed when the thread gets the hart: nothing that the thread does begins it anew. Whether others
 * wait is what was found under the lock: who has come since has read sliced after that, and has the hart
 * look. That holds too where it looks by itself, at a cap. */
void runqueue_start_slice(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	const struct sched_entity *e = &rq->current->share;

	if (!rq->alone || (e->group && e->group->cap))
		timer_arm(&rq->slice, arch_clock() + sched_turn(&rq->queue, e));
	else if (timer_armed(&rq->slice))
		timer_disarm(&rq->slice);
	WRITE_ONCE(rq->sliced, !rq->alone);
}

void runqueue_go_on_slice(void)
{
	if (!this_hart(runqueue).sliced)
		runqueue_start_slice();
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

/* The hart after the one that was told last, but not this one, that could run t; HARTS_MAX: there is none. */
static unsigned int next_to_look(const struct runqueue *rq, const struct thread *t)
{
	unsigned int me = arch_hart_index(), other;

	other = hartmask_next(t->allowed, &runqueue_shared, (rq->told + 1) % HARTS_MAX);
	if (other == me)
		other = hartmask_next(t->allowed, &runqueue_shared, (me + 1) % HARTS_MAX);
	return other == me ? HARTS_MAX : other;
}

struct looks {
	const struct runqueue *rq;
	unsigned int idle;  /* a hart that is idle, for one that is free to go, or HARTS_MAX */
	unsigned int other; /* another one for the first such, or HARTS_MAX */
	bool none_idle;	    /* then only the first is looked for: masks are long */
};

static bool has_idle_hart(struct sched_entity *e, void *arg)
{
	struct looks *l = arg;
	const struct thread *t = thread_of(e);

	if (!is_free(t))
		return false;
	if (!l->none_idle)
		l->idle = idle_for(t);
	if (l->other == HARTS_MAX)
		l->other = next_to_look(l->rq, t);
	return l->none_idle || l->idle < HARTS_MAX;
}

/* An idle hart that could run one of those that wait here; or else, once a slice, one of the others. It is
 * looked for only now that they are free to go: one that comes in the middle of a switch finds nobody. Under
 * the lock. */
static unsigned int who_looks(struct runqueue *rq)
{
	struct looks l = {rq, HARTS_MAX, HARTS_MAX, hartmask_next(&idle, NULL, 0) == HARTS_MAX};
	u64 at = vtime_since();

	if (sched_find(&rq->queue, NULL, has_idle_hart, &l, LOOK_AT) && l.idle < HARTS_MAX)
		return l.idle;
	if (l.other == HARTS_MAX || at < rq->tells)
		return HARTS_MAX;
	/* It runs a single thread perhaps, and has no slice that ends. */
	rq->tells = at + rq->queue.slice;
	rq->told = l.other;
	return l.other;
}

void runqueue_nudge_others(void)
{
	struct runqueue *rq = &this_hart(runqueue);
	unsigned int other;

	/* Order: a thread can be taken, before who waits and who is idle is read; who waits may just
	 * have come, from a hart that found it could not be taken.
	 * Pairs with: runqueue_idle() [Z3] */
	arch_mb();
	if (nobody_ready(rq))
		return;
	if (vtime_since() < rq->tells && hartmask_empty(&idle))
		return;
	spin_lock(&rq->lock);
	other = who_looks(rq);
	spin_unlock(&rq->lock);
	if (other < HARTS_MAX && other != arch_hart_index())
		entry_work_set(other, ENTRY_WORK_RESCHED);
}

/* Stakes may have waited for their caps for long enough. An idle hart takes a thread of theirs, before one
 * that runs has to make place. */
static void cap_over(struct timer *t)
{
	struct runqueue *rq = container_of(t, struct runqueue, cap);
	struct looks l = {rq, HARTS_MAX, HARTS_MAX, false};
	u64 held;

	spin_lock(&rq->lock);
	bill_note(sched_held(&rq->queue));
	held = sched_hold(&rq->queue, arch_clock());
	note_crowd(rq, arch_hart_index());
	(void)sched_find(&rq->queue, NULL, has_idle_hart, &l, LOOK_AT);
	spin_unlock(&rq->lock);
	timer_arm(&rq->cap, held);
	entry_work_set(l.idle < HARTS_MAX ? l.idle : arch_hart_index(), ENTRY_WORK_RESCHED);
}

void runqueue_init(struct thread *t)
{
	struct runqueue *rq = &this_hart(runqueue);

	rq->lock = (struct spinlock)SPINLOCK_INIT("runqueue");
	sched_queue_init(&rq->queue, arch_clock_hz(), READ_ONCE(newest));
	sched_run(&rq->queue, stake_here(t), &t->share);
	timer_init(&rq->slice, slice_over);
	timer_init(&rq->cap, cap_over);
	rq->current = t;
	rq->left = rq->dead = NULL;
	hartmask_add_atomic(&runqueue_shared, arch_hart_index());
}
