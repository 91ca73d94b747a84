/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has used how much of the harts, and who is to have one next: proportional shares.
 *
 * Each entity (a thread) has a virtual time that grows with the time it has a hart, the slower the
 * greater its weight; whoever has the least runs next. Virtual time is one scale for all harts, so
 * that of entities that wait on different harts the one that is behind can be told. Entities of a
 * group (the vCPUs of a VM) share the group's weight: each is charged as many times as there are
 * members that want to run, so that a VM's share does not grow with its vCPUs.
 *
 * A group may have a cap, so many per cent of one hart: each tick its members have is paid for with
 * 100 / cap ticks of time, and who has paid beyond now has to wait. What is not used is kept for a
 * while.
 *
 * Pure but for the group's counters, which are atomic: any hart charges its own members. An entity is
 * under the lock of the queue it is in, or its own hart's.
 */
#ifndef HYP_SCHED_H
#define HYP_SCHED_H

#include "lib/compiler.h"
#include "lib/types.h"

#define SCHED_WEIGHT	 256U	/* of whoever is not given one */
#define SCHED_WEIGHT_MAX 65536U /* and at least 1 */
#define SCHED_SLICE_MS	 10	/* how long one runs while others wait */
#define SCHED_KEEP_MS	 100	/* for which a group keeps what its cap lets it have */

struct sched_group {
	/* Set before its first member. */
	u32 weight;
	u32 cap; /* per cent of one hart; 0: none */
	/* Atomic. */
	u32 wanting; /* members that run or are ready */
	u64 paid;    /* the tick up to which they have paid */
};

struct sched_entity {
	u64 vtime; /* ticks, scaled by weight */
	u64 had;   /* ticks it has been charged for */
	u32 weight;
	bool wanting;		   /* counted in its group */
	struct sched_group *group; /* or NULL */
};

void sched_group_init(struct sched_group *g, u32 weight, u32 cap);
void sched_entity_init(struct sched_entity *e, u32 weight, struct sched_group *group);

/* The entity wants to run from now on; it waits for something from now on. Says the same twice for
 * nothing. */
void sched_wants(struct sched_entity *e);
void sched_rests(struct sched_entity *e);

/* It has had the hart for had ticks since it began; what is new of that is charged. */
void sched_charge(struct sched_entity *e, u64 had);

/*
 * It comes to a hart where whoever ran last had virtual time now. It is behind by no more than credit
 * ticks at the usual weight, so that who rested does not take the hart for as long as it rested; and
 * ahead by no more than what SCHED_DEBT times as many of its own come to, so that who had a hart alone
 * for long is not kept waiting for as long.
 */
void sched_join(struct sched_entity *e, u64 now, u64 credit);

#define SCHED_DEBT 4

/* Its virtual time is at least this. */
static inline void sched_reach(struct sched_entity *e, u64 vtime)
{
	if ((s64)(vtime - e->vtime) > 0)
		e->vtime = vtime;
}

/* What it is charged for so many ticks. */
u64 sched_scaled(const struct sched_entity *e, u64 ticks);

/* Is a to run before b? No, when they are equal: who came first goes first. */
static inline bool sched_before(const struct sched_entity *a, const struct sched_entity *b)
{
	return (s64)(a->vtime - b->vtime) < 0;
}

/* How far a is behind b, in scaled ticks; 0: it is not. */
static inline u64 sched_behind(u64 a, u64 b)
{
	return (s64)(b - a) > 0 ? b - a : 0;
}

/* May the group's members run at tick now, with keep ticks kept? 0: yes; or else the tick from which on
 * they may. */
u64 sched_capped(struct sched_group *g, u64 now, u64 keep);

#endif
