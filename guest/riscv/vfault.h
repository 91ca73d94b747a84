/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access faults of a guest: what a machine gives to who accesses a place where it has nothing, or a device
 * in a way that the device does not take (privileged architecture 20240411, "Physical Memory Attributes").
 *
 * Owns how often a VM got one, and when that was last said: one line a VM and second at most; and whether a
 * fault that ended the VM has been reported.
 */
#ifndef GUEST_RISCV_VFAULT_H
#define GUEST_RISCV_VFAULT_H

#include "lib/types.h"

struct vcpu;

struct vfaults {
	u64 count;     /* since the VM's start; atomic */
	u64 next_line; /* not before this time, ticks of arch_clock(); atomic */
	u32 reported;  /* a fault that ended the VM: vm_fail(); atomic */
};

/* As if none had been. The VM does not run. */
void vfault_reset(struct vfaults *f);

/* One line with the sum to the log, if there is something to be said. Any context. */
void vfault_log(const char *name, const struct vfaults *f);

/*
 * The guest, stopped by a guest-page fault, takes the access fault of the same kind at the same address
 * instead. why goes into the log: "where it has nothing". One that is met at the first instruction of the
 * trap vector would be met there for ever: it ends the VM. The vCPU's own thread, interrupts on.
 */
void vfault_give(struct vcpu *v, const char *why);

#endif
