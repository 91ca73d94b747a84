/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proportional shares. See sched.h. The counters order nothing: what they are late by is made good at
 * the next charge.
 */
#include "hyp/sched/sched.h"

#include "lib/check.h"

/* What may be charged at once: no product of it and weights is too large. */
#define CHARGE_MAX BIT(44)

void sched_group_init(struct sched_group *g, u32 weight, u32 cap)
{
	CHECK(weight >= 1 && weight <= SCHED_WEIGHT_MAX);
	*g = (struct sched_group){.weight = weight, .cap = cap};
}

void sched_group_spread(struct sched_group *g, struct sched_stake *stake, unsigned int harts)
{
	g->stake = stake;
	for (unsigned int i = 0; i < harts; i++)
		stake[i].group = g;
}

void sched_group_start(struct sched_group *g, unsigned int harts)
{
	for (unsigned int i = 0; i < harts; i++)
		g->stake[i].owed = false;
}

void sched_entity_init(struct sched_entity *e, u32 weight, struct sched_group *group)
{
	CHECK(weight >= 1 && weight <= SCHED_WEIGHT_MAX);
	*e = (struct sched_entity){.group = group, .own = {.weight = weight}};
}

void sched_queue_init(struct sched_queue *q, u64 hz, u64 vtime)
{
	*q = (struct sched_queue){
		.vtime = vtime,
		.slice = hz * SCHED_SLICE_MS / 1000,
		.least = hz * SCHED_SHORT_US / 1000000 + 1,
		.keep = hz * SCHED_KEEP_MS / 1000,
	};
}

void sched_wants(struct sched_entity *e)
{
	if (e->wanting)
		return;
	e->wanting = true;
	if (e->group)
		__atomic_fetch_add(&e->group->wanting, 1, __ATOMIC_RELAXED);
}

void sched_rests(struct sched_entity *e)
{
	if (!e->wanting)
		return;
	e->wanting = false;
	e->rested = true;
	if (e->group)
		__atomic_fetch_sub(&e->group->wanting, 1, __ATOMIC_RELAXED);
}

/* ---- keys -------------------------------------------------------------------------------------- */

static struct sched_entity *entity_of(struct heap_node *n)
{
	return n ? container_of(n, struct sched_entity, node) : NULL;
}

static struct sched_stake *stake_of(struct heap_node *n)
{
	return n ? container_of(n, struct sched_stake, node) : NULL;
}

/* Ticks at the usual weight, with here threads that want this hart, of all the group's. */
static u64 scaled(const struct sched_stake *s, u64 ticks, u32 here)
{
	const struct sched_group *g = s->group;
	u64 all;

	if (!g)
		return ticks * SCHED_WEIGHT / s->weight;
	all = __atomic_load_n(&g->wanting, __ATOMIC_RELAXED);
	return all > here ? ticks * SCHED_WEIGHT * all / ((u64)g->weight * here)
			  : ticks * SCHED_WEIGHT / g->weight;
}

u64 sched_scaled(const struct sched_stake *s, u64 ticks)
{
	return scaled(s, ticks, s->count + 1);
}

static u64 key_of(const struct sched_stake *s, const struct sched_entity *e)
{
	return s->vtime + scaled(s, e->left, s->count ? s->count : 1);
}

/* ---- the heaps --------------------------------------------------------------------------------- */

static void unqueue(struct sched_queue *q, struct sched_stake *s)
{
	if (s->queued)
		heap_remove(&q->stakes, &s->node);
	s->queued = false;
}

/* The stake goes where its first thread puts it, if it has one and none that has the hart. */
static void requeue(struct sched_queue *q, struct sched_stake *s)
{
	unqueue(q, s);
	if (!s->count || s->held || s == q->current)
		return;
	heap_add(&q->stakes, &s->node, key_of(s, entity_of(s->ready.first)));
	s->queued = true;
}

static void put_in(struct sched_queue *q, struct sched_stake *s, struct sched_entity *e, u64 key)
{
	heap_add(&s->ready, &e->node, key);
	s->count++;
	q->ready += !s->held;
}

/* ---- joining ------------------------------------------------------------------------------------ */

static u64 within(u64 vtime, u64 now, u64 credit, u64 debt)
{
	if (sched_behind(vtime, now) > credit)
		return now - credit;
	if (sched_behind(now, vtime) > debt)
		return now + debt;
	return vtime;
}

/* One that has threads here already takes over its part of what the one that comes is behind or ahead. */
static void join_stake(struct sched_queue *q, struct sched_stake *s, const u64 *moved, u64 now,
		       u64 credit)
{
	u32 here = s->count + (s == q->current);
	u64 brings = moved ? *moved : s->vtime;

	if (!moved && !s->owed && sched_behind(brings, now))
		brings = now;
	s->owed = true;
	if (!here)
		s->vtime = within(brings, now, credit, scaled(s, q->slice * SCHED_DEBT, 1));
	else if (moved)
		s->vtime += (u64)((s64)(within(brings, now, credit, credit) - s->vtime) /
				  (s64)(here + 1));
}

/* What it asks for is twice what it used before it rested, and more each time that this was not enough. */
static bool ask(const struct sched_queue *q, struct sched_entity *e)
{
	u64 wants;

	if (e->rested)
		wants = e->burst * 2;
	else if (e->left <= q->least / 2)
		wants = max_u64(e->asks * 2, e->burst);
	else
		return false;
	e->burst = e->rested ? 0 : e->burst;
	e->rested = false;
	e->left = e->asks = min_u64(max_u64(wants, q->least), q->slice);
	return true;
}

void sched_add(struct sched_queue *q, struct sched_stake *s, struct sched_entity *e,
	       const u64 *moved, u64 now, u64 credit)
{
	join_stake(q, s, moved, now, credit);
	(void)ask(q, e);
	e->vtime = moved ? s->inner : within(e->vtime, s->inner, q->slice, q->slice);
	put_in(q, s, e, e->vtime + e->left);
	requeue(q, s);
}

void sched_remove(struct sched_queue *q, struct sched_stake *s, struct sched_entity *e)
{
	heap_remove(&s->ready, &e->node);
	s->count--;
	q->ready -= !s->held;
	requeue(q, s);
}

/* ---- who has the hart --------------------------------------------------------------------------- */

struct sched_entity *sched_first(const struct sched_queue *q)
{
	struct sched_stake *s = stake_of(q->stakes.first);

	return s ? entity_of(s->ready.first) : NULL;
}

/* What it may use is paid for at once, so that its siblings on other harts count with it. */
static void reserve(const struct sched_queue *q, struct sched_entity *e)
{
	struct sched_group *g = e->group;
	u64 turn;

	if (likely(!g || !g->cap))
		return;
	/* It may have got the hart before and not been charged, since it was woken as it began to wait. */
	turn = sched_turn(q, e);
	if (turn > e->reserved)
		__atomic_fetch_add(&g->paid, (turn - e->reserved) * 100 / g->cap, __ATOMIC_RELAXED);
	e->reserved = max_u64(turn, e->reserved);
}

static void pay(struct sched_group *g, struct sched_entity *e, u64 ticks)
{
	s64 more = (s64)ticks - (s64)e->reserved;

	e->reserved = 0;
	__atomic_fetch_add(&g->paid, (u64)(more * 100 / (s64)g->cap), __ATOMIC_RELAXED);
}

void sched_run(struct sched_queue *q, struct sched_stake *s, struct sched_entity *e)
{
	q->current = s;
	unqueue(q, s);
	reserve(q, e);
	if (sched_behind(s->inner, e->vtime))
		s->inner = e->vtime;
}

void sched_renew(struct sched_queue *q, struct sched_entity *e, u64 now, u64 credit)
{
	struct sched_stake *s = q->current;

	if (!s->count && sched_behind(s->vtime, now) > credit)
		s->vtime = now - credit;
	(void)ask(q, e);
}

void sched_stop(struct sched_queue *q)
{
	struct sched_stake *s = q->current;

	q->current = NULL;
	if (s)
		requeue(q, s);
}

/* The stake goes behind that one, and what it gives away is not owed to it. */
static void go_behind(struct sched_queue *q, struct sched_stake *s, const struct sched_stake *other)
{
	if (sched_behind(s->vtime, other->vtime))
		s->vtime = other->vtime;
	heap_remove(&q->stakes, &s->node);
	heap_add(&q->stakes, &s->node, other->node.key);
}

bool sched_put(struct sched_queue *q, struct sched_entity *e, bool yields)
{
	struct sched_stake *s = q->current;
	struct heap_node *first = s->ready.first;
	bool over = ask(q, e);
	u64 key;

	key = e->vtime + e->left;
	put_in(q, s, e, yields && first && heap_key_before(key, first->key) ? first->key : key);
	first = q->stakes.first;
	sched_stop(q);
	if (yields && first && heap_key_before(s->node.key, first->key))
		go_behind(q, s, stake_of(first));
	return over;
}

/* ---- what is paid ------------------------------------------------------------------------------- */

static u64 take_owed(struct sched_group *g)
{
	if (likely(!__atomic_load_n(&g->owed, __ATOMIC_RELAXED)))
		return 0;
	return __atomic_exchange_n(&g->owed, 0, __ATOMIC_RELAXED);
}

/* Time that turned out to be another's was taken out of had: it is made good by what comes. */
void sched_charge(struct sched_queue *q, struct sched_entity *e, u64 had)
{
	struct sched_stake *s = q->current;
	struct sched_group *g = e->group;
	u64 ticks = min_u64(sched_behind(e->had, had), CHARGE_MAX);

	if (ticks)
		e->had = had;
	e->vtime += ticks;
	e->burst = e->rested ? ticks : e->burst + ticks;
	e->left -= min_u64(ticks, e->left);
	if (g)
		ticks += min_u64(take_owed(g), CHARGE_MAX);
	s->vtime += sched_scaled(s, ticks);
	if (unlikely(g && g->cap))
		pay(g, e, ticks);
}

void sched_owe(struct sched_group *g, u64 ticks)
{
	__atomic_fetch_add(&g->owed, ticks, __ATOMIC_RELAXED);
}

void sched_serve(struct sched_group *g, u64 ticks)
{
	__atomic_fetch_add(&g->served, ticks, __ATOMIC_RELAXED);
}

bool sched_preempts(const struct sched_queue *q, const struct sched_stake *s,
		    const struct sched_entity *e, const struct sched_entity *runs)
{
	const struct sched_stake *has = q->current;

	if (!has)
		return true;
	if (has == s)
		return heap_key_before(e->node.key, runs->vtime + runs->left);
	return heap_key_before(s->node.key, has->vtime + sched_scaled(has, runs->left));
}

u64 sched_turn(const struct sched_queue *q, const struct sched_entity *e)
{
	u64 most = e->group && e->group->cap ? q->slice * SCHED_CAP_SLICE_MS / SCHED_SLICE_MS
					     : q->slice;

	if (!READ_ONCE(q->ready))
		return most;
	return min_u64(max_u64(e->left, q->least), most);
}

u64 sched_capped(struct sched_group *g, u64 now, u64 keep)
{
	u64 paid;

	if (!g->cap || READ_ONCE(g->released))
		return 0;
	paid = __atomic_load_n(&g->paid, __ATOMIC_RELAXED);
	/* Who loses against a charge leaves it to the next look. */
	if (sched_behind(paid, now) > keep)
		__atomic_compare_exchange_n(&g->paid, &paid, now - keep, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	return sched_behind(now, paid) ? paid : 0;
}

/* It is owed no more than one that rested. */
static void release(struct sched_queue *q, struct sched_stake *s)
{
	heap_remove(&q->held, &s->node);
	s->held = false;
	s->vtime = within(s->vtime, q->vtime, q->slice, q->slice);
	q->ready += s->count;
	requeue(q, s);
}

static void hold(struct sched_queue *q, struct sched_stake *s, u64 until)
{
	unqueue(q, s);
	heap_add(&q->held, &s->node, until);
	s->held = true;
	q->ready -= s->count;
}

void sched_release(struct sched_queue *q, struct sched_stake *s)
{
	if (s->held)
		release(q, s);
}

u64 sched_hold(struct sched_queue *q, u64 now)
{
	struct sched_stake *s;
	u64 until;

	while ((s = stake_of(q->held.first)) && !heap_key_before(now, s->node.key))
		release(q, s);
	while ((s = stake_of(q->stakes.first)) && s->group) {
		until = sched_capped(s->group, now, q->keep);
		if (likely(!until))
			break;
		hold(q, s, until);
	}
	return q->held.first ? q->held.first->key : ~0UL;
}

struct sched_group *sched_held(const struct sched_queue *q)
{
	return q->held.first ? stake_of(q->held.first)->group : NULL;
}

/* ---- looking ------------------------------------------------------------------------------------ */

struct find {
	const u64 *limit;
	bool (*fn)(struct sched_entity *e, void *arg);
	void *arg;
	u32 budget;
	struct sched_entity *found;
};

static bool is_it(struct heap_node *n, void *arg)
{
	const struct find *f = arg;

	return f->fn(entity_of(n), f->arg);
}

static bool find_in(struct sched_stake *s, struct find *f)
{
	if (!f->limit || sched_behind(s->vtime, *f->limit))
		f->found = entity_of(heap_find(&s->ready, is_it, f, &f->budget));
	return f->found || !f->budget;
}

static bool find_in_node(struct heap_node *n, void *arg)
{
	return find_in(stake_of(n), arg);
}

struct sched_entity *sched_find(const struct sched_queue *q, const u64 *limit,
				bool (*fn)(struct sched_entity *e, void *arg), void *arg,
				u32 budget)
{
	struct find f = {.limit = limit, .fn = fn, .arg = arg, .budget = budget};
	u32 stakes = budget;

	(void)heap_find(&q->stakes, find_in_node, &f, &stakes);
	if (!f.found && f.budget && q->current)
		find_in(q->current, &f);
	return f.found;
}
