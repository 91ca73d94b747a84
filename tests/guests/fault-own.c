// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest whose test fails: it says so and powers itself off for a system failure, which is to end
 * the machine with a status that is not 0. So much is trusted by all the others.
 *
 * # expect: report it shut itself down for a system failure
 * # harts: 1
 * # also: not ok 2 - fails on purpose: line [0-9]+: 1 \+ 1 is 0x2, not 3 \(0x3\)
 */
#include "rt.h"

static void passes(void)
{
	T_EQ(1 + 1, 2);
}

static void fails(void)
{
	T_EQ(1 + 1, 3);
}

const struct test guest_tests[] = {
	{"passes", passes},
	{"fails on purpose", fails},
	{NULL, NULL},
};
