/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps given to a guest as the hart itself would give them to VS-mode.
 */
#ifndef ARCH_RISCV_VTRAP_H
#define ARCH_RISCV_VTRAP_H

#include "arch/riscv/vcpu.h"

/* The guest takes exception `cause` at the instruction it stopped at. v is loaded, interrupts
 * off. */
void vcpu_inject(struct arch_vcpu *v, u64 cause, u64 tval);

#endif
