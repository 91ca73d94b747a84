/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP and vector registers of a vCPU. They stay in the hart while the vCPU is loaded; they are
 * written back only when the guest changed them since they were read (sstatus.FS and VS dirty);
 * fcsr, vcsr and vstart always. Interrupts off.
 */
#ifndef ARCH_RISCV_FPU_H
#define ARCH_RISCV_FPU_H

#include "arch/riscv/vcpu.h"

void fpu_save(struct arch_vcpu *v);
void fpu_restore(struct arch_vcpu *v);

/* Bytes of a vCPU's vector state for the given vlenb. */
size_t vector_state_size(u64 vlenb);

/* Zeroes a vector state; NULL is allowed. */
void vector_reset(void *vregs);

/* fpu_regs.S: the hart's registers to or from memory; FS or VS on. What fpu_save() saves always is not
 * saved here. */
void fp_regs_save(struct fp_state *s);
void fp_regs_restore(const struct fp_state *s);
void vector_regs_save(void *vregs, u64 vlenb);
void vector_regs_restore(const void *vregs, u64 vlenb);

#endif
