/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that wait and wake each other, on a machine that is weaker than those it runs on
 * (arch/host/weak): a wake-up that is lost, or comes before its reason, is what a fence that is gone, or on
 * the wrong side of its store, leads to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "arch/host/weak/weak.h"
#include "tests/unit/weak_seeds.h"

/* The harts of tests/unit/hyp/sched/thread_harts.h are the weak machine's. */
#define host_harts_run(n, fn) weak_run(n, seed, STEPS, fn)
#include "tests/unit/hyp/sched/thread_harts.h"

#define ROUNDS 6

static u32 ball; /* atomic, and no more than that */

static bool mine(void *arg)
{
	return READ_ONCE(ball) % 2 == (uintptr_t)arg;
}

static void throw(unsigned int hart)
{
	WRITE_ONCE(ball, READ_ONCE(ball) + 1);
	thread_wake(&selves[!hart]);
}

static void play(unsigned int hart)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		CHECK(thread_wait(mine, (void *)(uintptr_t)hart, TIMER_NEVER) == OK);
		throw(hart);
	}
}

static void ping_pong_begin(void)
{
	ball = 0;
	(void)tick; /* nobody waits for a time */
}

static void ping_pong_end(void)
{
	CHECK(ball == 2 * ROUNDS);
}

static void ping_pong_run(void)
{
	run(2, play);
}

static void ping_pong(void **state)
{
	(void)state;
	seeds("ping pong", ping_pong_begin, ping_pong_run, ping_pong_end);
}

/* In place: who wakes it only kicks its hart. */
static u64 never(void *arg, bool alone)
{
	(void)arg;
	(void)alone;
	return TIMER_NEVER;
}

static void play_in_place(unsigned int hart)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		CHECK(thread_wait_here(mine, never, (void *)(uintptr_t)hart) == OK);
		throw(hart);
	}
}

static void in_place_run(void)
{
	run(2, play_in_place);
}

static void ping_pong_in_place(void **state)
{
	(void)state;
	seeds("ping pong in place", ping_pong_begin, in_place_run, ping_pong_end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ping_pong),
		cmocka_unit_test(ping_pong_in_place),
	};

	seeds_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
