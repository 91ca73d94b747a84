// SPDX-License-Identifier: BSD-2-Clause
/*
 * Messages among all harts for five seconds, counted, while they compute and nap: with more harts than
 * the machine has, they are preempted and moved meanwhile, and their interrupt files with them.
 *
 * # expect: pass
 * # harts: 4
 */
#include "imsic.h"

const char *guest_needs(void)
{
	return machine.imsic ? NULL : "no AIA";
}

static void load(void)
{
	u64 taken = messages_count(hart_count(), 5000, true);

	print("# %lu messages\n", taken);
	T_OK(taken > 1000 || test_failed());
}

const struct test guest_tests[] = {
	{"messages under load, counted", load},
	{NULL, NULL},
};
