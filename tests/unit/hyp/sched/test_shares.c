/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shares of several harts, played through with the queues themselves: threads that compute and nap, on
 * harts that come to look at what is asked of them a little later each. Nothing here depends on the
 * computer: a layout and a seed give one course of events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "entry/vtime.h"
#include "lib/spinlock.h"
#include "tests/unit/harts_model.h"

static struct vtime_hart vtime_hart_of[MODEL_HARTS];

static void sim_kick(unsigned int i);
static u64 sim_since(void);
#define arch_kick   sim_kick
#define vtime_since sim_since
#include "hyp/sched/runqueue.c"

#define THREADS 32
#define GROUPS	5
#define NEVER	(~0UL)

/* Ticks of the host's clock. */
#define US 10UL
#define MS (1000 * US)
#define S  (1000 * MS)

#define SLICE (SCHED_SLICE_MS * MS)
/* At most, until a hart does what is asked of it, or its guest has its registers. */
#define LATE  (60 * US)

/* ---- the machine -------------------------------------------------------------------------------- */

static struct sim_hart {
	u64 look;   /* when it turns round; NEVER: nobody asked */
	u64 load;   /* when its thread's guest takes the registers; NEVER: it has */
	u64 rests;  /* it is idle from then on */
	u64 since;  /* its current thread computes from then on; NEVER: it does not */
	bool waits; /* idle */
	bool keeps; /* its current thread waits in place */
	struct sim_thread *loaded; /* whose guest is in its registers */
} hart[MODEL_HARTS];

static struct sim_thread {
	struct thread t;
	struct thread_place place;
	u32 lives_in;
	u32 group;
	u64 burst, nap; /* computes for so long, then waits for so long; nap 0: only computes */
	u64 ends;	/* used ticks at which the burst ends */
	u64 wakes;	/* when the nap is over; NEVER: it does not nap */
	u64 longest;	/* that it was ready without a hart */
} th[THREADS];

static struct thread boot_thread[MODEL_HARTS];
static struct sched_group group[GROUPS];
static struct sched_stake stake[GROUPS][MODEL_HARTS];
static struct hartmask all;
static unsigned int harts, threads;
static u32 turns; /* that threads have begun */
static u64 seed, clock_now;
static u64 late_own, late_other, late_load, late_slice; /* each seed has its own */
static jmp_buf waiting;

static u64 rnd(u64 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static struct sim_thread *sim_of(struct thread *t)
{
	return t == &boot_thread[now] ? NULL : container_of(t, struct sim_thread, t);
}

static void look_soon(unsigned int i)
{
	struct sim_hart *h = &hart[i % MODEL_HARTS];

	h->look = min_u64(h->look, clock_now + (i == now ? late_own : late_other));
}

static void sim_kick(unsigned int i)
{
	look_soon(i);
}

void entry_work_set(unsigned int i, unsigned long bits)
{
	assert_int_equal(bits, ENTRY_WORK_RESCHED);
	look_soon(i);
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	t->armed = false;
	t->fn = fn;
}

/* Here interrupts take no time. */
void bill_note(struct sched_group *g)
{
	(void)g;
}

void timer_arm(struct timer *t, u64 deadline)
{
	if (deadline == TIMER_NEVER) {
		timer_disarm(t);
		return;
	}
	t->deadline = deadline + (late_slice ? rnd(late_slice) : 0);
	t->armed = true;
}

void timer_disarm(struct timer *t)
{
	t->armed = false;
}

void thread_look(void)
{
}

/* The hart stays in this wait: back to who called runqueue_idle(). */
void idle_wait_irqoff(void)
{
	longjmp(waiting, 1);
}

static u64 sim_since(void)
{
	return clock_now;
}

u64 vtime_task_ready(struct vtime_task *t)
{
	t->ready = clock_now;
	return clock_now;
}

u64 vtime_task_used(const struct vtime_task *t)
{
	return t->ticks[VTIME_GUEST] + (hart[now].since == NEVER ? 0 : clock_now - hart[now].since);
}

/* ---- what hyp/sched/thread.c does with it ------------------------------------------------------------- */

/* False: there is nobody to run, the hart waits. */
static bool idle_here(void)
{
	hart[now].waits = true;
	hart[now].rests = clock_now;
	if (setjmp(waiting))
		return false;
	runqueue_idle();
	hart[now].waits = false;
	return true;
}

static void computes(bool does)
{
	struct sim_hart *h = &hart[now];
	struct vtime_task *time = &this_hart(runqueue).current->time;

	time->ticks[VTIME_GUEST] = vtime_task_used(time);
	h->since = does ? clock_now : NEVER;
}

/* Its guest goes in, and that of who had the hart before is out. */
static void load(struct sim_thread *x)
{
	struct sim_thread *before = hart[now].loaded;

	hart[now].load = NEVER;
	hart[now].loaded = x;
	if (before && before->lives_in == now)
		before->lives_in = THREAD_LIVES_NOWHERE;
	x->lives_in = now;
	runqueue_nudge();
}

static void got_hart(struct sim_thread *x)
{
	hart[now].load = hart[now].loaded == x ? NEVER : clock_now + late_load;
	if (x->wakes != NEVER) {
		assert_true(clock_now >= x->wakes);
		x->wakes = NEVER;
		if (runqueue_resume(&x->t)) {
			runqueue_go_on_slice();
			runqueue_nudge();
		}
		x->ends = x->t.time.ticks[VTIME_GUEST] + x->burst;
	}
	computes(true);
}

static void go_to(struct thread *next)
{
	struct runqueue *rq = &this_hart(runqueue);
	struct thread *prev = rq->current;
	struct sim_thread *x = sim_of(next);

	rq->current = next;
	turns++;
	runqueue_start_slice();
	if (next == prev) {
		runqueue_nudge();
	} else {
		rq->left = prev;
		runqueue_switched();
	}
	x->longest = max_u64(x->longest, clock_now - next->time.ready);
	got_hart(x);
}

static void schedule(void)
{
	struct thread *next;

	hart[now].keeps = false;
	hart[now].load = NEVER;
	do {
		hart[now].look = NEVER;
		next = runqueue_pick();
	} while (!next && idle_here());
	if (next)
		go_to(next);
}

/* As thread_wait_here(): in place as long as nobody else wants the hart. */
static void wait_here(void)
{
	struct thread *t = this_hart(runqueue).current;

	while (runqueue_is_empty()) {
		hart[now].keeps = true;
		hart[now].look = NEVER;
		if (!idle_here())
			return;
	}
	WRITE_ONCE(t->state, THREAD_BLOCKED);
	runqueue_rest(t);
	schedule();
}

static void nap(struct sim_thread *x)
{
	x->wakes = clock_now + 1 + x->nap / 2 + rnd(x->nap);
	if (runqueue_is_empty()) {
		runqueue_stop_slice();
		WRITE_ONCE(x->t.state, THREAD_WAITS_HERE);
		runqueue_rest_here(&x->t);
	}
	computes(false);
	wait_here();
}

static void leave_wait(void)
{
	hart[now].waits = false;
	this_hart(vtime_hart).ticks[VTIME_IDLE] += clock_now - hart[now].rests;
	hartmask_remove_atomic(&idle, now);
}

/* The hart turns round. */
static void look(void)
{
	struct sim_hart *h = &hart[now];

	h->look = NEVER;
	if (h->waits) {
		leave_wait();
		if (h->keeps)
			wait_here();
		else
			schedule();
		return;
	}
	computes(true);
	runqueue_requeue(this_hart(runqueue).current, false);
	computes(false);
	schedule();
}

/* The nap is over: in place without a word to anybody, or else by a timer on the hart it was on. */
static void nap_over(struct sim_thread *x)
{
	now = x->t.hart;
	if (hart[now].waits && hart[now].keeps && this_hart(runqueue).current == &x->t) {
		leave_wait();
		hart[now].keeps = false;
		got_hart(x);
	} else {
		runqueue_wake(&x->t);
	}
}

/* ---- time ---------------------------------------------------------------------------------------- */

static u64 burst_end(unsigned int i)
{
	struct sim_thread *x;

	now = i;
	if (hart[i].since == NEVER)
		return NEVER;
	x = sim_of(this_hart(runqueue).current);
	return x->nap ? hart[i].since + (x->ends - x->t.time.ticks[VTIME_GUEST]) : NEVER;
}

static u64 slice_end(unsigned int i)
{
	struct timer *t = &per_hart(runqueue, i).slice;

	return timer_armed(t) ? t->deadline : NEVER;
}

static u64 cap_end(unsigned int i)
{
	struct timer *t = &per_hart(runqueue, i).cap;

	return timer_armed(t) ? t->deadline : NEVER;
}

static bool napping(const struct sim_thread *x)
{
	u32 state = READ_ONCE(x->t.state);

	return x->wakes != NEVER && (state == THREAD_BLOCKED || state == THREAD_WAITS_HERE);
}

static u64 next_event(void)
{
	u64 next = NEVER;

	for (unsigned int i = 0; i < harts; i++)
		next = min_u64(min_u64(min_u64(next, hart[i].load), cap_end(i)),
			       min_u64(hart[i].look, min_u64(slice_end(i), burst_end(i))));
	for (unsigned int i = 0; i < threads; i++)
		if (napping(&th[i]))
			next = min_u64(next, th[i].wakes);
	return next;
}

static void hart_events(unsigned int i)
{
	now = i;
	if (slice_end(i) <= clock_now) {
		timer_disarm(&this_hart(runqueue).slice);
		slice_over(&this_hart(runqueue).slice);
	}
	if (cap_end(i) <= clock_now) {
		timer_disarm(&this_hart(runqueue).cap);
		cap_over(&this_hart(runqueue).cap);
	}
	if (hart[i].load <= clock_now)
		load(sim_of(this_hart(runqueue).current));
	if (burst_end(i) <= clock_now)
		nap(sim_of(this_hart(runqueue).current));
	now = i;
	if (hart[i].look <= clock_now)
		look();
}

static void play_until(u64 end)
{
	while (clock_now < end) {
		unsigned int first = (unsigned int)rnd(harts);

		clock_now = min_u64(end, next_event());
		host_clock_set(clock_now);
		for (unsigned int i = 0; i < threads; i++)
			if (napping(&th[i]) && th[i].wakes <= clock_now)
				nap_over(&th[i]);
		for (unsigned int i = 0; i < harts; i++)
			hart_events((first + i) % harts);
	}
}

/* ---- layouts ------------------------------------------------------------------------------------- */

struct vm {
	u32 weight, vcpus;
	u64 burst, nap; /* nap 0: only computes */
	u64 harts;	/* bits; 0: all */
	u32 cap;
};

#define VM(weight, vcpus)                 \
	{                                 \
		weight, vcpus, 0, 0, 0, 0 \
	}
#define CAPPED(vcpus, cap)                 \
	{                                  \
		256, vcpus, 0, 0, 0, (cap) \
	}
#define NAPS(weight, vcpus, does, for_)                                      \
	{                                                                    \
		weight, vcpus, (does)*MS, (for_) ? (for_)*MS : MS / 10, 0, 0 \
	}

static void boot(unsigned int n, u64 with)
{
	memset(hart, 0, sizeof(hart));
	memset(vtime_hart_of, 0, sizeof(vtime_hart_of));
	memset(th, 0, sizeof(th));
	memset(&all, 0, sizeof(all));
	memset(&runqueue_shared, 0, sizeof(runqueue_shared));
	memset(&idle, 0, sizeof(idle));
	memset(&crowded, 0, sizeof(crowded));
	crowds = 0;
	newest = 0;
	harts = model_harts = n;
	threads = 0;
	seed = with * 0x9e3779b97f4a7c15UL + 1;
	late_own = rnd(LATE / 10);
	late_other = rnd(LATE);
	late_load = rnd(LATE);
	late_slice = with % 2 ? 0 : rnd(60 * MS);
	clock_now = 1;
	host_clock_set(1);
	for (now = 0; now < n; now++) {
		memset(&this_hart(runqueue), 0, sizeof(struct runqueue));
		hart[now].look = hart[now].load = hart[now].since = NEVER;
		boot_thread[now] =
			(struct thread){.hart = now, .state = THREAD_BLOCKED, .on_hart = 1};
		sched_entity_init(&boot_thread[now].share, SCHED_WEIGHT, NULL);
		runqueue_init(&boot_thread[now]);
		hartmask_add(&all, now);
	}
	for (now = 0; now < n; now++)
		schedule();
}

static void add_thread(const struct vm *vm, u32 g)
{
	static struct hartmask named[THREADS];
	struct sim_thread *x = &th[threads];

	named[threads] = all;
	if (vm->harts)
		named[threads].word[0] = vm->harts;
	x->place = (struct thread_place){&named[threads], &group[g], &x->lives_in};
	x->lives_in = THREAD_LIVES_NOWHERE;
	x->group = g;
	x->burst = vm->burst;
	x->nap = vm->nap;
	x->wakes = NEVER;
	x->ends = vm->nap ? 1 + rnd(vm->burst) : 0;
	x->t.allowed = x->place.allowed;
	x->t.lives_in = x->place.lives_in;
	x->t.state = THREAD_BLOCKED;
	x->t.hart = hartmask_next(x->t.allowed, NULL, (unsigned int)rnd(harts));
	sched_entity_init(&x->t.share, SCHED_WEIGHT, &group[g]);
	threads++;
	now = x->t.hart;
	runqueue_wake(&x->t);
}

static void add_vm(const struct vm *vm, u32 g)
{
	sched_group_init(&group[g], vm->weight, vm->cap);
	memset(stake[g], 0, sizeof(stake[g]));
	sched_group_spread(&group[g], stake[g], MODEL_HARTS);
	for (u32 i = 0; i < vm->vcpus; i++)
		add_thread(vm, g);
}

static void had(u64 *of)
{
	memset(of, 0, GROUPS * sizeof(*of));
	for (unsigned int i = 0; i < threads; i++) {
		now = th[i].t.hart;
		of[th[i].group] += this_hart(runqueue).current == &th[i].t
					   ? vtime_task_used(&th[i].t.time)
					   : th[i].t.time.ticks[VTIME_GUEST];
	}
}

/* Per 10000 of all harts that each VM has in ten seconds, once all are there. */
static void measure(u64 *of)
{
	u64 before[GROUPS];

	had(before);
	for (unsigned int i = 0; i < threads; i++)
		th[i].longest = 0;
	play_until(clock_now + 10 * S);
	had(of);
	for (unsigned int g = 0; g < GROUPS; g++)
		of[g] = (of[g] - before[g]) / (harts * (10 * S / 10000));
}

/* Adds the VMs one after the other, and lets them come to rest. */
static void begin(const struct vm *vm, u32 first)
{
	for (u32 g = first; g < GROUPS && vm[g].weight; g++) {
		add_vm(&vm[g], g);
		play_until(clock_now + 1 + rnd(20 * MS));
	}
}

static u64 longest_wait_of(u64 vms)
{
	u64 longest = 0;

	for (unsigned int i = 0; i < threads; i++)
		if (vms & BIT(th[i].group))
			longest = max_u64(longest, th[i].longest);
	return longest;
}

static u64 longest_wait(void)
{
	return longest_wait_of(~0UL);
}

static void expect(const char *name, u64 with, const u64 *got, const u64 *want, u64 off)
{
	for (unsigned int g = 0; g < GROUPS; g++)
		if (got[g] + off < want[g] || got[g] > want[g] + off)
			fail_msg("%s, seed %lu: VM %u has %lu of 10000, not %lu", name, with, g,
				 got[g], want[g]);
}

/* ---- tests --------------------------------------------------------------------------------------- */

#define SEEDS 24
#define OFF   200 /* of 10000 */

static const struct layout {
	const char *name;
	unsigned int harts;
	struct vm vm[GROUPS];
	u64 want[GROUPS];
} layouts[] = {
	{"weights", 1, {VM(100, 1), VM(300, 1)}, {2500, 7500}},
	{"many and one on one hart", 1, {VM(256, 8), VM(256, 1)}, {5000, 5000}},
	{"weights over harts", 2, {VM(100, 1), VM(300, 2)}, {2500, 7500}},
	{"many and one", 2, {VM(256, 8), VM(256, 1)}, {5000, 5000}},
	{"three on two", 2, {VM(256, 1), VM(256, 1), VM(256, 1)}, {3333, 3333, 3333}},
	{"four on three", 3, {VM(9, 1), VM(9, 1), VM(9, 1), VM(9, 1)}, {2500, 2500, 2500, 2500}},
	{"five on four",
	 4,
	 {VM(256, 1), VM(256, 1), VM(256, 1), VM(256, 1), VM(256, 1)},
	 {2000, 2000, 2000, 2000, 2000}},
	{"each on all",
	 4,
	 {VM(100, 4), VM(200, 4), VM(300, 4), VM(400, 4)},
	 {1000, 2000, 3000, 4000}},
	{"one to sixteen", 2, {VM(64, 8), VM(1024, 8)}, {588, 9412}},
	/* Who has fewer vCPUs than its share has harts has what it can use, and the others the rest. */
	{"few vCPUs", 2, {VM(768, 1), VM(256, 2)}, {5000, 5000}},
	{"few vCPUs of three", 3, {VM(768, 1), VM(256, 2), VM(256, 2)}, {3333, 3333, 3333}},
	{"few vCPUs of four", 4, {VM(2560, 1), VM(256, 4), VM(512, 4)}, {2500, 2500, 5000}},
	{"less wanted",
	 2,
	 {VM(256, 1), VM(256, 1), VM(256, 1), NAPS(256, 2, 1, 3)},
	 {2500, 2500, 2500, 2500}},
	{"little wanted",
	 2,
	 {VM(256, 1), VM(256, 1), VM(256, 1), NAPS(4096, 1, 1, 9)},
	 {3167, 3167, 3167, 500}},
};

/* Those that nap, in a tenth of a millisecond, get no more and no less. */
static const struct layout nappers[] = {
	{"naps", 1, {VM(256, 1), NAPS(256, 1, 8, 0)}, {5000, 5000}},
	{"many nap", 2, {VM(256, 2), NAPS(256, 8, 8, 0)}, {5000, 5000}},
	{"two kinds nap",
	 2,
	 {VM(256, 2), NAPS(256, 2, 2, 0), NAPS(256, 2, 30, 0)},
	 {3333, 3333, 3333}},
	{"many nap beside single ones",
	 2,
	 {NAPS(256, 8, 2, 0), VM(256, 1), VM(256, 1)},
	 {3333, 3333, 3333}},
};

/* Those whose slices end in time: what a cap lets one have is not kept for as long as others are late. */
static const struct layout capped[] = {
	{"cap", 1, {CAPPED(1, 30)}, {3000}},
	{"cap beside one", 1, {CAPPED(1, 10), VM(256, 1)}, {1000, 9000}},
	{"cap of many beside one", 1, {CAPPED(16, 30), VM(256, 1)}, {3000, 7000}},
	{"cap beyond its share", 1, {CAPPED(2, 80), VM(256, 1)}, {5000, 5000}},
	{"cap over harts", 2, {CAPPED(2, 50), VM(256, 1)}, {2500, 5000}},
	{"cap of many over harts", 4, {CAPPED(8, 100), VM(256, 3)}, {2500, 7500}},
};

/* Half of the seeds have slices that end late. */
static void hold(const struct layout *l, u64 with)
{
	u64 got[GROUPS];

	boot(l->harts, with);
	begin(l->vm, 0);
	play_until(clock_now + S / 2);
	measure(got);
	expect(l->name, with, got, l->want, OFF);
}

static void shares_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		for (u64 with = 1; with <= SEEDS; with++)
			hold(&layouts[i], with);
}

static void caps_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(capped); i++)
		for (u64 with = 1; with <= SEEDS; with += 2)
			hold(&capped[i], with);
}

static u32 turns_of_one_alone(u32 cap)
{
	const struct vm vm = CAPPED(1, cap);

	boot(1, 1);
	add_vm(&vm, 0);
	play_until(clock_now + S);
	turns = 0;
	play_until(clock_now + S);
	return turns;
}

/* Who is alone but for its cap keeps the hart until the cap is looked at. */
static void who_is_alone_with_a_cap_has_whole_turns(void **state)
{
	(void)state;
	assert_in_range(turns_of_one_alone(99), 480, 520);
	assert_in_range(turns_of_one_alone(30), 145, 160);
}

/* One that waits for its cap does so no longer once that does not count. */
static void who_is_released_runs_at_once(void **state)
{
	static const struct vm vm = {256, 1, 0, 0, 1, 1};
	u64 before[GROUPS], after[GROUPS];

	(void)state;
	boot(2, 1);
	add_vm(&vm, 0);
	play_until(clock_now + S);
	assert_true(stake[0][0].held);
	had(before);
	now = 1;
	runqueue_release(&group[0]);
	play_until(clock_now + 10 * MS);
	had(after);
	assert_in_range(after[0] - before[0], 9 * MS, 10 * MS);
}

static void shares_hold_for_nappers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nappers); i++)
		for (u64 with = 1; with <= SEEDS; with += 2)
			hold(&nappers[i], with);
}

/* What each is to have: what its weight says, but no more than it has vCPUs, and those with vCPUs left
 * share what remains. */
static void fill(const struct vm *vm, u64 *want)
{
	u64 left = harts * 1000000UL, weights = 0;
	bool full[GROUPS] = {false}, more = true;

	for (unsigned int g = 0; g < GROUPS; g++)
		weights += vm[g].weight;
	while (more) {
		more = false;
		for (unsigned int g = 0; g < GROUPS && vm[g].weight; g++) {
			u64 most = vm[g].vcpus * 1000000UL;

			if (full[g] || left * vm[g].weight <= most * weights)
				continue;
			full[g] = more = true;
			want[g] = most / harts / 100;
			left -= most;
			weights -= vm[g].weight;
		}
	}
	for (unsigned int g = 0; g < GROUPS && vm[g].weight; g++)
		if (!full[g])
			want[g] = left * vm[g].weight / weights / harts / 100;
}

/* Any layout: nobody waits for longer than it takes the others to have their shares of its slice, a few
 * times over. */
static void any_layout(void **state)
{
	(void)state;
	for (u64 with = 1; with <= 400; with += 2) {
		struct vm vm[GROUPS] = {0};
		u64 got[GROUPS], want[GROUPS] = {0}, slowest = 0, weights = 0;

		boot(2 + with / 2 % 3, with);
		for (unsigned int g = 0; g < 2 + with % 4; g++) {
			vm[g] = (struct vm)VM(64U << rnd(5), 1 + (u32)rnd(6));
			slowest = max_u64(slowest, (u64)vm[g].vcpus * 1024 / vm[g].weight);
			weights += vm[g].weight;
		}
		fill(vm, want);
		begin(vm, 0);
		play_until(clock_now + 2 * S);
		measure(got);
		expect("any", with, got, want, OFF);
		assert_true(longest_wait() < 100 * MS + 3 * slowest * weights / 1024 * SLICE);
	}
}

/* One hart's virtual time turns out to be far ahead of the one a VM has joined at on another, and is alone
 * on: it has no more than those who come then. */
static void nobody_is_owed_for_being_alone(void **state)
{
	static const u64 want[GROUPS] = {204, 3265, 3265, 3265};
	static const struct vm pinned = {16, 1, 0, 0, 1, 0};
	static const struct vm vm = VM(256, 1);
	u64 got[GROUPS];

	(void)state;
	for (u64 with = 1; with <= SEEDS; with += 2) {
		boot(2, with);
		add_vm(&pinned, 0);
		play_until(clock_now + 3 * S);
		for (u32 g = 1; g < 4; g++) {
			add_vm(&vm, g);
			play_until(clock_now + 30 * MS);
		}
		measure(got);
		expect("after one alone", with, got, want, OFF);
		/* A sixteenth of a VM has a slice each half second; the first one may be half as far again. */
		assert_true(longest_wait() < 800 * MS);
	}
}

/* On one hart time goes many times as fast as on another, since those who may not leave it weigh less: who
 * comes from the other is far behind them, and does not keep them waiting for that. */
static void who_comes_from_slow_time_starves_nobody(void **state)
{
	static const struct vm light = {32, 1, 0, 0, 1, 0}, heavy = {1024, 1, 0, 0, 2, 0};
	static const struct vm mover = VM(1024, 1);

	(void)state;
	for (u64 with = 1; with <= SEEDS; with += 2) {
		boot(2, with);
		add_vm(&light, 0);
		add_vm(&light, 1);
		add_vm(&heavy, 2);
		add_vm(&heavy, 3);
		play_until(clock_now + 10 * S);
		add_vm(&mover, 4);
		play_until(clock_now + 10 * S);
		assert_true(longest_wait() < 1500 * MS);
	}
}

/* Nor is it kept waiting for as long as it was alone. */
static void who_was_alone_is_not_starved(void **state)
{
	static const u64 want[GROUPS] = {5000, 5000};
	static const struct vm vm = VM(256, 1);
	u64 got[GROUPS];

	(void)state;
	boot(1, 1);
	add_vm(&vm, 0);
	play_until(clock_now + 30 * S);
	add_vm(&vm, 1);
	measure(got);
	expect("after thirty seconds", 1, got, want, OFF);
	assert_true(longest_wait() < 50 * MS);
}

/* That nobody was there for long is not time that the first one had. */
static void who_comes_second_after_a_rest_has_its_half(void **state)
{
	static const u64 want[GROUPS] = {5000, 5000};
	static const struct vm vm = VM(256, 1);
	u64 got[GROUPS];

	(void)state;
	boot(1, 1);
	play_until(clock_now + 30 * S);
	add_vm(&vm, 0);
	play_until(clock_now + 30 * MS);
	add_vm(&vm, 1);
	measure(got);
	expect("after nobody", 1, got, want, OFF);
	assert_true(longest_wait() < 50 * MS);
}

/* A heavy VM is alone on a hart whose time goes slowly for that. Whoever comes there then, it does not wait for
 * what the other hart is ahead. */
static void alone_beside(const struct vm *elsewhere, u64 with)
{
	static const struct vm heavy = {1024, 1, 0, 0, 1, 0}, comes = {256, 1, 0, 0, 1, 0};

	boot(2, with);
	add_vm(elsewhere, 0);
	add_vm(&heavy, 1);
	play_until(clock_now + 6 * S);
	add_vm(&comes, 2);
	/* It goes on by as much before the heavy VM's hart looks. */
	newest += 6 * S;
	play_until(clock_now + 6 * S);
	assert_true(longest_wait_of(BIT(1)) < 100 * MS);
}

/* The other hart idles mostly, or those on it weigh next to nothing, so that its time runs. */
static void who_was_alone_is_not_starved_by_another_hart_s_time(void **state)
{
	static const struct vm naps = {256, 3, 5 * MS, 50 * MS, 2, 0}, light = {1, 2, 0, 0, 2, 0};

	(void)state;
	for (u64 with = 1; with <= SEEDS; with += 2) {
		alone_beside(&naps, with);
		alone_beside(&light, with);
	}
}

/* A VM of one vCPU could not use its share for long; with more of them it has its share, and no more. */
static void nobody_is_owed_what_it_could_not_use(void **state)
{
	static const u64 want[GROUPS] = {7500, 2500};
	static const struct vm vm[GROUPS] = {VM(768, 1), VM(256, 2)};
	u64 got[GROUPS];

	(void)state;
	for (u64 with = 1; with <= SEEDS; with += 2) {
		boot(2, with);
		begin(vm, 0);
		play_until(clock_now + 20 * S);
		add_thread(&vm[0], 0);
		measure(got);
		expect("one more vCPU", with, got, want, OFF);
		assert_true(longest_wait() < 300 * MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_hold),
		cmocka_unit_test(shares_hold_for_nappers),
		cmocka_unit_test(caps_hold),
		cmocka_unit_test(who_is_alone_with_a_cap_has_whole_turns),
		cmocka_unit_test(who_is_released_runs_at_once),
		cmocka_unit_test(any_layout),
		cmocka_unit_test(nobody_is_owed_for_being_alone),
		cmocka_unit_test(who_was_alone_is_not_starved),
		cmocka_unit_test(who_comes_second_after_a_rest_has_its_half),
		cmocka_unit_test(who_was_alone_is_not_starved_by_another_hart_s_time),
		cmocka_unit_test(nobody_is_owed_what_it_could_not_use),
		cmocka_unit_test(who_comes_from_slow_time_starves_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
