/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "guest/vm/vclock.h"

static u64 guest_now(const struct vclock *c, u64 host)
{
	return host + vclock_delta(c);
}

static void starts_at_zero(void **state)
{
	struct vclock c;

	(void)state;
	vclock_init(&c);
	vclock_start(&c, 5000);
	assert_int_equal(guest_now(&c, 5000), 0);
	assert_int_equal(guest_now(&c, 5123), 123);
}

static void stands_still_while_stopped(void **state)
{
	struct vclock c;

	(void)state;
	vclock_init(&c);
	vclock_start(&c, 5000);
	vclock_stop(&c, 6000);
	vclock_stop(&c, 6500);
	vclock_start(&c, 9000);
	vclock_start(&c, 9999);
	assert_int_equal(guest_now(&c, 9000), 1000);
	assert_int_equal(guest_now(&c, 9007), 1007);
}

static void deadlines_do_not_wrap(void **state)
{
	struct vclock c;

	(void)state;
	vclock_init(&c);
	vclock_start(&c, 5000);
	assert_int_equal(vclock_to_host(vclock_delta(&c), 70), 5070);
	assert_int_equal(vclock_to_host(vclock_delta(&c), 0), 5000);
	assert_int_equal(vclock_to_host(vclock_delta(&c), ~0UL), VCLOCK_NEVER);
	assert_int_equal(vclock_to_host(vclock_delta(&c), ~0UL - 4999), VCLOCK_NEVER);
	assert_int_equal(vclock_to_host(vclock_delta(&c), ~0UL - 5001), ~0UL - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_at_zero),
		cmocka_unit_test(stands_still_while_stopped),
		cmocka_unit_test(deadlines_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
