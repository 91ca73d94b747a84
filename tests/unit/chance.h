/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chance for a unit test, the same each time. A fuzzer that includes the test has its input in this
 * place (tests/fuzz/fuzz_fences.c).
 */
#ifndef TESTS_UNIT_CHANCE_H
#define TESTS_UNIT_CHANCE_H

#include "lib/types.h"

static u64 chance_seed;

static inline void chance_from(u64 seed)
{
	chance_seed = seed;
}

/* Below n. */
static inline u64 rnd(u64 n)
{
	chance_seed ^= chance_seed << 13;
	chance_seed ^= chance_seed >> 7;
	chance_seed ^= chance_seed << 17;
	return (chance_seed >> 8) % n;
}

#endif
