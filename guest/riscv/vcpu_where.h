/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a vCPU is. Four questions, and for each the one word that answers it:
 *
 *   run.mode	Which hart has to be kicked to end its run? IN_GUEST + that hart, or OUTSIDE_GUEST. Its
 *		own thread writes it, before the last look at requests, and after the run (entry/run.c).
 *   arch.loaded_on
 *		Whose registers hold its state, and by whose hgatp may its VM's tables be walked? That
 *		hart, or VCPU_NOT_LOADED. The hart writes it: vcpu_load() before hgatp leads to the
 *		tables, vcpu_put() once hgatp does not [G4]. Also while it waits, and has no run.
 *   vmid.hart	Which hart's first-stage translations are its own? That hart + 1, or 0: none
 *		(arch/riscv/vmid.h). vmid_check() writes it at each load, start_hart() clears it.
 *   thread->hart
 *		In whose queue is its thread, or whose current thread is it? The scheduler writes it
 *		under that queue's lock (hyp/sched/runqueue.c).
 *
 * What implies what, between vcpu_take_hart() and the next vcpu_put(), on hart h with interrupts off:
 *
 *   mode is IN_GUEST + h, and prepared	loaded_on is h
 *   loaded_on is h			vcpu_loaded of h is this vCPU, of no other hart; vmid.hart is
 *					h + 1, and none of the VM's others ran on h since; thread->hart
 *					is h: who lives in a hart stays (lives_in, hyp/sched/runqueue.h)
 *   hgatp of h is not 0			some vCPU is loaded on h
 *
 * Nothing follows from the others about loaded_on: one that was displaced while it waits, for example, is
 * loaded nowhere, and vmid.hart and thread->hart say where it was; one that waits elsewhere by now is
 * loaded there, and its last run was on another hart.
 */
#ifndef GUEST_RISCV_VCPU_WHERE_H
#define GUEST_RISCV_VCPU_WHERE_H

#include "guest/vm/vm.h"
#include "hyp/sched/hartmask.h"

/*
 * Adds the harts whose hgatp may lead to the tables of m. After vmid_vm_changed() or its like: who loads
 * itself later has seen that change, and fences for it before its hgatp leads there. All orders of it are in
 * tests/models/loaded.pml. Any context.
 */
static inline void vm_loaded_harts(struct vm *m, struct hartmask *harts)
{
	for (u32 i = 0; i < m->vcpus; i++) {
		/* Order: where it is loaded is read after the number of the change, and the barrier of
		 * vmid_vm_changed_pages(); who is loaded nowhere by now has left the tables alone, and
		 * what its guest sent has come before. Pairs with: vcpu_load(), vcpu_put() [G4] */
		u32 hart = arch_load_acquire(&m->vcpu[i].arch.loaded_on);

		if (hart != VCPU_NOT_LOADED)
			hartmask_add(harts, hart);
	}
}

#endif
