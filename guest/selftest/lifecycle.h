/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMs made, paused, stopped, destroyed and made anew beside others that compute, as the boot argument
 * selftest=lifecycle asks, on an image with self-tests (tests/boot/lifecycle.t). Whoever asks a release
 * image is told by hyp/selftest/noselftest.c.
 */
#ifndef GUEST_SELFTEST_LIFECYCLE_H
#define GUEST_SELFTEST_LIFECYCLE_H

/* Begins it, if it was asked for; it ends the machine. The manager's thread, once VMs have been
 * started. */
void lifecycle_start(void);

#endif
