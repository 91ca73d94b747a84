/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses of a guest to emulated devices: from the fault to the device and back.
 */
#ifndef GUEST_RISCV_EMULATE_H
#define GUEST_RISCV_EMULATE_H

#include "guest/riscv/vcpu.h"

/* Finishes the load or store the guest stopped at, after a guest-page fault. What is none to a device, or
 * one that the device refuses, is the guest's own access fault (guest/riscv/vfault.h). The vCPU's thread,
 * interrupts on. */
void emulate_mmio(struct vcpu *v);

/* The guest stopped at a fetch, by a guest-page fault: there is nothing to be executed where there is no RAM,
 * and it gets its access fault. The vCPU's thread, interrupts on. */
void emulate_fetch_fault(struct vcpu *v);

/* The same in a watched answer (arch/riscv/vcpu.h), for what is plain: an instruction that htinst
 * tells, whose register is in memory; an access's first byte that htval tells; a device that takes it.
 * Returns the instruction's length; 0: nothing was done, and it is for emulate_mmio(). */
u64 emulate_mmio_watched(struct vcpu *v);

/* Fetches the instruction the guest stopped at. False: it has changed or went away; the guest goes
 * on there and traps anew. The vCPU's thread, interrupts on. */
bool emulate_fetch(struct vcpu *v, u32 *insn);

#endif
