/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The architectural state of a vCPU and its way in and out of a hart.
 *
 * While a vCPU is *loaded* on a hart, its VS CSRs, its FP and vector registers and the CSRs that
 * have no VS copy (limen has no U-mode of its own) live in the hart, across exits too:
 * arch/riscv/csr_table.h has them all. They move only when another vCPU takes the hart. Which vCPU is loaded is
 * a per-hart pointer (E15).
 *
 * Owner: the vCPU's thread, on the hart it belongs to, with interrupts off where it says so.
 */
#ifndef ARCH_RISCV_VCPU_H
#define ARCH_RISCV_VCPU_H

/* Offsets in struct arch_vcpu, for guest_switch.S; vcpu.c verifies them. */
#define ARCH_VCPU_X	  0
#define ARCH_VCPU_HOST_SP 256
#define ARCH_VCPU_SEPC	  264
#define ARCH_VCPU_SSTATUS 272
#define ARCH_VCPU_HSTATUS 280
#define ARCH_VCPU_SCAUSE  288
#define ARCH_VCPU_STVAL	  296
#define ARCH_VCPU_HTVAL	  304
#define ARCH_VCPU_HTINST  312
#define ARCH_VCPU_WATCHED 812

#ifndef __ASSEMBLER__
#include "arch/arch.h"
#include "arch/riscv/counts.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/csr_table.h"

/* Why the guest stopped, captured before any interrupt can be taken (E11). */
struct guest_exit {
	u64 scause, stval;
	u64 htval, htinst; /* of the last guest-page fault or virtual instruction */
};

#define VS_CSR_MEMBER(how, guest, hart, ext, when, value) u64 hart;
struct vs_csrs {
	CSR_SWITCHED(VS_CSR_MEMBER)
	CSR_SPACE(VS_CSR_MEMBER)
};

struct fp_state {
	u64 f[32];
	u64 fcsr;
};

struct arch_vcpu {
	/* The world switch: guest_switch.S knows these by offset. */
	u64 x[32];
	u64 host_sp;
	u64 sepc, sstatus, hstatus;
	struct guest_exit exit;

	/* What the guest is allowed at this moment: vcpu_set_henvcfg(), vcpu_set_hcounteren(). */
	u64 henvcfg, hcounteren;
	/* Constant while the vCPU runs. */
	u64 hstateen0, htimedelta;

	/* In the hart while loaded, here while not. hvip is written to both. */
	u64 hvip;
	struct vs_csrs vs;
	struct fp_state fp;
	struct guest_counts counts;
	void *vregs;   /* 32 * vlenb bytes and vstart, vl, vtype, vcsr; NULL without vector */
	u32 loaded_on; /* hart index, or VCPU_NOT_LOADED: guest/riscv/vcpu_where.h */

	/* Constant while the vCPU runs. */
	bool watched;  /* its exits are offered to guest_watched_answer() */
	bool has_fp;   /* the guest has F and D */
	bool own_hart; /* nothing else runs on its hart: WFI does not trap */
	u64 owner;     /* the VM's number: what is lost between VMs is kept between its vCPUs */
};

#define VCPU_NOT_LOADED (~0U)

/*
 * An ecall that can be answered in the window is answered here, by the SBI server: in the guest's
 * a0 and a1, with sepc past the ecall. Returns a, or NULL when it takes the whole exit. noinstr, RCU
 * not watching, interrupts off; every CSR is the guest's, nothing may fault.
 */
struct arch_vcpu *guest_early_answer(struct arch_vcpu *a);

/*
 * An ecall or guest-page fault of a vCPU with .watched that needs RCU, but neither blocks nor takes
 * long nor a trap, is answered here, by the layers above. RCU watches in between, as in an interrupt
 * out of the guest; the time is the guest's. Every CSR is the guest's but stvec. Its registers are in
 * a->x, all of them after a guest-page fault, those that a C function may clobber after an ecall; and
 * only these are loaded again: guest_reg_loaded(). Returns a, with sepc past the instruction; or NULL:
 * the run ends, with what scause and sepc say then. noinstr, called with RCU not watching, returns so;
 * interrupts off.
 */
struct arch_vcpu *guest_watched_answer(struct arch_vcpu *a);

/* Does a watched answer change x<n> by changing a->x? */
__window bool guest_reg_loaded(unsigned int n)
{
	/* Not gp, s0 and s1, s2 to s11. */
	return !(0x0ffc0308U >> n & 1);
}

/* What the harts offer the world switch; filled at boot by probing, read-only afterwards. */
struct vcpu_features {
	bool sstc, henvcfg, hstateen, senvcfg;
	bool vsiselect, hvictl; /* there, also where Ssaia is hidden: a guest may reach them */
	bool htinst, htval;	/* not hidden by a boot argument */
	bool fp, vector;
	bool counts;  /* cycle and instret can be read */
	u8 hpm_width; /* of counters that guests may sample by: hpm_probe() */
	u64 vlenb;
};

extern struct vcpu_features vcpu_features;

/* Whether f has what the rows of the table of CSRs say in their column when. */
#define CSR_WHEN(f, when)     CSR_WHEN_##when(f)
#define CSR_WHEN_always(f)    true
#define CSR_WHEN_henvcfg(f)   ((f)->henvcfg)
#define CSR_WHEN_hstateen(f)  ((f)->hstateen)
#define CSR_WHEN_hvictl(f)    ((f)->hvictl)
#define CSR_WHEN_senvcfg(f)   ((f)->senvcfg)
#define CSR_WHEN_sstc(f)      ((f)->sstc)
#define CSR_WHEN_vsiselect(f) ((f)->vsiselect)

DECLARE_PER_HART(struct arch_vcpu *, vcpu_loaded);

/* The registers a hart has when its VM starts it: all zero but what the SBI HSM extension says.
 * The vCPU must not be loaded. */
void vcpu_reset(struct arch_vcpu *v, u64 pc, u64 a0, u64 a1);

/*
 * Makes v the vCPU that lives in this hart, all but its address spaces: vsatp is 0 afterwards, so
 * that no walk mixes one guest's first stage with another's second while hgatp changes (privileged
 * specification 20240411, "Memory-Management Fences", note). The caller writes hgatp, fences, and
 * then calls vcpu_open_spaces(). Interrupts off; nobody but vcpu_take_hart() in guest/.
 */
void vcpu_load(struct arch_vcpu *v);
void vcpu_open_spaces(struct arch_vcpu *v);

/* Takes v's state out of this hart, if it is there, and leaves no guest's tables in hgatp and vsatp.
 * Interrupts off. */
void vcpu_put(struct arch_vcpu *v);

/* Changes what the guest is allowed; v is loaded, with its address spaces, and what it knows of its
 * first stage is forgotten. Interrupts off. */
void vcpu_set_henvcfg(struct arch_vcpu *v, u64 henvcfg);

/* Changes which counters the guest may read; v is loaded. Interrupts off. */
void vcpu_set_hcounteren(struct arch_vcpu *v, u64 hcounteren);

/* Changes which of its counts run; one that begins to has not overflowed. v is loaded. Interrupts off. */
void vcpu_set_counting(struct arch_vcpu *v, u32 running);

/* Its counts are in memory, and LCOFIP is pending if one has newly overflowed. Loaded or not. Interrupts
 * off. */
void vcpu_look_at_counts(struct arch_vcpu *v);

/* A counter of this hart has overflowed: the interrupt is taken. Interrupts off. */
void vcpu_overflow_irq(void);

/* Is the exception one that VS-mode handles itself? A hart may have such a bit of hedeleg read-only 0,
 * and then it comes to the hypervisor, which gives it to the guest. */
bool vcpu_owns_exception(u64 cause);

/* What every guest runs with on this hart: traps and interrupts delegated. Once a hart. */
void vcpu_hart_init(void);

/* Sets and clears virtual interrupts (HVIP_*); v is loaded. Interrupts off.
 * Unordered hvip: only this hart's guest sees it, later, and what it then reads this hart read before. */
__window void vcpu_set_hvip(struct arch_vcpu *v, u64 bits)
{
	v->hvip |= bits;
	csr_set(hvip, bits);
}

/* What vstopi has to say of an external interrupt that is pending in hvip alone: IID 9, with a priority;
 * none without one (Advanced Interrupt Architecture 1.0, section 6.3.3). */
__window u64 vcpu_hvictl(const struct arch_vcpu *v)
{
	return HVICTL_IID_EXT | (v->hvip & HVIP_VSEIP ? 1 : 0);
}

/* Unordered hvip: as above. */
__window void vcpu_clear_hvip(struct arch_vcpu *v, u64 bits)
{
	v->hvip &= ~bits;
	csr_clear(hvip, bits);
}

/* The guest interrupt file of this hart that is v's; 0: none. v is loaded or not. Interrupts off. */
void vcpu_set_vgein(struct arch_vcpu *v, u32 n);

/* The same for the external interrupt. */
static inline void vcpu_set_ext(struct arch_vcpu *v, bool pending)
{
	if (pending)
		vcpu_set_hvip(v, HVIP_VSEIP);
	else
		vcpu_clear_hvip(v, HVIP_VSEIP);
	if (vcpu_features.hvictl)
		csr_write(hvictl, vcpu_hvictl(v));
}
#endif
#endif
