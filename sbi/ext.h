/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extensions of the SBI server among themselves. Each takes the calling vCPU, the function id
 * and the arguments a0 to a5 as they were; a function that does not come back to the caller (stop,
 * suspend, reset) changes the vCPU and returns SBI_SUCCESS.
 *
 * All: the vCPU's thread, interrupts on.
 */
#ifndef SBI_EXT_H
#define SBI_EXT_H

#include "arch/riscv/sbi.h"
#include "guest/vcpu.h"

struct sbi_ret sbi_base(struct vcpu *v, u64 fid, const u64 *a);
struct sbi_ret sbi_time(struct vcpu *v, u64 fid, const u64 *a);
struct sbi_ret sbi_ipi(struct vcpu *v, u64 fid, const u64 *a);
struct sbi_ret sbi_rfence(struct vcpu *v, u64 fid, const u64 *a);
struct sbi_ret sbi_hsm(struct vcpu *v, u64 fid, const u64 *a);
struct sbi_ret sbi_srst(struct vcpu *v, u64 fid, const u64 *a);
struct sbi_ret sbi_dbcn(struct vcpu *v, u64 fid, const u64 *a);

/* Is the extension served? */
bool sbi_has(u64 eid);

/*
 * The vCPUs a hart mask names, bit = hart id: SBI 3.0, "Hart list parameter". False: it names one
 * that the VM does not have.
 */
bool sbi_hart_mask(const struct vcpu *v, u64 mask, u64 base, u64 *out);

#define SBI_RET(err, val) ((struct sbi_ret){(err), (long)(val)})

#endif
