/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tag: [T4] what a timer's function did, before who disarms the timer goes on.
 */
#include "hyp/sched/timer.h"

#include "lib/spinlock.h"

#define AT_ONCE 3 /* timers that one interrupt fires: each takes some 1,100 instructions */

struct timer_hart {
	struct spinlock lock;
	struct list queue; /* of struct timer_place, soonest first; under lock */
	struct timer
		*running; /* its function runs; written by this hart alone, under lock to set */
	u64 programmed;	  /* what the hardware waits for; this hart alone */
	u64 gap;	  /* TIMER_GAP_US; constant */
};

static DEFINE_PER_HART(struct timer_hart, timer_hart);

void timer_hart_init(void)
{
	struct timer_hart *h = &this_hart(timer_hart);

	h->lock = (struct spinlock)SPINLOCK_INIT("timer");
	list_init(&h->queue);
	h->running = NULL;
	h->programmed = TIMER_NEVER;
	h->gap = arch_clock_hz() * TIMER_GAP_US / 1000000;
	arch_timer_set(TIMER_NEVER);
}

void timer_lanes_init(struct timer_lane *lanes, unsigned int harts)
{
	for (unsigned int i = 0; i < harts; i++) {
		list_init(&lanes[i].place.node);
		lanes[i].place.is_lane = true;
	}
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){.fn = fn, .hart = arch_hart_index()};
	list_init(&t->place.node);
}

/* ---- the queue: lock held ------------------------------------------------------------------------ */

static struct timer_place *first(struct timer_hart *h)
{
	return list_empty(&h->queue) ? NULL : list_entry(h->queue.next, struct timer_place, node);
}

static struct timer *first_of(const struct timer_lane *lane)
{
	struct heap_node *n = lane->timers.first;

	return n ? container_of(n, struct timer, node) : NULL;
}

static void enqueue(struct timer_hart *h, struct timer_place *place, u64 at)
{
	struct list *p;

	place->at = at;
	list_for_each (p, &h->queue)
		if (list_entry(p, struct timer_place, node)->at > at)
			break;
	list_add_before(&place->node, p);
}

/* The lane goes where its first timer puts it. */
static void place_lane(struct timer_hart *h, struct timer_lane *lane)
{
	const struct timer *t = first_of(lane);

	list_del(&lane->place.node);
	if (t)
		enqueue(h, &lane->place, max_u64(t->deadline, lane->from));
}

/* Keys of a heap are no further apart than half of all numbers: no clock comes to what is cut off. */
static void add(struct timer_hart *h, struct timer *t)
{
	struct timer_lane *lane;

	t->armed = true;
	if (!t->lanes) {
		enqueue(h, &t->place, t->deadline);
		return;
	}
	lane = &t->lanes[t->hart];
	heap_add(&lane->timers, &t->node, min_u64(t->deadline, TIMER_NEVER / 2));
	if (first_of(lane) == t)
		place_lane(h, lane);
}

static void take_out(struct timer_hart *h, struct timer *t)
{
	struct timer_lane *lane;
	bool was_first;

	if (!t->armed)
		return;
	WRITE_ONCE(t->armed, false);
	if (!t->lanes) {
		list_del(&t->place.node);
		return;
	}
	lane = &t->lanes[t->hart];
	was_first = first_of(lane) == t;
	heap_remove(&lane->timers, &t->node);
	if (was_first)
		place_lane(h, lane);
}

/* A deadline that moved away is left in the hardware where the firmware would have to be called: one
 * interrupt that finds nothing to do is cheaper. Under the lock, on its own hart. */
static void program(struct timer_hart *h)
{
	u64 deadline = first(h) ? first(h)->at : TIMER_NEVER;

	if (deadline == h->programmed || (deadline > h->programmed && !arch_timer_is_cheap()))
		return;
	h->programmed = deadline;
	arch_timer_set(deadline);
}

/* ---- for all --------------------------------------------------------------------------------------- */

/* The function must not be under way on another hart while its timer changes hands or goes away. */
static void await_function(struct timer_hart *h, const struct timer *t)
{
	if (h == &this_hart(timer_hart))
		return;
	/* Order: all that the function did, before the caller goes on. Pairs with: fire() [T4] */
	while (arch_load_acquire(&h->running) == t)
		arch_relax();
}

void timer_disarm(struct timer *t)
{
	struct timer_hart *h = &per_hart(timer_hart, t->hart);

	spin_lock(&h->lock);
	take_out(h, t);
	spin_unlock(&h->lock);
	await_function(h, t);
}

void timer_arm(struct timer *t, u64 deadline)
{
	struct timer_hart *h = &this_hart(timer_hart);

	if (timer_armed(t) || t->hart != arch_hart_index())
		timer_disarm(t);
	if (deadline == TIMER_NEVER)
		return;
	t->deadline = deadline;
	t->hart = arch_hart_index();
	spin_lock(&h->lock);
	add(h, t);
	program(h);
	spin_unlock(&h->lock);
}

/* The first timer of a lane that is due goes; the next has to wait, if it is due as well. Lock held. */
static struct timer *take_from_lane(struct timer_hart *h, struct timer_lane *lane, u64 now)
{
	struct timer *t = first_of(lane);
	const struct timer *next;

	take_out(h, t);
	next = first_of(lane);
	if (next && next->deadline <= now) {
		lane->from = now + h->gap;
		place_lane(h, lane);
	}
	return t;
}

static struct timer *take(struct timer_hart *h, struct timer_place *p, u64 now)
{
	struct timer *t;

	if (p->is_lane)
		return take_from_lane(h, container_of(p, struct timer_lane, place), now);
	t = container_of(p, struct timer, place);
	take_out(h, t);
	return t;
}

/* Takes a timer out whose time has come, if there is one. */
static struct timer *take_due(struct timer_hart *h)
{
	struct timer_place *p;
	struct timer *t = NULL;
	u64 now;

	spin_lock(&h->lock);
	p = first(h);
	now = arch_clock();
	if (p && p->at <= now) {
		t = take(h, p, now);
		WRITE_ONCE(h->running, t);
	} else {
		h->programmed = p ? p->at : TIMER_NEVER;
		arch_timer_set(h->programmed);
	}
	spin_unlock(&h->lock);
	return t;
}

/* The timer may be gone when its function comes back. */
static void fire(struct timer_hart *h, struct timer *t)
{
	t->fn(t);
	/* Order: what the function did, before it no longer runs. Pairs with: await_function() [T4] */
	arch_store_release(&h->running, NULL);
}

/* What is due as well is left to the next interrupt, which is there at once: in between interrupts are on. */
static void program_anew(struct timer_hart *h)
{
	spin_lock(&h->lock);
	h->programmed = TIMER_NEVER;
	program(h);
	spin_unlock(&h->lock);
}

void timer_irq(void)
{
	struct timer_hart *h = &this_hart(timer_hart);
	struct timer *t;

	for (unsigned int i = 0; i < AT_ONCE; i++) {
		t = take_due(h);
		if (!t)
			return;
		fire(h, t);
	}
	program_anew(h);
}
