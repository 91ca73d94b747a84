/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's registers by name: the ABI's names for the integer registers, pc, and the
 * specification's for the CSRs, as the guest knows them (sstatus is vsstatus).
 */
#ifndef ARCH_RISCV_REGS_H
#define ARCH_RISCV_REGS_H

#include "arch/riscv/vcpu.h"
#include "lib/err.h"

/* Names by number, from 0 on; NULL past the last. Any context. */
const char *vcpu_reg_name(unsigned int i);

/* Reads or writes a register of a vCPU that is not in its guest and not loaded in a hart (its state
 * is in memory: vcpu_put()). ERR_NOENT: no register has that name. The vCPU's owner. A name is looked for
 * among all; who reads one register after the other takes their numbers, as in vcpu_reg_name(). */
u64 vcpu_reg_value(const struct arch_vcpu *v, unsigned int i);
enum err vcpu_reg_get(const struct arch_vcpu *v, const char *name, u64 *out);
enum err vcpu_reg_set(struct arch_vcpu *v, const char *name, u64 val);

#endif
