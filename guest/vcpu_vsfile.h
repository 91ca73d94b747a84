/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a vCPU's interrupt file is: in memory (guest/vimsic.h), or a guest interrupt file of the hart the
 * vCPU is on (hyp/vsfile.h). With the latter messages to the vCPU, its siblings' IPIs among them, and its
 * own accesses to the file take no exit.
 *
 * The file follows its vCPU: whoever comes to a hart gets a file there if one is free, and what was in
 * its last one comes along, nothing lost and nothing twice. A vCPU keeps its file while it waits or
 * another has the hart; it gives it back when it is stopped or reset.
 *
 * Owner: the vCPU's own thread changes the place; who sends a message in the hypervisor reads it under
 * the lock (class `imsic`, taken in interrupts, inside `vaplic`; leads to `runqueue`).
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, section 6.1.2.
 */
#ifndef GUEST_VCPU_VSFILE_H
#define GUEST_VCPU_VSFILE_H

#include "lib/spinlock.h"
#include "lib/types.h"

struct vcpu;

struct vcpu_vsfile {
	struct spinlock lock;
	unsigned int hart; /* whose file it is */
	u32 n;		   /* its number; 0: the file is in memory */
};

/* Should it get another place on this hart, where it has just come to? */
bool vcpu_vsfile_is_behind(const struct vcpu *v);

/* Moves the file to the hart where the vCPU is, or to memory where that has none free. The vCPU's own
 * thread, outside its guest, interrupts on; does not block, and calls other harts (hyp/hartcall.h). */
void vcpu_vsfile_follow(struct vcpu *v);

/* Moves it to memory. The same. */
void vcpu_vsfile_leave(struct vcpu *v);

/* The vCPU waits, and lets who wakes it be told when its file has something. Ends that. On the hart
 * where it waits, interrupts off. */
void vcpu_vsfile_watch(struct vcpu *v);
void vcpu_vsfile_unwatch(struct vcpu *v);

#endif
