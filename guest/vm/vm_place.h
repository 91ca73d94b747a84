/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On which harts a VM's vCPUs run, and with what share of them: what its configuration says, held
 * against the machine and the other VMs.
 */
#ifndef GUEST_VM_VM_PLACE_H
#define GUEST_VM_VM_PLACE_H

#include "hyp/sched/hartmask.h"
#include "hyp/sched/thread.h"
#include "lib/err.h"

struct vm;

struct vm_place {
	struct sched_group share;
	struct hartmask named; /* the harts the configuration names */
	bool dedicated;	       /* vCPU i has the hart that is named as number i alone */
	bool taken;	       /* its harts count as its own, or as wanted by it */
};

/*
 * Reads it from vm->config. Harts that are dedicated here take no part in sharing from now on. Marks
 * the configuration and returns ERR_NOENT: a hart that limen does not run on; ERR_EXIST: one that is
 * another VM's alone, or that another VM has; ERR_RANGE: fewer harts than vCPUs to dedicate; or no
 * hart is left to share. A thread, while no VM runs.
 */
enum err vm_place_init(struct vm *vm);

/* The harts are for all again; nothing, where vm_place_init() had failed. The manager's thread; the VM
 * does not run. */
void vm_place_destroy(struct vm *vm);

/* May its vCPUs still be on this hart? Not, where a VM came after them to which it is dedicated. Any
 * context. */
bool vm_place_allows(const struct vm *vm, unsigned int hart);

/* Where vCPU i starts; from is a hart index to begin with, for those that may run anywhere. Fills in
 * place, but for lives_in. */
unsigned int vm_place_vcpu(struct vm *vm, u32 i, unsigned int from, struct thread_place *place);

#endif
