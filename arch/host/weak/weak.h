/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine of harts that is weaker than any that limen runs on: others see a hart's stores late and in
 * another order, its loads are done early, and the store of a compare-and-swap may come after loads that
 * follow it, as far as barriers, acquires, releases and one location's own order let them. A seed says when.
 *
 * It is arch/host with all accesses of the code under test gone through weak.c: that code is built with
 * -fsanitize=thread, whose calls weak.c answers in place of the sanitizer's library, noinstr functions
 * included. One hart runs at a time, and gives the turn to another at any atomic access.
 *
 * What a load cannot be here is late: done after a store that follows it. Such faults are found by the
 * other half, vector clocks: weak_uses() and weak_spoils() say that an object is read, and is written or
 * freed, and the machine stops if nothing orders the two.
 */
#ifndef ARCH_HOST_WEAK_WEAK_H
#define ARCH_HOST_WEAK_WEAK_H

#include "arch/arch.h"

#define WEAK_HARTS 4

/* Runs fn(index) on n harts of a machine that does what the seed says, as host_harts_run() does, and
 * returns when all have come back. A run that takes more than so many steps hangs: the machine stops. */
void weak_run(unsigned int n, u64 seed, u64 steps, void (*fn)(unsigned int hart));

/* A number below n, of the seed. In a run. */
unsigned int weak_random(unsigned int n);

/* What is known of who read an object, and who wrote it. Zeroed at first. */
struct weak_clock {
	u32 at[WEAK_HARTS];
};

struct weak_object {
	struct weak_clock reads, writes;
};

/* The calling hart reads the object, or makes an end of it: what others did to it must be ordered before,
 * or the machine stops. In a run. */
void weak_uses(struct weak_object *o);
void weak_spoils(struct weak_object *o);

#endif
