/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small VMs at work (hyp/arm64/vm.h), as the boot argument guests= asks.
 */
#ifndef HYP_ARM64_SELFTEST_GUESTS_H
#define HYP_ARM64_SELFTEST_GUESTS_H

#include "hyp/tree/bootargs.h"

/* Returns if b does not ask for it, or the image has no self-tests; else the machine ends, with the failing
 * status if a test failed. In a thread on hart 0, all harts up. */
void selftest_guests(const struct bootargs *b);

#endif
