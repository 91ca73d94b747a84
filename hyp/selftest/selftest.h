/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails on purpose, as the boot argument panic= asks, so that what limen reports then can be
 * tested (tests/boot/panic.t) on any image; and runs the conformance suite, as selftest=conformance
 * asks (tests/boot/conformance.t), on an image that holds it.
 */
#ifndef HYP_SELFTEST_SELFTEST_H
#define HYP_SELFTEST_SELFTEST_H

#include "hyp/tree/bootargs.h"

/* Returns if b asks for nothing. In a thread, interrupts on, all harts up. */
void selftest_panic(const struct bootargs *b);

/* A store to where nothing is mapped, with a mark of 0x11111e57 beside it in the registers, which a person
 * and a test recognise in the report. hyp/ARCH/fail.c has it. */
void selftest_trap(void);

/* Returns if b does not ask for it; the machine ends with the failing status if a test failed. In a
 * thread on hart 0, interrupts on, all harts up, no VM yet. The architecture's conformance.c has it; the release
 * image's, in hyp/selftest/noselftest.c, says in a line that it holds no suite, and returns. */
void selftest_conformance(const struct bootargs *b);

/* The same if b asks for it while VMs run: in a thread of its own on hart 0. The VMs' first vCPUs have
 * been started; the caller is a thread. */
void selftest_start(void);

#endif
