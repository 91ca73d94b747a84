/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small VM: memory behind a second stage, processors that are threads of limen's scheduler, a timer by the
 * GIC's virtual interface, one device of one register, and a few hypervisor calls. It is there to show that
 * limen's run loop, scheduler and timers carry a guest at EL2; it boots no operating system.
 *
 * Guests are hostile: whatever one does ends its own VM at most, with a line that says why.
 */
#ifndef HYP_ARM64_VM_H
#define HYP_ARM64_VM_H

#include "arch/arm64/vcpu.h"
#include "entry/run.h"
#include "hyp/arm64/vm_abi.h"
#include "hyp/sched/hartmask.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"

#define VM_RESULTS 4

enum vm_end {
	VM_RUNS,
	VM_ENDED,   /* by VM_CALL_END */
	VM_FAULTED, /* it did what it may not */
	VM_STOPPED, /* by vm_stop() */
};

struct vm {
	const char *name;
	u64 *stage2;
	u64 vttbr;
	char *ram;
};

struct vm_cpu {
	struct arch_vcpu arch;
	struct guest_run run;
	struct vm *vm;
	struct thread *thread; /* its own thread clears it when it ends; RCU */
	struct thread *waiter; /* who is woken then */
	struct hartmask harts; /* where it may run */
	struct timer timer;    /* of VM_CALL_TIMER */
	u32 device;	       /* the register */
	u32 over;	       /* its thread is done with it; release, acquire */
	/* Written by its own thread, read by others once it is over. */
	struct hartmask been; /* harts on which it has been in its guest */
	u64 results[VM_RESULTS];
	u64 calls, faults, waits, interrupts; /* exits, by kind */
	u32 ended;			      /* enum vm_end */
};

/* Memory for a VM, with n bytes of code at its beginning. ERR_NOMEM. A VM's number is its own for ever. */
enum err vm_init(struct vm *vm, const char *name, const void *code, size_t n);

/* Starts a processor of vm at entry, an offset into its memory, with arg in x0, on one of the harts that
 * c->harts names. Once; the caller's thread is woken when it ends. ERR_NOMEM. */
enum err vm_start(struct vm_cpu *c, struct vm *vm, u64 entry, u64 arg);

/* Ends it at once, whatever its guest does. Any context that RCU watches. */
void vm_stop(struct vm_cpu *c);

/* How it has ended, or VM_RUNS. */
enum vm_end vm_ended(const struct vm_cpu *c);

#endif
