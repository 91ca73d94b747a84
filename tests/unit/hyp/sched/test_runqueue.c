/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that go from hart to hart: none is lost, none runs on two harts, each hart that could run one
 * does, and none leaves a hart that holds its guest. Harts are threads of this process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "hyp/sched/runqueue.h"
#include "tests/unit/hyp/sched/thread_harts.h"

#define HARTS	4
#define WALKERS 12
#define STEPS	3000

static struct walker {
	struct thread *thread;
	struct walker *peer;
	u32 ball;     /* atomic: how often it was thrown to */
	u32 running;  /* atomic: harts that run it */
	u32 lives_in; /* or THREAD_LIVES_NOWHERE */
	u64 been;     /* bits of the harts it ran on */
} w[WALKERS];
static struct thread_place places[WALKERS];
static struct hartmask all;
static u32 finished; /* atomic */
static u32 all_made;

static void begin_step(struct walker *x)
{
	unsigned int hart = arch_hart_index();

	CHECK(__atomic_add_fetch(&x->running, 1, __ATOMIC_ACQ_REL) == 1);
	x->been |= BIT(hart);
	CHECK(READ_ONCE(x->lives_in) == THREAD_LIVES_NOWHERE || READ_ONCE(x->lives_in) == hart);
}

static void end_step(struct walker *x)
{
	CHECK(__atomic_sub_fetch(&x->running, 1, __ATOMIC_ACQ_REL) == 0);
}

struct throw
{
	struct walker *x;
	u32 n;
};

static bool caught(void *arg)
{
	const struct throw *t = arg;

	return __atomic_load_n(&t->x->ball, __ATOMIC_ACQUIRE) >= t->n;
}

static u64 soon(void *arg, bool keeps)
{
	(void)arg;
	return keeps ? TIMER_NEVER : arch_clock() + 3;
}

static void hit(struct walker *x)
{
	__atomic_fetch_add(&x->ball, 1, __ATOMIC_ACQ_REL);
	thread_wake(x->thread);
}

/* A wait of one kind or another, that the peer ends, or its timer. */
static void wait_for_peer(struct walker *x, u32 n)
{
	struct throw t = {x, n};

	while (!caught(&t)) {
		if (n % 3 == 0)
			(void)thread_wait_here(caught, soon, &t);
		else
			(void)thread_wait(caught, &t, n % 3 == 1 ? arch_clock() + 2 : TIMER_NEVER);
	}
}

static void walk(void *arg)
{
	struct walker *x = arg;

	while (!READ_ONCE(all_made))
		thread_yield();
	for (u32 n = 1; n <= STEPS; n++) {
		begin_step(x);
		/* For some steps its guest is in this hart, and it has to come back here. */
		if (n % 16 == 1)
			WRITE_ONCE(x->lives_in, arch_hart_index());
		else if (n % 16 == 5)
			WRITE_ONCE(x->lives_in, THREAD_LIVES_NOWHERE);
		end_step(x);
		hit(x->peer);
		wait_for_peer(x, n);
		if (n % 5 == 0)
			thread_yield();
		if (n % 7 == 0)
			thread_reschedule();
	}
	begin_step(x);
	WRITE_ONCE(x->lives_in, THREAD_LIVES_NOWHERE);
	end_step(x);
	__atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
	thread_wake(&selves[0]);
}

static bool all_finished(void *arg)
{
	(void)arg;
	return __atomic_load_n(&finished, __ATOMIC_ACQUIRE) == WALKERS;
}

static void walkers(unsigned int hart)
{
	if (hart == 1) {
		while (!all_finished(NULL)) {
			tick(1);
			thread_yield();
		}
		return;
	}
	if (hart)
		return;
	for (unsigned int i = 0; i < WALKERS; i++) {
		w[i].thread = thread_create_at("walker", i % HARTS, &places[i], walk, &w[i]);
		CHECK(w[i].thread);
	}
	WRITE_ONCE(all_made, 1);
	CHECK(thread_wait(all_finished, NULL, TIMER_NEVER) == OK);
}

static void none_is_lost(void **state)
{
	u64 been = 0;

	(void)state;
	memset(&all, 0, sizeof(all));
	for (unsigned int i = 0; i < HARTS; i++)
		hartmask_add(&all, i);
	for (unsigned int i = 0; i < WALKERS; i++) {
		w[i] = (struct walker){.peer = &w[i ^ 1], .lives_in = THREAD_LIVES_NOWHERE};
		/* Every fourth is bound to the hart it is made on. */
		places[i] = (struct thread_place){.allowed = i % 4 == 3 ? NULL : &all,
						  .lives_in = &w[i].lives_in};
	}
	finished = all_made = 0;
	run(HARTS, walkers);
	assert_int_equal(finished, WALKERS);
	for (unsigned int i = 0; i < WALKERS; i++) {
		been |= w[i].been;
		if (i % 4 == 3)
			assert_int_equal(w[i].been, BIT(i % HARTS));
	}
	assert_int_equal(been | BIT(1), BIT(HARTS) - 1); /* hart 1 has a thread that never rests */
}

/* Threads that only compute, all made on hart 0: each hart takes its part. */
static u32 go_on;
static u32 busy_now[HARTS]; /* atomic: threads that were seen on a hart */

static void compute(void *arg)
{
	(void)arg;
	while (READ_ONCE(go_on)) {
		__atomic_fetch_or(&busy_now[arch_hart_index()], 1, __ATOMIC_RELAXED);
		tick(1);
		thread_reschedule();
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
	thread_wake(&selves[0]);
}

static bool all_busy(void)
{
	u32 n = 0;

	/* Hart 0 has the thread that looks. */
	for (unsigned int i = 1; i < HARTS; i++)
		n += __atomic_load_n(&busy_now[i], __ATOMIC_RELAXED);
	return n == HARTS - 1;
}

static void spread(unsigned int hart)
{
	static const struct thread_place anywhere = {.allowed = &all};

	if (hart)
		return;
	for (unsigned int i = 0; i < WALKERS; i++)
		CHECK(thread_create_at("busy", 0, &anywhere, compute, NULL));
	while (!all_busy()) {
		tick(1);
		thread_yield();
	}
	WRITE_ONCE(go_on, 0);
	CHECK(thread_wait(all_finished, NULL, TIMER_NEVER) == OK);
}

static void idle_harts_take_work(void **state)
{
	(void)state;
	finished = 0;
	go_on = 1;
	memset(busy_now, 0, sizeof(busy_now));
	run(HARTS, spread);
	assert_int_equal(finished, WALKERS);
}

/* A hart that waits in place takes a thread from another's crowd, and what it waited for comes true at that
 * moment: the one it took does not wait until this one rests. */
#define CROWD 3
static u32 crowd_made;

static bool has_taken(void *arg)
{
	(void)arg;
	return !runqueue_is_empty();
}

static bool crowd_finished(void *arg)
{
	(void)arg;
	return __atomic_load_n(&finished, __ATOMIC_ACQUIRE) == CROWD;
}

static void take_and_go_on(unsigned int hart)
{
	static const struct thread_place anywhere = {.allowed = &all};

	if (hart == 1) {
		for (unsigned int i = 0; i < CROWD; i++)
			CHECK(thread_create_at("busy", 0, &anywhere, compute, NULL));
		arch_store_release(&crowd_made, 1);
	}
	if (hart)
		return;
	while (!arch_load_acquire(&crowd_made))
		arch_relax();
	CHECK(thread_wait_here(has_taken, soon, NULL) == OK);
	CHECK(timer_armed(&this_hart(runqueue).slice));
	WRITE_ONCE(go_on, 0);
	CHECK(thread_wait(crowd_finished, NULL, TIMER_NEVER) == OK);
}

static void what_was_taken_has_its_slice(void **state)
{
	(void)state;
	finished = crowd_made = 0;
	go_on = 1;
	run(2, take_and_go_on);
}

/* A thread is ready behind one that keeps its hart, and no hart was idle then. Nobody tells who becomes idle
 * later: it looks. */
static u32 ran_on; /* the hart, and one */

static void note_hart(void *arg)
{
	(void)arg;
	arch_store_release(&ran_on, arch_hart_index() + 1);
}

static void queue_behind(unsigned int hart)
{
	static const struct thread_place anywhere = {.allowed = &all};

	if (hart) {
		while (!arch_load_acquire(&crowd_made))
			arch_relax();
		return;
	}
	CHECK(thread_create_at("behind", 0, &anywhere, note_hart, NULL));
	arch_store_release(&crowd_made, 1);
	while (!arch_load_acquire(&ran_on))
		arch_relax();
	CHECK(ran_on == 2);
}

static void who_becomes_idle_looks(void **state)
{
	(void)state;
	crowd_made = ran_on = 0;
	run(2, queue_behind);
}

/* Nobody comes to a hart that is dedicated. */
static void avoid(unsigned int hart)
{
	static const struct thread_place shared = {.allowed = &runqueue_shared};

	if (hart)
		return;
	runqueue_dedicate(2);
	for (unsigned int i = 0; i < WALKERS; i++)
		CHECK(thread_create_at("busy", 0, &shared, compute, NULL));
	while (!busy_now[1] || !busy_now[3]) {
		tick(1);
		thread_yield();
	}
	WRITE_ONCE(go_on, 0);
	CHECK(thread_wait(all_finished, NULL, TIMER_NEVER) == OK);
	CHECK(!busy_now[2]);
	runqueue_share(2);
}

static void dedicated_harts_are_left_alone(void **state)
{
	(void)state;
	finished = 0;
	go_on = 1;
	memset(busy_now, 0, sizeof(busy_now));
	run(HARTS, avoid);
}

/* One has the hart alone for long; then another wants it too, and has its half from the start. */
static u64 done[2];

static void count_slices(void *arg)
{
	u64 *mine = arg;

	while (READ_ONCE(go_on)) {
		tick(arch_clock_hz() / 1000);
		irq_off();
		irq_on(); /* what is pending is taken */
		(*mine)++;
		if (entry_work_take(ENTRY_WORK_RESCHED))
			thread_reschedule();
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
	thread_wake(&selves[0]);
}

static bool two_finished(void *arg)
{
	(void)arg;
	return __atomic_load_n(&finished, __ATOMIC_ACQUIRE) == 2;
}

static bool nothing(void *arg)
{
	(void)arg;
	return false;
}

static void alone_then_two(unsigned int hart)
{
	u64 second = arch_clock_hz();

	(void)hart;
	CHECK(thread_create("first", 0, count_slices, &done[0]));
	CHECK(thread_wait(nothing, NULL, arch_clock() + 30 * second) == ERR_TIMEOUT);
	CHECK(done[0] > 29000);
	CHECK(thread_create("second", 0, count_slices, &done[1]));
	done[0] = done[1] = 0;
	CHECK(thread_wait(nothing, NULL, arch_clock() + 10 * second) == ERR_TIMEOUT);
	WRITE_ONCE(go_on, 0);
	CHECK(thread_wait(two_finished, NULL, TIMER_NEVER) == OK);
}

static void who_ran_alone_is_not_starved(void **state)
{
	(void)state;
	finished = 0;
	go_on = 1;
	memset(&runqueue_shared, 0, sizeof(runqueue_shared)); /* as at boot */
	run(1, alone_then_two);
	assert_in_range(done[0], 4800, 5300);
	assert_in_range(done[1], 4800, 5300);
}

/* One waits for what is true already, again and again: it keeps the hart for no longer than one that computes. */
static bool at_once(void *arg)
{
	(void)arg;
	return true;
}

static void wait_for_nothing(void *arg)
{
	u64 *mine = arg;

	while (READ_ONCE(go_on)) {
		tick(arch_clock_hz() / 1000);
		CHECK(thread_wait_here(at_once, soon, NULL) == OK);
		(*mine)++;
		if (entry_work_take(ENTRY_WORK_RESCHED))
			thread_reschedule();
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
	thread_wake(&selves[0]);
}

static void beside_one_that_waits(unsigned int hart)
{
	(void)hart;
	CHECK(thread_create("waits", 0, wait_for_nothing, &done[0]));
	CHECK(thread_create("computes", 0, count_slices, &done[1]));
	done[0] = done[1] = 0;
	CHECK(thread_wait(nothing, NULL, arch_clock() + 10 * arch_clock_hz()) == ERR_TIMEOUT);
	WRITE_ONCE(go_on, 0);
	CHECK(thread_wait(two_finished, NULL, TIMER_NEVER) == OK);
}

static void a_wait_for_nothing_renews_no_slice(void **state)
{
	(void)state;
	finished = 0;
	go_on = 1;
	memset(&runqueue_shared, 0, sizeof(runqueue_shared));
	run(1, beside_one_that_waits);
	assert_in_range(done[0], 4800, 5300);
	assert_in_range(done[1], 4800, 5300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_is_lost),
		cmocka_unit_test(idle_harts_take_work),
		cmocka_unit_test(what_was_taken_has_its_slice),
		cmocka_unit_test(who_becomes_idle_looks),
		cmocka_unit_test(dedicated_harts_are_left_alone),
		cmocka_unit_test(who_ran_alone_is_not_starved),
		cmocka_unit_test(a_wait_for_nothing_renews_no_slice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
