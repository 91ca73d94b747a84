/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests on the weak machine share. Each scene is run by as many seeds as LIMEN_WEAK_SEEDS says, or
 * SEEDS, from LIMEN_WEAK_SEED on; one that is red names the scene and the seed. Included by a test's one
 * file.
 */
#ifndef TESTS_UNIT_WEAK_SEEDS_H
#define TESTS_UNIT_WEAK_SEEDS_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arch/host/weak/weak.h"

#define SEEDS 400
#define STEPS 200000

static const char *scene;
static u64 seed;

/* The machine ends by a signal: what was run then? */
static void on_abort(int sig)
{
	char line[100];
	int n = snprintf(line, sizeof(line), "# %s, seed %llu\n", scene, (unsigned long long)seed);

	(void)sig;
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(2);
	_exit(1);
}

static inline void seeds_init(void)
{
	(void)signal(SIGABRT, on_abort);
}

static u64 number(const char *name, u64 otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 0) : otherwise;
}

/* A run is begun, is weak_run() by the seed, and is looked at afterwards. */
static inline void seeds(const char *what, void (*begin)(void), void (*play)(void),
			 void (*end)(void))
{
	u64 first = number("LIMEN_WEAK_SEED", 1), n = number("LIMEN_WEAK_SEEDS", SEEDS);

	scene = what;
	for (seed = first; seed < first + n; seed++) {
		begin();
		play();
		if (end)
			end();
	}
}

#endif
