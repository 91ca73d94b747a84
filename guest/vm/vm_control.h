/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who makes, starts, pauses, stops and destroys VMs: one thread, the manager, which is the one that
 * boots. Everybody else asks it, so that of two who want something of a VM one comes after the other,
 * and nobody has a pointer to a VM that is gone.
 *
 * A VM is named by its number in the configuration. One that has ended for good, of itself or by
 * VM_OP_DESTROY, has given back all that it had, and can be made anew from its configuration.
 *
 * Lock order: the queue of calls (vm_control) is a leaf.
 */
#ifndef GUEST_VM_VM_CONTROL_H
#define GUEST_VM_VM_CONTROL_H

#include "guest/image/fit.h"
#include "guest/vm/vm.h"
#include "guest/vm/vm_life.h"

/* ---- the manager's thread ------------------------------------------------------------------ */

/* The calling thread is the manager from now on. Makes the VMs of the configuration, whose payloads
 * are in fit; both stay. One that cannot be is reported. *checking: ticks for payloads' digests, and
 * *filling: for RAM cleared and filled. Once. */
void vm_control_make_all(const struct fit *fit, struct config *config, u64 *checking, u64 *filling);

/* The console goes to this VM, whenever it is there. False: it is not now. */
bool vm_control_give_console(u32 i);

void vm_control_start_all(void);

/* Looks after the VMs until none runs, is paused, or is to start again, and nobody holds the machine.
 * Returns whether all ended well. */
bool vm_control_run(void);

/* Where the time of each VM's vCPUs went until it last ended, to the log. */
void vm_control_log_times(void);

/* ---- any thread, interrupts on; blocks until the manager has done it -------------------------- */

/*
 * Does it. ERR_RANGE: there is no such number. ERR_EXIST, ERR_NOENT: as vm_op_check(). ERR_CANCELED: the
 * VM ended of itself before it could be paused. Of VM_OP_START and VM_OP_RESTART also ERR_NOMEM, ERR_NOTSUP
 * and what vm_place_init() says, with the VM as it was, or down; and ERR_FORMAT: its configuration or a
 * payload is wrong.
 */
enum err vm_control(u32 i, enum vm_op op);

struct vm_status {
	const char *name;
	enum vm_phase phase;
	enum vm_state ended; /* how its last run did; VM_NEW: none has */
	bool restarts;	     /* it is down, and will start again of itself */
	u64 memory;	     /* bytes that it has */
};

/* ERR_RANGE: there is no such number. */
enum err vm_control_status(u32 i, struct vm_status *s);

/* Calls fn with the VM, or NULL while it is absent, in the manager's thread. fn is short; it may do what
 * the manager may. Returns what fn does, or ERR_RANGE. */
enum err vm_control_with(u32 i, enum err (*fn)(struct vm *vm, void *arg), void *arg);

/* The machine stays on although no VM runs, until everybody who held it lets go. Any context that RCU
 * watches. */
void vm_control_hold(void);
void vm_control_let_go(void);

#endif
