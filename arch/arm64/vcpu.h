/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's processor as the hardware sees it: general registers, the state of EL0 and EL1, of floating
 * point, of the virtual timer and of the virtual interrupt controller, and why it stopped last.
 *
 * The general registers move at each entry and exit. All else stays in the hart from vcpu_load() on,
 * until another vCPU is loaded there or vcpu_put(): the hart's registers are the true ones then.
 */
#ifndef ARCH_ARM64_VCPU_H
#define ARCH_ARM64_VCPU_H

#define ARCH_VCPU_PC	 (31 * 8 + 8)
#define ARCH_VCPU_ESR	 (34 * 8)
#define ARCH_VCPU_HPFAR	 (36 * 8)
#define ARCH_VCPU_VECTOR (37 * 8)

/* A call that is answered inside the run (E13): PSCI's and SMCCC's question for a version. */
#define EARLY_SMCCC_VERSION 0x80000000
#define SMCCC_VERSION_1_1   0x10001

#ifndef __ASSEMBLER__
#include "arch/arch.h"

#define VCPU_NOT_LOADED (~0U)

/* System registers of EL0 and EL1 that a vCPU keeps, and their reset values. sctlr_el1 comes first, so
 * that with the old one nothing of the new is translated. */
#define VCPU_SYSREGS(R)              \
	R(sctlr_el1, SCTLR_EL1_RES1) \
	R(ttbr0_el1, 0)              \
	R(ttbr1_el1, 0)              \
	R(tcr_el1, 0)                \
	R(mair_el1, 0)               \
	R(amair_el1, 0)              \
	R(vbar_el1, 0)               \
	R(contextidr_el1, 0)         \
	R(cpacr_el1, 3UL << 20)      \
	R(elr_el1, 0)                \
	R(spsr_el1, 0)               \
	R(esr_el1, 0)                \
	R(far_el1, 0)                \
	R(afsr0_el1, 0)              \
	R(afsr1_el1, 0)              \
	R(par_el1, 0)                \
	R(sp_el0, 0)                 \
	R(sp_el1, 0)                 \
	R(tpidr_el0, 0)              \
	R(tpidrro_el0, 0)            \
	R(tpidr_el1, 0)              \
	R(csselr_el1, 0)             \
	R(cntkctl_el1, 0)            \
	R(vmpidr_el2, 1UL << 31)     \
	R(cntvoff_el2, 0)            \
	R(cntv_cval_el0, 0)          \
	R(ich_vmcr_el2, 0)           \
	R(ich_ap1r0_el2, 0)          \
	R(ich_lr0_el2, 0)            \
	R(ich_lr1_el2, 0)

struct vcpu_sysregs {
#define VCPU_SYSREG_MEMBER(reg, reset) u64 reg;
	VCPU_SYSREGS(VCPU_SYSREG_MEMBER)
};

struct vcpu_fp {
	u8 v[32][16];
	u64 fpcr, fpsr;
};

struct arch_vcpu {
	u64 x[31];
	u64 pad;
	u64 pc, pstate;
	struct {
		u64 esr, far, hpfar; /* only what the kind of exception says is valid */
		u64 vector;	     /* TRAP_* */
	} exit;
	u64 vttbr; /* its VM's tables and number */
	struct vcpu_sysregs sys;
	u64 cntv_ctl;
	struct vcpu_fp fp;
	u32 loaded_on; /* the hart that has its state, or VCPU_NOT_LOADED; written with interrupts off there */
};

DECLARE_PER_HART(struct arch_vcpu *, vcpu_loaded);
DECLARE_PER_HART(u64, early_answers);

/* The registers a processor has when it is turned on; its VM's tables are vttbr. Not loaded. */
void vcpu_reset(struct arch_vcpu *v, u64 vttbr, u64 pc);

/* v is the vCPU that lives in this hart from now on; what translations of the first stage a sibling has
 * left are forgotten. Interrupts off. */
void vcpu_load(struct arch_vcpu *v);

/* Takes v's state out of this hart, if it is there. Interrupts off. */
void vcpu_put(struct arch_vcpu *v);

/* What every guest runs with on this hart. Once a hart. */
void vcpu_hart_init(void);

/* Its virtual timer says that its interrupt is due. Interrupts off; loaded here or nowhere. */
bool vcpu_timer_due(const struct arch_vcpu *v);

/* The physical interrupt of the virtual timer was taken for v, which is loaded here: it is pending for its
 * guest, who deactivates it. Interrupts off. */
void vcpu_timer_inject(struct arch_vcpu *v);

/* When its virtual timer is due, by the hart's clock; ~0: never. Interrupts off; loaded here or nowhere. */
u64 vcpu_timer_deadline(const struct arch_vcpu *v);

/* An interrupt of the hypervisor's making, one at a time, is pending for its guest; or is not, if it was and
 * is not active. v is loaded. Interrupts off. */
void vcpu_set_irq(struct arch_vcpu *v, u32 intid);
void vcpu_clear_irq(struct arch_vcpu *v);

/* Has v an interrupt to take, be it masked or not? Interrupts off; loaded here or nowhere. */
bool vcpu_irq_pending(const struct arch_vcpu *v);

/* The address of the second stage that faulted. */
static inline gpa_t vcpu_fault_gpa(const struct arch_vcpu *v)
{
	return GPA((v->exit.hpfar >> 4 << 12 & ((1UL << 52) - 1)) | (v->exit.far & 0xfff));
}

static inline u32 vcpu_exit_class(const struct arch_vcpu *v)
{
	return (u32)(v->exit.esr >> ESR_EC_SHIFT) & 0x3f;
}

/* fp.S */
void fp_save(struct vcpu_fp *fp);
void fp_restore(const struct vcpu_fp *fp);
#endif
#endif
