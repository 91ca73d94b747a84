/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails on purpose, as the boot argument panic= asks, so that what limen reports then can be
 * tested (tests/boot/panic.t).
 */
#ifndef HYP_SELFTEST_H
#define HYP_SELFTEST_H

#include "hyp/bootargs.h"

/* Returns if b asks for nothing. In a thread, interrupts on, all harts up. */
void selftest_panic(const struct bootargs *b);

#endif
