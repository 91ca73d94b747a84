/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "guest/vm/vm_life.h"

#include "lib/compiler.h"

/* Told another way than in the table: where an operation leads, and from where it can. */
static const struct {
	enum vm_phase to;
	u32 from; /* BIT(phase) */
} leads[VM_OPS] = {
	[VM_OP_PAUSE] = {VM_PAUSED, BIT(VM_UP)},
	[VM_OP_RESUME] = {VM_UP, BIT(VM_PAUSED)},
	[VM_OP_STOP] = {VM_DOWN, BIT(VM_UP) | BIT(VM_PAUSED)},
	[VM_OP_START] = {VM_UP, BIT(VM_ABSENT) | BIT(VM_DOWN)},
	[VM_OP_RESTART] = {VM_PHASES, BIT(VM_DOWN) | BIT(VM_UP) | BIT(VM_PAUSED)},
	[VM_OP_DESTROY] = {VM_PHASES, BIT(VM_DOWN) | BIT(VM_UP) | BIT(VM_PAUSED)},
};

static enum err expected(enum vm_phase phase, enum vm_op op)
{
	if (leads[op].from & BIT(phase))
		return OK;
	/* What runs cannot be started, be it paused or not. */
	if (phase == leads[op].to || (op == VM_OP_START && phase == VM_PAUSED))
		return ERR_EXIST;
	return ERR_NOENT;
}

static void each_operation_in_each_phase(void **state)
{
	(void)state;
	for (u32 op = 0; op < VM_OPS; op++)
		for (u32 phase = 0; phase < VM_PHASES; phase++)
			assert_int_equal(vm_op_check(phase, op), expected(phase, op));
}

static void policies(void **state)
{
	static const bool wants[RESTART_POLICIES][VM_KILLED + 1] = {
		[RESTART_NEVER] = {[VM_REBOOT] = true},
		[RESTART_ON_FAILURE] = {[VM_REBOOT] = true, [VM_FAILED] = true},
		[RESTART_ALWAYS] = {[VM_REBOOT] = true, [VM_FAILED] = true, [VM_OFF] = true},
	};

	(void)state;
	for (u32 p = 0; p < RESTART_POLICIES; p++)
		for (u32 why = VM_OFF; why <= VM_KILLED; why++) {
			u32 quick = 0;

			assert_int_equal(vm_restart_after(p, why, 0, &quick) != RESTART_NOT,
					 wants[p][why]);
			assert_int_equal(quick, wants[p][why]);
		}
}

static void who_fails_at_once_waits_longer_and_is_given_up(void **state)
{
	u64 waited = 0, wait, before = RESTART_FIRST_MS / 2;
	u32 quick = 0, n;

	(void)state;
	for (n = 0; n < 100; n++) {
		wait = vm_restart_after(RESTART_ALWAYS, n % 2 ? VM_OFF : VM_FAILED,
					RESTART_WELL_MS - 1, &quick);
		if (wait == RESTART_NOT)
			break;
		assert_int_equal(wait, 2 * before);
		before = wait;
		waited += wait;
	}
	assert_int_equal(n, RESTART_TRIES);
	assert_int_equal(waited, 25500);
	assert_int_equal(vm_restart_after(RESTART_ALWAYS, VM_FAILED, 0, &quick), RESTART_NOT);
}

static void who_ran_well_begins_anew(void **state)
{
	u32 quick = 0;

	(void)state;
	for (u32 n = 0; n < 1000; n++)
		assert_int_equal(vm_restart_after(RESTART_ON_FAILURE, VM_FAILED,
						  n % 5 ? 0 : RESTART_WELL_MS, &quick),
				 RESTART_FIRST_MS << n % 5);
}

static void reboots_are_slowed_down_and_never_refused(void **state)
{
	u32 quick = 0;
	u64 wait = 0;

	(void)state;
	for (u32 n = 0; n < 1000; n++) {
		u64 before = wait;

		wait = vm_restart_after(RESTART_NEVER, VM_REBOOT, 1, &quick);
		assert_true(n < RESTART_REBOOTS ? wait == 0 : wait >= RESTART_FIRST_MS);
		assert_true(wait >= before);
	}
	assert_int_equal(wait, RESTART_FIRST_MS << (RESTART_TRIES - 1));
	/* And not beyond, so that a failure after them is judged by itself. */
	assert_true(vm_restart_after(RESTART_NEVER, VM_REBOOT, RESTART_WELL_MS, &quick) == 0);
	assert_int_equal(quick, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation_in_each_phase),
		cmocka_unit_test(policies),
		cmocka_unit_test(who_fails_at_once_waits_longer_and_is_given_up),
		cmocka_unit_test(who_ran_well_begins_anew),
		cmocka_unit_test(reboots_are_slowed_down_and_never_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
