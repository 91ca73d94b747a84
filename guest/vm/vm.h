/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM: RAM, devices, vCPUs, and how it ends.
 *
 * The vCPU array does not change in a VM's life. Lock order: vm->lock (hart states) is a leaf.
 */
#ifndef GUEST_VM_VM_H
#define GUEST_VM_VM_H

#include "guest/dev/vconsole.h"
#include "guest/dev/vuart.h"
#include "guest/image/config.h"
#include "guest/image/payload.h"
#include "guest/mem/gmem.h"
#include "guest/mem/mmio.h"
#include "guest/vm/faults.h"
#include "guest/vm/vclock.h"
#include "guest/vm/vm_life.h"
#include "guest/vm/vm_place.h"
#include "hyp/mem/page.h"
#include "vm_arch.h"

struct vm {
	/* Set when the VM is made; constant while it runs. */
	struct vm_config *config;
	u32 vcpus;
	struct vcpu *vcpu; /* array of vcpus */
	struct vm_arch
		arch; /* the architecture's own, its tables and interrupt controller: vm_arch.h */

	/* With locks or rules of their own. */
	struct vm_place place;
	struct mem_account account;
	struct vm_mem mem;
	struct mmio_bus bus;
	struct vuart uart;
	struct vconsole console;
	struct vclock clock; /* runs while the VM does */
	struct vfaults faults;

	struct spinlock lock;	/* hart states: vcpu[].hsm */
	u32 state;		/* enum vm_state; leaves VM_RUNNING once, by compare and exchange */
	u32 live;		/* vCPU threads that have not ended; atomic */
	u32 pause;		/* odd: paused, or about to be; written by the manager's thread */
	u32 unparked;		/* vCPU threads that have not parked for this pause; atomic */
	u64 served_before;	/* place.share.served before its last load */
	struct thread *manager; /* who starts, pauses and destroys it; constant while it runs */
	void (*ended)(struct vm *vm);
	u64 filling; /* what clearing its RAM and copying into it took, ticks of arch_clock() */
};

/*
 * Makes a VM as its configuration says, with RAM and devices, not loaded and not running. Errors
 * are marked in config (config_vm_error()) and returned: ERR_NOMEM, ERR_NOTSUP.
 */
enum err vm_create(struct vm_config *config, struct vm **out);

/*
 * Gives back all of a VM that does not run, or was not wholly made. Its vCPUs' threads have ended, and a
 * grace period has passed since (vm_vcpu_ended()); nobody finds it any more. Blocks; the thread that made
 * it.
 */
void vm_destroy(struct vm *vm);

/*
 * Puts kernel, initrd and the guest's tree into its RAM, with everything reset; hart 0 starts at
 * the kernel's entry when the VM runs. Takes time in proportion to RAM. The VM does not run.
 */
enum err vm_load(struct vm *vm, const struct vm_payload *p);

/* Starts its vCPUs' threads, spread over the harts from first_hart on. When the last one has ended,
 * ended() is called in that thread, or in this one if not one could be made. The caller is the VM's manager
 * from now on. ERR_NOMEM: the VM has failed, and ends. */
enum err vm_start(struct vm *vm, unsigned int first_hart, void (*ended)(struct vm *vm));

/*
 * Ends the VM because of what a guest did: prints why and the vCPU's registers, and stops the VM.
 * The first reason counts. The vCPU's own thread, interrupts on.
 */
void vm_fail(struct vcpu *v, const char *fmt, ...) __printf(2, 3);

/* Ends a running VM, paused or not; its vCPUs leave their loops. The first reason counts. Any thread. */
void vm_stop(struct vm *vm, enum vm_state why);

/*
 * Halts a running VM between two instructions of each vCPU. When it returns no vCPU is in its guest, nor
 * in the middle of answering it; all of their state is in memory, but for interrupt files that they have
 * of their harts, which go on taking messages; and the VM's clock stands still, so the guest finds no time
 * gone when it is resumed. What was stolen of the vCPUs' time does not grow, as they do not want to run.
 * Interrupts that come meanwhile are kept, and a hart that the guest has stopped or suspended stays so.
 * Blocks until each vCPU has got a hart once more; the manager's thread.
 * ERR_EXIST: it is paused. ERR_NOENT: it does not run. ERR_CANCELED: it has ended before it was paused.
 */
enum err vm_pause(struct vm *vm);

/* Lets a paused VM run on. The manager's thread. ERR_EXIST: it is not paused. ERR_NOENT: it does not
 * run. */
enum err vm_resume(struct vm *vm);

/* Where the time of a VM's vCPUs went, ticks. */
struct vm_times {
	u64 ticks[VTIME_KINDS];
	u64 steal, entries;
	u64 elsewhere; /* what limen did for it while others had their harts: hyp/sched/bill.h */
};

/* From its last start to its end. The VM does not run. */
void vm_get_times(const struct vm *vm, struct vm_times *t);

/* One line of it to the log. */
void vm_log_times(const char *name, const struct vm_times *t);

/*
 * One vCPU thread less; from that thread. It touches the VM once more when it ends, and its hart comes
 * by a quiescent state only after that: so who is told of the end waits for a grace period before
 * vm_destroy().
 */
void vm_vcpu_ended(struct vm *vm);

/* One vCPU thread more has parked for the pause that it has read of; from that thread. */
void vm_vcpu_parked(struct vm *vm);

/* Of a value of vm->pause. */
static inline bool vm_pauses(u32 pause)
{
	return pause & 1;
}

static inline bool vm_running(const struct vm *vm)
{
	return READ_ONCE(vm->state) == VM_RUNNING;
}

#endif
