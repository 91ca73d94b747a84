/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proportional shares. See sched.h. The counters order nothing: what they are late by is made good at
 * the next charge.
 */
#include "hyp/sched.h"

#include "lib/check.h"

void sched_group_init(struct sched_group *g, u32 weight, u32 cap)
{
	CHECK(weight >= 1 && weight <= SCHED_WEIGHT_MAX);
	*g = (struct sched_group){.weight = weight, .cap = cap};
}

void sched_entity_init(struct sched_entity *e, u32 weight, struct sched_group *group)
{
	CHECK(weight >= 1 && weight <= SCHED_WEIGHT_MAX);
	*e = (struct sched_entity){.weight = weight, .group = group};
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
	if (e->group)
		__atomic_fetch_sub(&e->group->wanting, 1, __ATOMIC_RELAXED);
}

/* Ticks at the usual weight, with a group's weight shared by those of it that want to run. */
u64 sched_scaled(const struct sched_entity *e, u64 ticks)
{
	const struct sched_group *g = e->group;
	u64 sharers;

	if (!g)
		return ticks * SCHED_WEIGHT / e->weight;
	sharers = __atomic_load_n(&g->wanting, __ATOMIC_RELAXED);
	return ticks * SCHED_WEIGHT * (sharers ? sharers : 1) / g->weight;
}

void sched_charge(struct sched_entity *e, u64 had)
{
	u64 ticks = had - e->had;

	e->had = had;
	e->vtime += sched_scaled(e, ticks);
	if (e->group && e->group->cap)
		__atomic_fetch_add(&e->group->paid, ticks * 100 / e->group->cap, __ATOMIC_RELAXED);
}

void sched_join(struct sched_entity *e, u64 now, u64 credit)
{
	u64 debt = sched_scaled(e, credit * SCHED_DEBT);

	if (sched_behind(e->vtime, now) > credit)
		e->vtime = now - credit;
	else if (sched_behind(now, e->vtime) > debt)
		e->vtime = now + debt;
}

u64 sched_capped(struct sched_group *g, u64 now, u64 keep)
{
	u64 paid;

	if (!g->cap)
		return 0;
	paid = __atomic_load_n(&g->paid, __ATOMIC_RELAXED);
	/* Who loses against a charge leaves it to the next look. */
	if (sched_behind(paid, now) > keep)
		__atomic_compare_exchange_n(&g->paid, &paid, now - keep, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	return sched_behind(now, paid) ? paid : 0;
}
