/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has used how much of the harts, and who is to have one next: proportional shares on two levels,
 * first between VMs, then among the vCPUs of a VM.
 *
 * On each hart a VM has a stake. The stake's virtual time grows with the time that the VM's threads have
 * the hart, the slower the greater the VM's weight is. A VM's weight is spread over its stakes by how
 * many of its threads want to run on each hart. Virtual time is one scale for all harts, so of stakes on
 * different harts the one that is behind can be told. A thread of limen's own has a stake for itself.
 *
 * Each thread asks for so much of its hart at a time: what it used lately before it rested, between
 * SCHED_SHORT_US and SCHED_SLICE_MS. Of the stakes on a hart the first is the one that would be least far
 * after what its first thread asks for; the same rule orders the threads of a stake. So a thread that
 * runs for short goes before those that compute, whoever was first; and since all of its time counts, it
 * is ahead of its share by no more than what they ask for. Nothing a thread does gives it time that is
 * not counted.
 *
 * A VM may have a cap, so many per cent of one hart: each tick that is charged to it is paid for with
 * 100 / cap ticks of time, and who has paid beyond now has to wait. What is not used is kept for a
 * while.
 *
 * Pure but for the group's counters, which are atomic: any hart charges its own threads. A queue, its
 * hart's stakes and the entities in them are under that hart's queue lock.
 */
#ifndef HYP_SCHED_SCHED_H
#define HYP_SCHED_SCHED_H

#include "lib/compiler.h"
#include "lib/heap.h"
#include "lib/types.h"

#define SCHED_WEIGHT	   256U	  /* of whoever is not given one */
#define SCHED_WEIGHT_MAX   65536U /* and at least 1 */
#define SCHED_SLICE_MS	   10	  /* how long one runs while others wait */
#define SCHED_SHORT_US	   25	  /* the least one asks for */
#define SCHED_CAP_SLICE_MS 2	  /* how long one with a cap runs between two looks at it */
#define SCHED_KEEP_MS	   20	  /* for which a group keeps what its cap lets it have */

struct sched_group;

/* What a VM has of one hart. */
struct sched_stake {
	struct heap_node
		node; /* in the queue's heap; its key: vtime and what its first thread asks for */
	struct heap ready; /* of sched_entity, without the one that has the hart */
	u64 vtime;	   /* ticks, scaled by weight */
	u64 inner;	   /* the same among its threads: of the one that had the hart last */
	struct sched_group *group; /* or NULL: it is one thread's own */
	u32 weight;		   /* then */
	u32 count;		   /* threads in ready */
	bool queued;		   /* is in the queue's heap */
	bool held;		   /* is in the heap of those that wait for their caps */
	bool owed; /* had a thread since its VM began: what it is behind by counts */
};

/* A VM. */
struct sched_group {
	/* Set before its first thread. */
	u32 weight;
	u32 cap;		   /* per cent of one hart; 0: none */
	struct sched_stake *stake; /* by hart index */
	struct timer_lane *lanes;  /* the same; for its threads' timers */
	u32 released;		   /* the cap does not count: the VM ends, or pauses; by any */
	/* Atomic. */
	u32 wanting; /* threads that run or are ready */
	u64 paid;    /* the tick up to which it has paid */
	u64 owed;    /* ticks that limen spent on it in interrupts and switches, not charged yet */
	u64 served;  /* all that passed while others had the hart */
};

/* A thread. */
struct sched_entity {
	struct heap_node node;	   /* in its stake's heap; its key: vtime and what it asks for */
	u64 vtime;		   /* ticks, among the threads of its stake */
	u64 had;		   /* ticks it has been charged for */
	u64 asks;		   /* ticks at a time */
	u64 left;		   /* what is left of these */
	u64 burst;		   /* ticks since it rested */
	u64 reserved;		   /* ticks that its group has paid for in advance */
	bool wanting;		   /* counted in its group */
	bool rested;		   /* since it was charged last */
	struct sched_group *group; /* or NULL */
	struct sched_stake own;	   /* then */
};

/* One hart's. */
struct sched_queue {
	struct heap stakes; /* with ready threads, but for the one whose thread has the hart */
	struct sched_stake *current; /* whose thread has the hart, or NULL */
	struct heap held;	     /* stakes that wait for their caps; their keys: until when */
	u64 vtime;		     /* of the hart; what joins, joins near it */
	u64 slice, least;	     /* in ticks: the most and the least that is asked for */
	u64 keep;		     /* ticks for which what a cap lets one have is kept */
	u32 ready;		     /* threads in all stakes that are not held */
};

void sched_group_init(struct sched_group *g, u32 weight, u32 cap);

/* Its stakes, one for each hart, zeroed: before its first thread. */
void sched_group_spread(struct sched_group *g, struct sched_stake *stake, unsigned int harts);

/* The VM starts anew, and is owed nothing for the time when it was not there. None of its threads is there. */
void sched_group_start(struct sched_group *g, unsigned int harts);

void sched_entity_init(struct sched_entity *e, u32 weight, struct sched_group *group);
void sched_queue_init(struct sched_queue *q, u64 hz, u64 vtime);

/* What e's VM, or e, has of this hart. */
static inline struct sched_stake *sched_stake_of(struct sched_entity *e, unsigned int hart)
{
	return e->group ? &e->group->stake[hart] : &e->own;
}

/* Where its timers go (hyp/sched/timer.h); NULL: it is no VM's. */
static inline struct timer_lane *sched_lanes_of(const struct sched_entity *e)
{
	return e->group ? e->group->lanes : NULL;
}

/* The entity wants to run from now on; it waits for something from now on. Says the same twice for
 * nothing. */
void sched_wants(struct sched_entity *e);
void sched_rests(struct sched_entity *e);

/*
 * e becomes ready in s, a stake of this queue's hart. Where it has moved, its stake had the virtual time
 * *moved on the hart that it comes from; NULL: it has not. A stake without threads joins the hart's
 * virtual time now: it is behind by no more than credit ticks at the usual weight, so that who rested
 * does not take the hart for as long as it rested; and ahead by no more than what SCHED_DEBT slices come
 * to, so that who had a hart alone for long is not kept waiting for as long.
 */
void sched_add(struct sched_queue *q, struct sched_stake *s, struct sched_entity *e,
	       const u64 *moved, u64 now, u64 credit);

#define SCHED_DEBT 4

/* It is ready no more: it runs, goes to another hart, or ends its wait. */
void sched_remove(struct sched_queue *q, struct sched_stake *s, struct sched_entity *e);

/* Stakes whose VMs have had what their caps let them have by tick now are held, first ones first, until one
 * is not, and those that were held for long enough are not any more. Returns when the first is to be looked
 * at again; ~0: none is held. */
u64 sched_hold(struct sched_queue *q, u64 now);

/* The cap of the stake's VM does not count any more: the stake is not held. */
void sched_release(struct sched_queue *q, struct sched_stake *s);

/* Whose stake is the first that is held, or NULL. */
struct sched_group *sched_held(const struct sched_queue *q);

/* Who is to run next; NULL: nobody is ready. The stake that has the hart is not looked at: sched_stop()
 * comes before. */
struct sched_entity *sched_first(const struct sched_queue *q);

/* An entity of s has the hart from now on: one that is ready in no queue, or is removed from this one next. */
void sched_run(struct sched_queue *q, struct sched_stake *s, struct sched_entity *e);

/* Who has the hart waited without giving it up: if no other thread of its stake is here, that is behind now
 * by no more than credit ticks. */
void sched_renew(struct sched_queue *q, struct sched_entity *e, u64 now, u64 credit);

/* Nobody has the hart from now on; nothing, where nobody had it. */
void sched_stop(struct sched_queue *q);

/* Whose thread has the hart: it becomes ready again, and nobody has it from now on. One that yields
 * goes behind the first of its stake, and its stake behind the first. True: it had all it asked for. */
bool sched_put(struct sched_queue *q, struct sched_entity *e, bool yields);

/* Who has the hart has had it for had ticks since it began; what is new of that is charged. */
void sched_charge(struct sched_queue *q, struct sched_entity *e, u64 had);

/* Ticks that limen spends on a VM while another has the hart: charged to it when it is charged next. Any
 * hart, no lock. */
void sched_owe(struct sched_group *g, u64 ticks);

/* Such ticks passed while another's thread had the hart: no account of the group's own threads has them. Any
 * context. */
void sched_serve(struct sched_group *g, u64 ticks);

/* Does e, which is ready in s, go before runs, which has the hart? */
bool sched_preempts(const struct sched_queue *q, const struct sched_stake *s,
		    const struct sched_entity *e, const struct sched_entity *runs);

/* For how long e, which has the hart, may keep it: what it asks for while others wait; else, if it has a
 * cap, until that is looked at again. In ticks. */
u64 sched_turn(const struct sched_queue *q, const struct sched_entity *e);

/* What so many ticks of a thread that has the hart are to its stake. */
u64 sched_scaled(const struct sched_stake *s, u64 ticks);

/* How far a is behind b, in scaled ticks; 0: it is not. */
static inline u64 sched_behind(u64 a, u64 b)
{
	return (s64)(b - a) > 0 ? b - a : 0;
}

/*
 * The first entity, of those that are ready, for which fn is true, of a stake that is behind the limit, if
 * there is one; roughly in the order in which they would run. fn is asked at most budget times.
 */
struct sched_entity *sched_find(const struct sched_queue *q, const u64 *limit,
				bool (*fn)(struct sched_entity *e, void *arg), void *arg,
				u32 budget);

/* May the group's members run at tick now, with keep ticks kept? 0: yes; or else the tick from which on
 * they may. */
u64 sched_capped(struct sched_group *g, u64 now, u64 keep);

#endif
