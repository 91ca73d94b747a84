/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often a VM got an access fault, and when that was last said: one line a VM and second at most; and
 * whether a fault that ended the VM has been reported.
 */
#ifndef GUEST_VM_FAULTS_H
#define GUEST_VM_FAULTS_H

#include "lib/types.h"

struct vfaults {
	u64 count;     /* since the VM's start; atomic */
	u64 next_line; /* not before this time, ticks of arch_clock(); atomic */
	u32 reported;  /* a fault that ended the VM: vm_fail(); atomic */
};

/* As if none had been. The VM does not run. */
void vfault_reset(struct vfaults *f);

/* One line with the sum to the log, if there is something to be said. Any context. */
void vfault_log(const char *name, const struct vfaults *f);

#endif
