/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RCU under load, as the boot argument torture= asks: readers in threads and interrupts, updaters
 * and callbacks on half of the harts, while the other half is left to guests. It says what it saw
 * and ends the machine (tests/boot/torture.t, docs/rcu.md). The release image's, in
 * hyp/selftest/noselftest.c, only say that they hold no such test.
 */
#ifndef HYP_SELFTEST_TORTURE_H
#define HYP_SELFTEST_TORTURE_H

#include "hyp/tree/bootargs.h"

/* Notes what b asks for. Once, while booting. */
void torture_init(const struct bootargs *b);

/* Begins it, if it was asked for. In a thread, once VMs have been started. */
void torture_start(void);

#endif
