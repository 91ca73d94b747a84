/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stolen time as a guest reads it, in a record in its own memory: what SBI 3.0, chapter 16 (STA),
 * lays out, a record a vCPU.
 *
 * Owner: the vCPU's own thread. The record is written after a call in which that thread may have
 * given up its hart, and only if steal has changed meanwhile; so whatever the guest can have lost it
 * has been told when it runs again. What the guest itself writes there is never read.
 */
#ifndef GUEST_RISCV_VSTEAL_H
#define GUEST_RISCV_VSTEAL_H

#include "lib/err.h"
#include "lib/types.h"

#define VSTEAL_SIZE 64U

struct vcpu;

struct vsteal {
	bool on;
	bool preempted; /* the record says so */
	u32 sequence;	/* as the record has it */
	gpa_t at;
	u64 told; /* ticks the record stands for */
};

/* The record is at gpa from now on, and zero at first. ERR_RANGE: not all of it is RAM; the record is
 * where it was. The vCPU's thread, interrupts on. */
enum err vsteal_start(struct vcpu *v, gpa_t at);

/* No record: nothing is written. The vCPU's thread. */
void vsteal_stop(struct vcpu *v);

/* The vCPU is about to lose its hart although its guest could run on; after it, the thread has it
 * again. The vCPU's thread, interrupts on. */
void vsteal_leave(struct vcpu *v);
void vsteal_return(struct vcpu *v);

#endif
