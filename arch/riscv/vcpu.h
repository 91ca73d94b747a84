/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The architectural state of a vCPU and its way in and out of a hart.
 *
 * While a vCPU is *loaded* on a hart, its VS CSRs, its FP and vector registers and the CSRs that
 * have no VS copy (scounteren, senvcfg, sstateen0: limen has no U-mode of its own) live in the
 * hart, across exits too. They move only when another vCPU takes the hart. Which vCPU is loaded is
 * a per-hart pointer; vcpu_load() is a compare in the usual case (E15).
 *
 * Owner: the vCPU's thread, on the hart it belongs to, with interrupts off where it says so.
 */
#ifndef ARCH_RISCV_VCPU_H
#define ARCH_RISCV_VCPU_H

#define ARCH_VCPU_X	  0
#define ARCH_VCPU_HOST_SP 256

#ifndef __ASSEMBLER__
#include "arch/arch.h"
#include "arch/riscv/csr.h"

/* Why the guest stopped, captured before any interrupt can be taken (E11). */
struct guest_exit {
	u64 scause, stval;
	u64 htval, htinst; /* guest-page faults only; 0 otherwise, or when hidden */
};

struct vs_csrs {
	u64 vsstatus, vsie, vstvec, vsscratch, vsepc, vscause, vstval, vsatp, vstimecmp;
	u64 scounteren, senvcfg, sstateen0;
};

struct fp_state {
	u64 f[32];
	u64 fcsr;
};

struct arch_vcpu {
	/* The world switch; guest_switch.S knows x and host_sp by offset. */
	u64 x[32];
	u64 host_sp;
	u64 sepc, sstatus, hstatus;
	struct guest_exit exit;

	/* Constant while the vCPU runs. */
	u64 hgatp, henvcfg, hstateen0, hcounteren, htimedelta;
	bool has_fp; /* the guest has F and D */

	/* In the hart while loaded, here while not. hvip is written to both. */
	u64 hvip;
	struct vs_csrs vs;
	struct fp_state fp;
	void *vregs; /* 32 * vlenb bytes and vstart, vl, vtype, vcsr; NULL without vector */
	u32 loaded_on; /* hart index, or VCPU_NOT_LOADED */
};

#define VCPU_NOT_LOADED (~0U)

/* What the harts offer the world switch; filled at boot by probing, read-only afterwards. */
struct vcpu_features {
	bool sstc, henvcfg, hstateen, senvcfg;
	bool htinst, htval; /* not hidden by a boot argument */
	bool fp, vector;
	u64 vlenb;
};

extern struct vcpu_features vcpu_features;

DECLARE_PER_HART(struct arch_vcpu *, vcpu_loaded);

/* The registers a hart has when its VM starts it: all zero but what the SBI HSM extension says.
 * The vCPU must not be loaded. */
void vcpu_reset(struct arch_vcpu *v, u64 pc, u64 a0, u64 a1);

/* Makes v the vCPU that lives in this hart. Interrupts off. */
void vcpu_load_slow(struct arch_vcpu *v);

static inline void vcpu_load(struct arch_vcpu *v)
{
	if (unlikely(this_hart(vcpu_loaded) != v))
		vcpu_load_slow(v);
}

/* Takes v's state out of this hart, if it is there. Interrupts off. */
void vcpu_put(struct arch_vcpu *v);

/* Gives v, which is loaded, another hgatp. Interrupts off. */
void vcpu_set_hgatp(struct arch_vcpu *v, u64 hgatp);

/* What every guest runs with on this hart: traps and interrupts delegated. Once a hart. */
void vcpu_hart_init(void);

/* Sets and clears virtual interrupts (HVIP_*); v is loaded. Interrupts off. */
static inline void vcpu_set_hvip(struct arch_vcpu *v, u64 bits)
{
	v->hvip |= bits;
	csr_set(hvip, bits);
}

static inline void vcpu_clear_hvip(struct arch_vcpu *v, u64 bits)
{
	v->hvip &= ~bits;
	csr_clear(hvip, bits);
}

/* guest_switch.S: runs the guest; returns on its next trap. */
void guest_switch(struct arch_vcpu *v);
#endif
#endif
