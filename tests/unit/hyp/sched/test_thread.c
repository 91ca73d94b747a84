/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads, their waits and wait queues, on harts that are threads of this process. A wake-up that is
 * lost hangs, and the alarm ends the test; a thread that is touched after it went away is the
 * sanitizer's to find.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "hyp/sched/waitq.h"
#include "tests/unit/hyp/sched/thread_harts.h"

#define ROUNDS 5000

/* Two harts hand a number to and fro. */
static u32 ball;
static struct thread *players[2];

static bool mine(void *arg)
{
	return __atomic_load_n(&ball, __ATOMIC_ACQUIRE) % 2 == (uintptr_t)arg;
}

static void play(unsigned int hart)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		CHECK(thread_wait(mine, (void *)(uintptr_t)hart, TIMER_NEVER) == OK);
		__atomic_store_n(&ball, ball + 1, __ATOMIC_RELEASE);
		thread_wake(players[!hart]);
	}
}

static void ping_pong(void **state)
{
	(void)state;
	ball = 0;
	players[0] = &selves[0];
	players[1] = &selves[1];
	run(2, play);
	assert_int_equal(ball, 2 * ROUNDS);
}

/* The same between threads of one hart, and of two, each a thread that ends. */
static u32 ended;

static bool both_ended(void *arg)
{
	(void)arg;
	return __atomic_load_n(&ended, __ATOMIC_ACQUIRE) == 2;
}

static void player(void *arg)
{
	uintptr_t me = (uintptr_t)arg;

	WRITE_ONCE(players[me], thread_current());
	while (!READ_ONCE(players[!me]))
		thread_yield();
	play((unsigned int)me);
	__atomic_fetch_add(&ended, 1, __ATOMIC_ACQ_REL);
	thread_wake(&selves[0]);
}

static void make_players(unsigned int hart)
{
	if (hart)
		return;
	for (uintptr_t i = 0; i < 2; i++)
		CHECK(thread_create("player", (unsigned int)i % arch_hart_count(), player,
				    (void *)i));
	CHECK(thread_wait(both_ended, NULL, TIMER_NEVER) == OK);
	/* The other's last wake-up may still be on its way: it is in a reader until a grace period. */
	synchronize_rcu();
	thread_yield();
	while (rcu_run_callbacks())
		;
}

static void threads_ping_pong(void **state)
{
	(void)state;
	for (unsigned int harts = 1; harts <= 2; harts++) {
		ball = ended = 0;
		players[0] = players[1] = NULL;
		run(harts, make_players);
		assert_int_equal(ball, 2 * ROUNDS);
	}
}

/* A break gives the hart away if it is asked to look, and costs nothing else. */
static void other_turn(void *arg)
{
	(void)arg;
	ball++;
}

static void break_in_work(unsigned int hart)
{
	CHECK(thread_create("other", hart, other_turn, NULL));
	(void)entry_work_take(ENTRY_WORK_RESCHED);
	thread_look();
	CHECK(ball == 0);
	entry_work_set(hart, ENTRY_WORK_RESCHED);
	thread_look();
	CHECK(ball == 1);
	synchronize_rcu();
	thread_yield();
	while (rcu_run_callbacks())
		;
}

static void breaks(void **state)
{
	(void)state;
	ball = 0;
	run(1, break_in_work);
	assert_int_equal(ball, 1);
}

/* A thread that ends beside others that wake it through a pointer it takes away. */
static struct thread *known; /* RCU */
static u32 lives, enough;

static bool told(void *arg)
{
	(void)arg;
	return READ_ONCE(lives) % 2;
}

static void short_life(void *arg)
{
	(void)arg;
	rcu_assign_pointer(known, thread_current());
	(void)thread_wait(told, NULL, arch_clock() + 1);
	rcu_assign_pointer(known, NULL);
	__atomic_fetch_add(&lives, 1, __ATOMIC_ACQ_REL);
	thread_wake(&selves[0]);
}

static bool gone(void *arg)
{
	return __atomic_load_n(&lives, __ATOMIC_ACQUIRE) > *(u32 *)arg;
}

static void wake_and_end(unsigned int hart)
{
	if (hart == 2) {
		while (!READ_ONCE(enough)) {
			rcu_run_callbacks();
			tick(1);
			thread_yield();
		}
		rcu_run_callbacks();
		return;
	}
	if (hart == 1) {
		while (!READ_ONCE(enough)) {
			struct thread *t;

			rcu_read_lock();
			t = rcu_dereference(known);
			if (t)
				thread_wake(t);
			rcu_read_unlock();
			thread_yield(); /* a quiescent state, although nobody else is there */
		}
		return;
	}
	for (u32 i = 0; i < 500; i++) {
		CHECK(thread_create("short", i % 2, short_life, NULL));
		CHECK(thread_wait(gone, &i, TIMER_NEVER) == OK);
	}
	WRITE_ONCE(enough, 1);
}

static void wake_beside_the_end(void **state)
{
	(void)state;
	lives = enough = 0;
	known = NULL;
	run(3, wake_and_end);
	assert_int_equal(allocated, 0);
}

/* Time-out, cancel, and a condition that is true at once. */
static bool never(void *arg)
{
	(void)arg;
	return false;
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

static void time_outs(unsigned int hart)
{
	if (hart) {
		while (!READ_ONCE(enough)) {
			tick(10);
			arch_relax();
		}
		return;
	}
	CHECK(thread_wait(always, NULL, 0) == OK);
	CHECK(thread_wait(never, NULL, 0) == ERR_TIMEOUT);
	for (u64 i = 0; i < 200; i++) {
		u64 until = arch_clock() + i;

		CHECK(thread_wait(never, NULL, until) == ERR_TIMEOUT);
		CHECK(arch_clock() >= until);
	}
	thread_cancel(thread_current());
	CHECK(thread_wait(never, NULL, TIMER_NEVER) == ERR_CANCELED);
	CHECK(thread_wait(never, NULL, 0) == ERR_TIMEOUT); /* it was for one wait */
	thread_cancel(thread_current());
	CHECK(thread_wait(always, NULL, TIMER_NEVER) == OK); /* true goes first */
	CHECK(thread_wait(never, NULL, TIMER_NEVER) == ERR_CANCELED);
	WRITE_ONCE(enough, 1);
}

static void waits_end(void **state)
{
	(void)state;
	enough = 0;
	run(2, time_outs);
}

/* A queue with waiters on four harts, woken together, again and again. */
static struct waitq queue;
static u32 gate, passed;

static bool open_for(void *arg)
{
	return __atomic_load_n(&gate, __ATOMIC_ACQUIRE) >= *(u32 *)arg;
}

static bool all_passed(void *arg)
{
	return __atomic_load_n(&passed, __ATOMIC_ACQUIRE) == *(u32 *)arg * 3;
}

static void through_the_gate(unsigned int hart)
{
	for (u32 i = 1; i <= 1000; i++) {
		if (hart) {
			CHECK(waitq_wait(&queue, open_for, &i, TIMER_NEVER) == OK);
			__atomic_fetch_add(&passed, 1, __ATOMIC_ACQ_REL);
			thread_wake(&selves[0]);
		} else {
			__atomic_store_n(&gate, i, __ATOMIC_RELEASE);
			waitq_wake(&queue);
			CHECK(thread_wait(all_passed, &i, TIMER_NEVER) == OK);
		}
	}
}

static void wait_queue(void **state)
{
	(void)state;
	waitq_init(&queue);
	gate = passed = 0;
	run(4, through_the_gate);
	assert_int_equal(passed, 3000);
	assert_true(list_empty(&queue.waiters));
}

/* A pass through the scheduler is a quiescent state, also where the same thread goes on. */
static void yields(unsigned int hart)
{
	u64 before;

	if (hart) {
		while (!READ_ONCE(enough))
			thread_yield();
		return;
	}
	before = rcu_grace_periods();
	synchronize_rcu();
	CHECK(rcu_grace_periods() > before);
	WRITE_ONCE(enough, 1);
}

static void yield_is_quiescent(void **state)
{
	(void)state;
	enough = 0;
	run(2, yields);
}

/* A wake-up between "blocked" and a condition that is true: the thread goes on, and is queued for
 * nothing afterwards, so that its next wait ends when somebody wakes it and not before. */
static u32 looks;

static bool woken_meanwhile(void *arg)
{
	(void)arg;
	thread_wake(thread_current());
	return true;
}

static bool counted(void *arg)
{
	(void)arg;
	looks++;
	return READ_ONCE(ended);
}

static void ends_the_wait(void *arg)
{
	WRITE_ONCE(ended, 1);
	thread_wake(arg);
}

static void waits_twice(unsigned int hart)
{
	CHECK(thread_wait(woken_meanwhile, NULL, TIMER_NEVER) == OK);
	CHECK(thread_create("waker", hart, ends_the_wait, thread_current()));
	CHECK(thread_wait(counted, NULL, TIMER_NEVER) == OK);
	thread_yield();
	while (rcu_run_callbacks())
		;
}

static void woken_while_it_looks(void **state)
{
	(void)state;
	ended = looks = 0;
	run(1, waits_twice);
	assert_int_equal(looks, 2);
}

/* A thread that is blocked already is cancelled: it comes back at once. */
static void waits_for_ever(void *arg)
{
	(void)arg;
	CHECK(thread_wait(never, NULL, TIMER_NEVER) == ERR_CANCELED);
	WRITE_ONCE(ended, 1);
}

static void cancels_another(unsigned int hart)
{
	struct thread *t = thread_create("blocked", hart, waits_for_ever, NULL);

	CHECK(t);
	thread_yield();
	CHECK(!READ_ONCE(ended));
	thread_cancel(t);
	thread_yield();
	CHECK(READ_ONCE(ended));
	while (rcu_run_callbacks())
		;
}

static void cancel_ends_a_wait(void **state)
{
	(void)state;
	ended = 0;
	run(1, cancels_another);
}

/* Nobody gives up the hart with a lock in his hands: who comes next may want it, for ever. */
static struct spinlock kept = SPINLOCK_INIT("kept");
static const char *said;

static void yield_here(void *arg)
{
	(void)arg;
	thread_yield();
}

static void yields_with_a_lock(unsigned int hart)
{
	(void)hart;
	spin_lock(&kept);
	said = host_expect_panic(yield_here, NULL);
	spin_unlock(&kept);
	irq_on(); /* as thread_yield() would have, had it come back */
}

static void no_lock_over_a_switch(void **state)
{
	(void)state;
	run(1, yields_with_a_lock);
	assert_non_null(said);
	assert_non_null(strstr(said, "kept is held where no lock may be"));
}

/* Where time goes when two threads of one hart take turns (E7, E8). The clock moves only here. */
static u64 other_steal, other_idle, other_host; /* of the other thread, when it ends */
static u32 other_done, go;

static bool may_go(void *arg)
{
	(void)arg;
	return READ_ONCE(go);
}

static void spends_time(void *arg)
{
	u64 ticks[VTIME_KINDS], steal, sum, elapsed;

	(void)arg;
	host_clock_advance(10);
	CHECK(thread_wait(may_go, NULL, TIMER_NEVER) == OK);
	host_clock_advance(20);
	thread_yield();
	elapsed = vtime_task_read(&thread_current()->time, ticks, &steal);
	CHECK(thread_steal(thread_current()) == steal);
	sum = steal;
	for (int k = 0; k < VTIME_KINDS; k++)
		sum += ticks[k];
	CHECK(sum == elapsed);
	other_steal = steal;
	other_idle = ticks[VTIME_IDLE];
	other_host = ticks[VTIME_HOST];
	WRITE_ONCE(other_done, 1);
}

static void shares_its_hart(unsigned int hart)
{
	u64 before = thread_steal(thread_current());
	struct thread *t = thread_create("other", hart, spends_time, NULL);

	CHECK(t);
	host_clock_advance(100); /* it is ready: steal */
	thread_yield();		 /* it runs for 10 and blocks */
	CHECK(thread_steal(thread_current()) == before + 10);
	host_clock_advance(1000); /* it waits: idle */
	WRITE_ONCE(go, 1);
	thread_wake(t);
	host_clock_advance(4000); /* ready again: steal */
	thread_yield();		  /* it runs for 20 and yields */
	CHECK(thread_steal(thread_current()) == before + 30);
	host_clock_advance(50000); /* steal, although it has been ready all the time */
	thread_yield();
	CHECK(READ_ONCE(other_done));
	while (rcu_run_callbacks())
		;
}

static void steal_is_ready_and_not_running(void **state)
{
	(void)state;
	other_done = go = 0;
	run(1, shares_its_hart);
	assert_int_equal(other_steal, 100 + 4000 + 50000);
	assert_int_equal(other_idle, 1000);
	assert_int_equal(other_host, 10 + 20);
}

/* A wait that an interrupt of the hart ends, or another hart, or, beside another thread, a timer. */
#define IRQ_OWN BIT(5)
static u32 rang, rings;	 /* rings is set by the interrupt, or by the waker */
static u32 stayed, lent; /* how often the deadline was asked for */

static void take_own(u32 bits)
{
	take_irq(bits);
	if (bits & IRQ_OWN)
		WRITE_ONCE(rings, READ_ONCE(rang));
}

static bool has_rung(void *arg)
{
	return READ_ONCE(rings) >= *(u32 *)arg;
}

static u64 soon_if_lent(void *arg, bool keeps)
{
	(void)arg;
	CHECK(arch_irqs_off());
	if (keeps)
		stayed++;
	else
		lent++;
	return keeps ? TIMER_NEVER : arch_clock() + 5;
}

/* rang says which ring is wanted; every other one is an interrupt, the rest are wake-ups. */
static void ring(unsigned int hart)
{
	if (hart == 0) {
		for (u32 i = 1; i <= ROUNDS; i++) {
			WRITE_ONCE(rang, i);
			CHECK(thread_wait_here(has_rung, soon_if_lent, &i) == OK);
		}
		thread_cancel(thread_current());
		CHECK(thread_wait_here(never, soon_if_lent, NULL) == ERR_CANCELED);
		return;
	}
	for (u32 i = 1; i <= ROUNDS; i++) {
		while (READ_ONCE(rang) != i)
			arch_relax();
		if (i % 2) {
			host_irq_raise(0, IRQ_OWN);
			continue;
		}
		WRITE_ONCE(rings, i);
		thread_wake(&selves[0]);
	}
}

static void waits_here(void **state)
{
	(void)state;
	rang = rings = stayed = lent = 0;
	run_with(take_own, 2, ring);
	assert_true(lent < ROUNDS / 10); /* a wake-up may come late, for the next wait */
}

/* Somebody else has the hart meanwhile, and lets the clock go on: the deadline is what ends it. */
static u32 over;

static bool clock_says(void *arg)
{
	return arch_clock() >= *(u64 *)arg;
}

static void busy_neighbour(void *arg)
{
	(void)arg;
	while (!READ_ONCE(over)) {
		tick(1);
		thread_yield();
	}
	__atomic_fetch_add(&ended, 1, __ATOMIC_ACQ_REL);
}

static bool neighbour_gone(void *arg)
{
	(void)arg;
	return READ_ONCE(ended);
}

static void wait_beside_neighbour(unsigned int hart)
{
	(void)hart;
	CHECK(thread_create("busy", 0, busy_neighbour, NULL));
	for (u32 i = 0; i < 100; i++) {
		u64 until = arch_clock() + 5;

		CHECK(thread_wait_here(clock_says, soon_if_lent, &until) == OK);
	}
	WRITE_ONCE(over, 1);
	while (!READ_ONCE(ended))
		thread_yield();
	CHECK(thread_wait(neighbour_gone, NULL, TIMER_NEVER) == OK);
}

static void waits_here_beside_another(void **state)
{
	(void)state;
	over = ended = stayed = lent = 0;
	run(1, wait_beside_neighbour);
	assert_true(lent >= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ping_pong),
		cmocka_unit_test(threads_ping_pong),
		cmocka_unit_test(breaks),
		cmocka_unit_test(wake_beside_the_end),
		cmocka_unit_test(waits_end),
		cmocka_unit_test(wait_queue),
		cmocka_unit_test(yield_is_quiescent),
		cmocka_unit_test(waits_here),
		cmocka_unit_test(waits_here_beside_another),
		cmocka_unit_test(woken_while_it_looks),
		cmocka_unit_test(cancel_ends_a_wait),
		cmocka_unit_test(no_lock_over_a_switch),
		cmocka_unit_test(steal_is_ready_and_not_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
