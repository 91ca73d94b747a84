/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After a change of a VM's G-stage tables: no hart uses the old translation any more.
 *
 * The change gets a number (vmid_vm_changed_pages()), and what it was is remembered with the last few.
 * Then each hart where a vCPU of the VM is loaded is called, in its guest or not: hgatp leads to the VM's
 * tables there, and may be walked by speculation at any moment (privileged specification 20240411,
 * "hgatp"). Such a walk may even write: the A bit of an entry, if the harts update it. Every hart compares
 * the number before it enters a guest of the VM, or reads with its translations (vcpu_take_hart()), and
 * fences for what it has missed: page by page as long as that is little and remembered, by VMID
 * otherwise, and then before its hgatp leads to the tables as well as after. So a hart in which none of
 * the VM's lives is not disturbed, whatever it still holds.
 *
 *   moved	what a vCPU left on another hart waits there for whichever of the VM's comes there next:
 *		vmid_seen.seq is a hart's, not a vCPU's.
 *   VMIDs	a hart that comes with another VMID has nothing under it, or flushes it
 *		(VMID_FENCE_G_VMID with VMID_FENCE_VV); the numbers before do not matter then.
 *   in between	a vCPU that is loaded while the caller looks has either seen the number, and fences, or
 *		said where before the caller read that: [G1] in arch/riscv/vmid.c, guest/riscv/vcpu_where.h.
 *
 * Nobody fences another hart by VMID from afar (SBI RFENCE): see arch/riscv/vmid.h.
 */
#ifndef GUEST_RISCV_GFENCE_H
#define GUEST_RISCV_GFENCE_H

#include "arch/riscv/gstage.h"
#include "arch/riscv/vmid.h"

struct vm;

/*
 * Entries of vm's tables were changed as f says (struct gstage_change). When it comes back no hart
 * executes guest code, or HLVX, by what was there before, or walks by tables that were cut off, and none
 * will: pages and tables may be given away. The lock of the tables may be released before. Thread
 * context, interrupts on, no lock; calls other harts (hyp/sched/hartcall.h).
 */
void gfence_change(struct vm *vm, const struct gstage_fence *f);

/* The same for leaves of 4 KiB in [gpa, gpa + size), which is not empty. */
void gstage_fence_range(struct vm *vm, gpa_t gpa, u64 size);

/* Fences this hart, which has nothing but the VM's vmid in hgatp, for the changes after number from up to
 * number to. False: they are too many, or not of pages alone, and nothing was done. Interrupts off. */
bool gfence_catch_up(struct vmid_vm *vm, u64 from, u64 to, u32 vmid);

#endif
