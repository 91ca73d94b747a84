/* SPDX-License-Identifier: BSD-2-Clause */
/* Where time goes: each tick in one kind, and all of them in the sum (E7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "entry/vtime.h"

static u64 ticks[VTIME_KINDS];

static u64 read_and_check_sum(void)
{
	u64 elapsed = vtime_read(ticks), sum = 0;

	for (int k = 0; k < VTIME_KINDS; k++)
		sum += ticks[k];
	assert_int_equal(sum, elapsed);
	return elapsed;
}

static int fresh(void **state)
{
	(void)state;
	host_clock_set(777);
	vtime_hart_init();
	return 0;
}

static void nothing_yet(void **state)
{
	(void)state;
	assert_int_equal(read_and_check_sum(), 0);
}

static void each_kind_has_its_own(void **state)
{
	(void)state;
	host_clock_advance(1);
	assert_int_equal(vtime_switch(VTIME_GUEST), VTIME_HOST);
	host_clock_advance(10);
	assert_int_equal(vtime_switch(VTIME_IRQ), VTIME_GUEST);
	host_clock_advance(100);
	assert_int_equal(vtime_switch(VTIME_GUEST), VTIME_IRQ);
	host_clock_advance(1000);
	assert_int_equal(vtime_switch(VTIME_IDLE), VTIME_GUEST);
	host_clock_advance(10000);
	assert_int_equal(read_and_check_sum(), 11111);
	assert_int_equal(ticks[VTIME_HOST], 1);
	assert_int_equal(ticks[VTIME_GUEST], 1010);
	assert_int_equal(ticks[VTIME_IRQ], 100);
	assert_int_equal(ticks[VTIME_IDLE], 10000);
}

static void open_interval_counts(void **state)
{
	(void)state;
	vtime_switch(VTIME_GUEST);
	host_clock_advance(5);
	assert_int_equal(read_and_check_sum(), 5);
	assert_int_equal(ticks[VTIME_GUEST], 5);
	/* Reading changes nothing. */
	assert_int_equal(this_hart(vtime_hart).kind, VTIME_GUEST);
	host_clock_advance(6);
	assert_int_equal(read_and_check_sum(), 11);
	assert_int_equal(ticks[VTIME_GUEST], 11);
}

static void sums_through_a_long_mix(void **state)
{
	u32 random = 12345;
	u64 total = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		u64 step_ticks;

		random = random * 1664525 + 1013904223;
		step_ticks = random >> 20;
		host_clock_advance(step_ticks);
		total += step_ticks;
		vtime_switch((random >> 8) % VTIME_KINDS);
		if (i % 64 == 0)
			assert_int_equal(read_and_check_sum(), total);
	}
	assert_int_equal(read_and_check_sum(), total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_yet, fresh),
		cmocka_unit_test_setup(each_kind_has_its_own, fresh),
		cmocka_unit_test_setup(open_interval_counts, fresh),
		cmocka_unit_test_setup(sums_through_a_long_mix, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
