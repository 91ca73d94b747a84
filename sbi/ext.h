/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extensions of the SBI server among themselves. Each takes the calling vCPU, the function id
 * and the arguments a0 to a5 as they were, and leaves its answer in the vCPU's a0 and a1; a function
 * that does not come back to the caller (stop, reset) leaves what nobody will see.
 *
 * All: the vCPU's thread, interrupts on.
 */
#ifndef SBI_EXT_H
#define SBI_EXT_H

#include "arch/riscv/sbi.h"
#include "guest/vm/vm.h"

void sbi_base(struct vcpu *v, u64 fid, const u64 *a);
void sbi_time(struct vcpu *v, u64 fid, const u64 *a);
void sbi_ipi(struct vcpu *v, u64 fid, const u64 *a);
void sbi_rfence(struct vcpu *v, u64 fid, const u64 *a);
void sbi_hsm(struct vcpu *v, u64 fid, const u64 *a);
void sbi_srst(struct vcpu *v, u64 fid, const u64 *a);
void sbi_dbcn(struct vcpu *v, u64 fid, const u64 *a);
void sbi_pmu(struct vcpu *v, u64 fid, const u64 *a);
void sbi_susp(struct vcpu *v, u64 fid, const u64 *a);
void sbi_sta(struct vcpu *v, u64 fid, const u64 *a);
void sbi_fwft(struct vcpu *v, u64 fid, const u64 *a);

/* A call of which no target is in its guest, in a watched answer. False: it is none, and has to be made the
 * other way; a fence that was asked for is then asked for again, which does no harm. */
bool sbi_rfence_watched(struct vcpu *v, u64 fid, u64 *a);

/* IPI's in a watched answer, but for those to many. False: nothing was done. */
bool sbi_ipi_watched(struct vcpu *v, u64 fid, const u64 *a);

/* DBCN's calls that write so little that they need not end the guest's run, in a watched answer; they
 * and IPI may come with interrupts off. False: it is none of these, and nothing was done. */
bool sbi_dbcn_watched(struct vcpu *v, u64 fid, const u64 *a);

/* Is the extension served? */
bool sbi_has(u64 eid);

/*
 * The vCPUs a hart mask names, bit = hart id: SBI 3.0, "Hart list parameter". False: it names one
 * that the VM does not have.
 */
static inline bool sbi_hart_mask(const struct vcpu *v, u64 mask, u64 base, u64 *out)
{
	u32 n = v->vm->vcpus; /* 1 to 64 */
	u64 all = ~0UL >> (64 - n);

	if (base == ~0UL) {
		*out = all;
		return true;
	}
	if (!mask) {
		*out = 0;
		return true;
	}
	if (base >= n || (mask & ~(all >> base)))
		return false;
	*out = mask << base;
	return true;
}

/* Can a hart of the VM begin at pc? */
bool sbi_start_address(const struct vcpu *v, u64 pc);

/* The vCPU, whose state says SUSPENDED, waits for an interrupt, and then is STARTED again: at pc with
 * nothing kept, with what its a0 and a1 become. May block. */
struct sbi_ret sbi_sleep(struct vcpu *v, u64 pc, u64 opaque);

/* The answer, where the guest finds it. */
static inline void sbi_return(struct vcpu *v, struct sbi_ret ret)
{
	v->arch.x[10] = (u64)ret.error;
	v->arch.x[11] = (u64)ret.value;
}

#define SBI_RET(err, val) ((struct sbi_ret){(err), (long)(val)})

#endif
