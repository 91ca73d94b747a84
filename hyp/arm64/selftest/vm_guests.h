/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guests of vm_guests.S and who looks at them (hyp/arm64/selftest/vm.c) both know.
 */
#ifndef HYP_ARM64_SELFTEST_VM_GUESTS_H
#define HYP_ARM64_SELFTEST_VM_GUESTS_H

#include "hyp/arm64/vm_abi.h"

#define GUEST_DATA   0x4000 /* in the VM's memory: behind the code */
#define GUEST_ROUNDS 40
#define GUEST_STEPS  20000 /* a round */
#define GUEST_FACTOR 6364136223846793005
#define GUEST_ADDEND 1442695040888963407

/* From its first instruction on: tests/guests/demo-times.h has the same scenario. */
#define GUEST_DEMO_BEGINS_MS 40
#define GUEST_DEMO_OTHER_MS  60
#define GUEST_DEMO_ENDS_MS   110

#ifndef __ASSEMBLER__
extern const char vm_guests_start[], vm_guests_end[], vm_guest_works[], vm_guest_works_slowly[],
	vm_guest_faults[], vm_guest_spins[], vm_guest_reaches[], vm_guest_demo[],
	vm_guest_demo_other[];
#endif
#endif
