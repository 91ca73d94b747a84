/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a vCPU's interrupt file is: in memory (guest/riscv/vimsic.h), or a guest interrupt file of the hart the
 * vCPU is on (hyp/riscv/vsfile.h). With the latter messages to the vCPU, its siblings' IPIs among them, and its
 * own accesses to the file take no exit.
 *
 * A move costs calls to other harts, so a vCPU has to stay for that: one that has a hart alone gets a file
 * at once; another when a message comes and it has been on its hart for VSFILE_STAY_MS. When it comes to
 * another hart its file is moved there if it had been in the last place for as long, and to memory
 * otherwise, or if there is none free; what was in it comes along, nothing lost and nothing twice. One that
 * had it for less than VSFILE_PAYS times as long has to stay twice as long the next time, and so on, so
 * that where there are more vCPUs than harts their files do not move with them all the time. It
 * keeps its file while it waits or another has the hart, and gives it back when it is stopped or reset, which
 * counts as a move.
 *
 * Owner: the vCPU's own thread changes the place; who sends a message in the hypervisor reads it under
 * the lock (class `imsic`, taken in interrupts, inside `vaplic`; leads to `runqueue`).
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, section 6.1.2.
 */
#ifndef GUEST_RISCV_VCPU_VSFILE_H
#define GUEST_RISCV_VCPU_VSFILE_H

#include "lib/spinlock.h"
#include "lib/types.h"

struct vcpu;

#define VSFILE_STAY_MS	 50
#define VSFILE_PAYS	 8
#define VSFILE_DOUBT_MAX 5 /* doublings: 1.6 s */

struct vcpu_vsfile {
	struct spinlock lock;
	unsigned int hart; /* whose file it is */
	u32 n;		   /* its number; 0: the file is in memory */
	/* Its own thread's. */
	u64 since;    /* the clock when it came to its hart */
	u64 had;      /* and when its file did */
	u32 doubt;    /* doublings of VSFILE_STAY_MS */
	bool stayed;  /* it had been on the last one for long */
	bool watched; /* by vcpu_vsfile_watch() */
};

/* The vCPU has come to this hart, maybe back to where its file is: only there VGEIN is that file's. False:
 * REQ_FILE was set, since it should follow, or might get one. Interrupts off. */
bool vcpu_vsfile_arrive(struct vcpu *v);

/* Puts the file where it should be: behind says that vcpu_vsfile_arrive() asked for it, or else a message
 * has come. The vCPU's own thread, outside its guest, interrupts on; does not block, and may call other
 * harts (hyp/sched/hartcall.h). */
void vcpu_vsfile_look(struct vcpu *v, bool behind);

/* Moves it to memory. The same. */
void vcpu_vsfile_leave(struct vcpu *v);

/* A message with that identity, any number. Any context that RCU watches. */
void vcpu_vsfile_send(struct vcpu *v, u32 identity);

/* The vCPU waits, and lets who wakes it be told when its file has something. Ends that. On the hart
 * where it waits, interrupts off. */
void vcpu_vsfile_watch(struct vcpu *v);
void vcpu_vsfile_unwatch(struct vcpu *v);

#endif
