/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pointer leads to an object, and everybody reads and replaces it. An object is of age 0 while
 * the pointer leads to it, 1 once it was taken out, and one more after each grace period; when it is
 * OLD it is used again. A reader may find ages 0 and 1: an older one was there although a grace
 * period had passed.
 *
 * Workers run on the upper half of the harts, the conductor on hart 0. A hart's counter that is even
 * and has not changed says that it never left its guest.
 */
#include "hyp/selftest/torture.h"

#include <string.h>

#include "entry/context.h"
#include "hyp/machine/reset.h"
#include "hyp/mem/kmem.h"
#include "hyp/sched/rcud.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "lib/check.h"
#include "rcu/rcu.h"

#define OLD	 8
#define OBJECTS	 512
#define LIVE	 0x600d600d600d600dUL
#define LIMIT_S	 900 /* it gives up */
#define SPOIL	 2   /* the age at which an object is spoilt */
#define STALL_MS 200

struct object {
	struct object *next; /* of the free ones; under pool.lock */
	struct rcu_head rcu;
	u64 word;
	u32 age; /* written by who took it out, then by callbacks */
};

/* What readers saw, in a thread or in interrupts of one hart. */
struct tally {
	u64 readers, bad;
	u64 ages[OLD + 1];
};

struct worker {
	unsigned int hart;
	u32 seed, irq_seed;
	struct timer timer;
	struct tally thread, irq;
	u64 updates; /* atomic, for the interrupt */
	u64 barriers;
	bool done; /* release, acquire */
};

/* A hart as the conductor sees it from one grace period to the next. */
struct stay {
	u64 counter;
	u32 periods; /* in its guest, without a break */
};

static struct {
	struct spinlock lock;
	struct object *first; /* under lock */
	u32 count;	      /* under lock */
	struct object object[OBJECTS];
} pool = {.lock = SPINLOCK_INIT("torture")};

static struct bootargs args;
static struct object *shared;
static struct worker *workers;
static unsigned int worker_count;
static bool stop;
static u64 callbacks; /* the callbacks' thread's */

static struct stay stays[HARTS_MAX];
static u64 periods, longest, longest_beside; /* ticks; the conductor's */

static u32 random_next(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static u64 us(u64 n)
{
	return n * arch_clock_hz() / 1000000;
}

static void spin(u64 ticks)
{
	u64 end = arch_clock() + ticks;

	while (arch_clock() < end)
		arch_relax();
}

static void object_put(struct object *o)
{
	unsigned long flags = spin_lock_irqsave(&pool.lock);

	o->next = pool.first;
	pool.first = o;
	pool.count++;
	spin_unlock_irqrestore(&pool.lock, flags);
}

static struct object *object_get(void)
{
	unsigned long flags = spin_lock_irqsave(&pool.lock);
	struct object *o = pool.first;

	if (o) {
		pool.first = o->next;
		pool.count--;
	}
	spin_unlock_irqrestore(&pool.lock, flags);
	if (o) {
		WRITE_ONCE(o->age, 0);
		WRITE_ONCE(o->word, LIVE);
	}
	return o;
}

static u32 pool_count(void)
{
	unsigned long flags = spin_lock_irqsave(&pool.lock);
	u32 n = pool.count;

	spin_unlock_irqrestore(&pool.lock, flags);
	return n;
}

/* A grace period has passed. */
static void object_ages(struct rcu_head *head)
{
	struct object *o = container_of(head, struct object, rcu);

	WRITE_ONCE(o->age, o->age + 1);
	if (o->age == SPOIL)
		WRITE_ONCE(o->word, 0);
	if (o->age < OLD)
		call_rcu(&o->rcu, object_ages);
	else
		object_put(o);
}

static void object_called(struct rcu_head *head)
{
	callbacks++;
	object_ages(head);
}

/* The object that was taken out, or NULL when there is none to take its place. */
static struct object *object_replace(void)
{
	struct object *o = object_get(), *old;

	if (!o)
		return NULL;
	/* Order: the new object is filled in, before readers find it; the old one is what its updater
	 * made of it, before it ages. Pairs with: torture_read(), itself [O2] */
	old = __atomic_exchange_n(&shared, o, __ATOMIC_ACQ_REL);
	WRITE_ONCE(old->age, 1);
	return old;
}

static __attribute__((noinline)) void torture_read(struct tally *t, u64 ticks)
{
	struct object *o;
	u64 word;
	u32 age;

	rcu_read_lock();
	/* Order: the pointer, before the object. Pairs with: object_replace() [O2] */
	o = rcu_dereference(shared);
	word = READ_ONCE(o->word);
	spin(ticks);
	word &= READ_ONCE(o->word);
	age = READ_ONCE(o->age);
	rcu_read_unlock();
	t->readers++;
	t->ages[min_u64(age, OLD)]++;
	t->bad += word != LIVE || age >= SPOIL;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* What an update does with the old object; any other number is CALL. */
enum update_how {
	WAIT,
	WAIT_EXPEDITED,
	CALL,
};

static void update(struct worker *w, u32 how)
{
	struct object *old = object_replace();

	if (!old)
		return;
	__atomic_fetch_add(&w->updates, 1, __ATOMIC_RELAXED);
	if (how == WAIT)
		synchronize_rcu();
	if (how == WAIT_EXPEDITED)
		synchronize_rcu_expedited();
	if (how >= CALL)
		call_rcu(&old->rcu, object_called);
	else
		object_ages(&old->rcu);
}

/* A reader, and at times an update, in an interrupt, whatever it interrupted. */
static void worker_irq(struct timer *timer)
{
	struct worker *w = container_of(timer, struct worker, timer);

	torture_read(&w->irq, us(random_next(&w->irq_seed) % 20));
	if (random_next(&w->irq_seed) % 4 == 0)
		update(w, CALL);
	if (!READ_ONCE(stop))
		timer_arm(timer, arch_clock() + us(100 + random_next(&w->irq_seed) % 2000));
}

/* Readers one after the other, now and then a long one. */
static void read_some(struct worker *w)
{
	for (u32 n = random_next(&w->seed) % 32; n; n--)
		torture_read(&w->thread, us(random_next(&w->seed) % (n == 7 ? 300 : 5)));
}

static void worker_barrier(struct worker *w)
{
	rcu_barrier();
	w->barriers++;
}

static void worker_round(struct worker *w)
{
	u32 what = random_next(&w->seed) % 128;

	if (what < 64)
		read_some(w);
	else if (what < 116)
		update(w, what - 64);
	else if (what < 120)
		(void)thread_wait(never, NULL, arch_clock() + us(random_next(&w->seed) % 500));
	else if (what < 123)
		thread_yield();
	else
		spin(us(random_next(&w->seed) % 20));
}

static void worker_main(void *arg)
{
	struct worker *w = arg;
	unsigned long flags;

	timer_init(&w->timer, worker_irq);
	flags = irq_save();
	timer_arm(&w->timer, arch_clock());
	irq_restore(flags);
	do {
		worker_barrier(w);
		for (unsigned int i = 0; i < 500 && !READ_ONCE(stop); i++)
			worker_round(w);
	} while (!READ_ONCE(stop));
	flags = irq_save();
	timer_disarm(&w->timer);
	irq_restore(flags);
	/* Order: what this worker counted, before it is done. Pairs with: all_done() [O3] */
	arch_store_release(&w->done, true);
}

static bool all_done(void)
{
	bool done = true;

	for (unsigned int i = 0; i < worker_count; i++)
		/* Order: the worker is done, before what it counted is read.
		 * Pairs with: worker_main() [O3] */
		done &= arch_load_acquire(&workers[i].done);
	return done;
}

/* Which harts were in their guests all the time since the last call? Returns whether as many have
 * been for long enough as the boot argument wants; *beside: was there one at all. */
static bool look_at_stays(bool *beside)
{
	unsigned int i, enough = 0;

	*beside = false;
	for_each_hart (i) {
		u64 counter = READ_ONCE(per_hart(rcu_hart, i).counter);
		bool same = counter == stays[i].counter && !(counter & 1) &&
			    READ_ONCE(per_hart(context_hart, i).state) == CONTEXT_GUEST;

		stays[i].counter = counter;
		stays[i].periods = same ? stays[i].periods + 1 : 0;
		*beside |= same;
		enough += stays[i].periods >= args.torture_periods;
	}
	return periods >= args.torture_periods && enough >= args.torture_guests;
}

/* Did every worker do all that it can, and was anything taken out under a reader? */
static bool enough_seen(void)
{
	bool all = true;
	u64 old = 0;

	for (unsigned int i = 0; i < worker_count; i++) {
		struct worker *w = &workers[i];

		all &= READ_ONCE(w->barriers) && READ_ONCE(w->updates) &&
		       READ_ONCE(w->thread.readers) && READ_ONCE(w->irq.readers);
		old += READ_ONCE(w->thread.ages[1]) + READ_ONCE(w->irq.ages[1]);
	}
	return all && old;
}

static bool bad_seen(void)
{
	bool bad = false;

	for (unsigned int i = 0; i < worker_count; i++)
		bad |= READ_ONCE(workers[i].thread.bad) || READ_ONCE(workers[i].irq.bad);
	return bad;
}

static bool one_period(void)
{
	struct object *old = object_replace();
	u64 took = arch_clock();
	bool beside, enough;

	if (periods % 8 == 7)
		synchronize_rcu_expedited();
	else
		synchronize_rcu();
	took = arch_clock() - took;
	if (old)
		object_ages(&old->rcu);
	periods++;
	enough = look_at_stays(&beside);
	longest = max_u64(longest, took);
	if (beside)
		longest_beside = max_u64(longest_beside, took);
	return enough;
}

static void add(struct tally *sum, const struct tally *t)
{
	sum->readers += t->readers;
	sum->bad += t->bad;
	for (unsigned int age = 0; age <= OLD; age++)
		sum->ages[age] += t->ages[age];
}

static unsigned long long in_us(u64 ticks)
{
	return ticks * 1000000 / arch_clock_hz();
}

static void tell_stays(void)
{
	unsigned int i;

	for_each_hart (i)
		if (stays[i].periods)
			log_report("torture: hart %u stayed in its guest through %u of them", i,
				   stays[i].periods);
}

/* Returns whether nobody saw what must not be. */
static bool tell(u64 before)
{
	struct tally all = {0}, irqs = {0};
	u64 updates = 0, barriers = 0;

	for (unsigned int i = 0; i < worker_count; i++) {
		add(&all, &workers[i].thread);
		add(&irqs, &workers[i].irq);
		updates += workers[i].updates;
		barriers += workers[i].barriers;
	}
	add(&all, &irqs);
	log_report("torture: %llu grace periods, %llu of them waited for in turn: the longest "
		   "%llu us, beside a hart that stayed in its guest %llu us",
		   (unsigned long long)(rcu_grace_periods() - before), (unsigned long long)periods,
		   in_us(longest), in_us(longest_beside));
	tell_stays();
	log_report("torture: %llu readers, %llu of them in interrupts; %llu updates, %llu "
		   "callbacks, %llu barriers",
		   (unsigned long long)all.readers, (unsigned long long)irqs.readers,
		   (unsigned long long)updates, (unsigned long long)callbacks,
		   (unsigned long long)barriers);
	log_report("torture: ages seen: %llu %llu %llu %llu %llu %llu %llu %llu %llu",
		   (unsigned long long)all.ages[0], (unsigned long long)all.ages[1],
		   (unsigned long long)all.ages[2], (unsigned long long)all.ages[3],
		   (unsigned long long)all.ages[4], (unsigned long long)all.ages[5],
		   (unsigned long long)all.ages[6], (unsigned long long)all.ages[7],
		   (unsigned long long)all.ages[8]);
	if (all.bad)
		log_report("torture: %llu readers saw an object that a grace period had passed",
			   (unsigned long long)all.bad);
	return !all.bad && all.readers && rcud_stalls() == 0;
}

static void conduct(void *arg)
{
	u64 end = arch_clock() + LIMIT_S * arch_clock_hz(), before = rcu_grace_periods();
	bool well = false;

	(void)arg;
	while (arch_clock() < end && !well && !bad_seen()) {
		well = one_period() && enough_seen();
		/* Others of this hart run, however short the grace periods are. */
		if (periods % 64 == 0)
			(void)thread_wait(never, NULL, arch_clock() + us(100));
	}
	if (!well && !bad_seen())
		log_report("torture: not enough harts stayed in their guests, or workers did not "
			   "come to work");
	WRITE_ONCE(stop, true);
	while (!all_done())
		(void)thread_wait(never, NULL, arch_clock() + us(1000));
	for (unsigned int i = 0; i < OLD; i++)
		rcu_barrier();
	if (pool_count() != OBJECTS - 1) {
		log_report("torture: %u objects of %u came back", pool_count(), OBJECTS - 1);
		well = false;
	}
	well &= tell(before);
	log_report("torture: %s", well ? "passed" : "FAILED");
	machine_power_off(!well);
}

static void start_rcu(void)
{
	unsigned int harts = arch_hart_count(), first = harts / 2;

	worker_count = harts - first;
	workers = kmem_alloc(sizeof(*workers) * worker_count);
	CHECK(workers);
	memset(workers, 0, sizeof(*workers) * worker_count);
	for (unsigned int i = 0; i < OBJECTS; i++)
		object_put(&pool.object[i]);
	shared = object_get();
	log_report("torture: rcu, %u grace periods, workers on harts %u to %u",
		   args.torture_periods, first, harts - 1);
	for (unsigned int i = 0; i < worker_count; i++) {
		workers[i].hart = first + i;
		workers[i].seed = 1 + i;
		workers[i].irq_seed = 1000 + i;
		CHECK(thread_create("torture", first + i, worker_main, &workers[i]));
	}
	CHECK(thread_create("torture", 0, conduct, NULL));
}

/* A reader that ends only when the hart was reported. */
static __attribute__((noinline)) void torture_stall_reader(u64 deadline)
{
	rcu_read_lock();
	WRITE_ONCE(stop, true); /* it has begun */
	while (rcud_stalls() == 0 && arch_clock() < deadline)
		arch_relax();
	rcu_read_unlock();
}

static void stall_main(void *arg)
{
	(void)arg;
	torture_stall_reader(arch_clock() + 60 * arch_clock_hz());
}

static void wait_for_stall(void *arg)
{
	(void)arg;
	while (!READ_ONCE(stop))
		(void)thread_wait(never, NULL, arch_clock() + us(1000));
	synchronize_rcu();
	log_report("torture: the grace period is over, %u reports", rcud_stalls());
	machine_power_off(rcud_stalls() != 1);
}

static void start_stall(void)
{
	rcu_set_stall_bound(arch_clock_hz() / 1000 * STALL_MS);
	log_report("torture: a reader that stalls, on hart %u", arch_hart_count() - 1);
	CHECK(thread_create("stall", arch_hart_count() - 1, stall_main, NULL));
	CHECK(thread_create("wait", 0, wait_for_stall, NULL));
}

void torture_init(const struct bootargs *b)
{
	args = *b;
}

void torture_start(void)
{
	if (args.torture == BOOTARGS_TORTURE_RCU)
		start_rcu();
	if (args.torture == BOOTARGS_TORTURE_STALL)
		start_stall();
}
