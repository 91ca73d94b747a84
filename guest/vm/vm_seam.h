/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guest/vm asks of the architecture. It defines struct vm_arch and struct vcpu, in vm_arch.h, which is
 * found through the include path, and these functions. struct vcpu has at least what guest/vm reads: run, vm,
 * thread, id, and of its time ticks and steal.
 *
 * All but vm_arch_init() and vm_arch_hide_words() are for a VM that does not run.
 */
#ifndef GUEST_VM_VM_SEAM_H
#define GUEST_VM_VM_SEAM_H

#include "guest/image/gtree.h"
#include "guest/vm/vm.h"

/* Once, before the first VM. */
void vm_arch_init(void);

/* The words that a VM's hide= may have; NULL behind the last. */
const char *const *vm_arch_hide_words(void);

/* What the harts offer to this VM, and its configuration leaves; before all else. ERR_NOTSUP, marked in the
 * configuration: these harts cannot do what it asks for. */
enum err vm_arch_choose(struct vm *vm);

/* May the guest look past the caches? */
bool vm_arch_uncached(const struct vm *vm);

/* Tables that give the guest its RAM, which is there. ERR_NOTSUP: as above; ERR_NOMEM. */
enum err vm_arch_create_tables(struct vm *vm);

/* The VM's own, before its vCPUs; and a vCPU that vcpu_init() has passed. ERR_NOMEM. */
enum err vm_arch_create(struct vm *vm);
enum err vm_arch_create_vcpu(struct vcpu *v);

/* Give back all of these, of a VM that may have been made in part. Its vCPUs first. */
void vm_arch_destroy_vcpu(struct vcpu *v);
void vm_arch_destroy(struct vm *vm);

/* What the guest's tree says of its harts. *texts is what *out points into, of kmem_alloc(), for the caller to
 * free, or NULL. May block. ERR_NOMEM, ERR_RANGE. */
enum err vm_arch_describe(const struct vm *vm, struct gtree_arch *out, void **texts);

/* A vCPU that is off, as all but one are when a VM starts; and the one that starts at pc, with arg told. */
void vcpu_reset_off(struct vcpu *v);
void vcpu_reset_on(struct vcpu *v, u64 pc, u64 arg);

/* The VM has failed by this vCPU's doing: says so and why, and shows its registers. Its own thread. */
void vcpu_report(struct vcpu *v, const char *why);

#endif
