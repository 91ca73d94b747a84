/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AArch64's own boot argument: guests=. Part of hyp/tree/bootargs.h, which includes it.
 */
#ifndef HYP_ARM64_BOOTARGS_ARCH_H
#define HYP_ARM64_BOOTARGS_ARCH_H

/* What hyp/arm64/selftest/vm.c is to do with its small VMs. */
enum bootargs_guests {
	BOOTARGS_GUESTS_NONE,
	BOOTARGS_GUESTS_TEST, /* hold them against what they are to do */
	BOOTARGS_GUESTS_DEMO, /* the scenario of tools/demo */
};

struct bootargs_arch {
	enum bootargs_guests guests;
};

#endif
