/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An end for unit tests that hang. How busy the computer is says nothing of a test: what counts is the time
 * that it had a CPU, and a multiple of it for one of which all harts sleep.
 */
#ifndef TESTS_UNIT_PATIENCE_H
#define TESTS_UNIT_PATIENCE_H

#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_CPUS	2 /* that a test has for itself on a computer that is not busy */
#define PATIENCE_ASLEEP 20

/* From here on the process may take so long, or it ends by a signal; 0: as long as it likes. */
static inline void patience(unsigned int seconds)
{
	const struct itimerval had = {.it_value = {.tv_sec = PATIENCE_CPUS * seconds}};

	(void)setitimer(ITIMER_PROF, &had, NULL);
	(void)alarm(PATIENCE_ASLEEP * seconds);
}

#endif
