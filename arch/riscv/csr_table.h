/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of CSRs: each that a guest may reach or that limen changes for one, and what becomes of it
 * when another vCPU takes the hart. The world switch, a vCPU's start, its registers by name, a hart's
 * beginning and the comparison of harts are made of these rows (arch/riscv/vcpu.c, regs.c,
 * hyp/riscv/features.c). tests/unit/arch/riscv/test_csr_table.c holds the table of extensions against them, and
 * tests/boot/csrs.t what guests reach on each CPU that there is.
 *
 *	ROW(how, guest, hart, ext, when, value)
 *
 * how: one of the lists below, or of enum csr_how. guest: its name for a guest; hart: the CSR that the hart
 * has behind it then. ext: whose state it is (EXT_*); I and H stand for what is always there. when: the
 * member of struct vcpu_features that says whether limen may touch it.
 *
 * Specifications: arch/riscv/csr.h.
 */
#ifndef ARCH_RISCV_CSR_TABLE_H
#define ARCH_RISCV_CSR_TABLE_H

/* Written by vcpu_load() alone, with value of v; first, since others depend on them. Unordered hvip: only this
 * hart's guest sees it, later. */
#define CSR_INWARD(ROW)                                                      \
	ROW(INWARD, henvcfg, henvcfg, H, henvcfg, v->henvcfg)                \
	ROW(INWARD, hstateen0, hstateen0, SMSTATEEN, hstateen, v->hstateen0) \
	ROW(INWARD, hcounteren, hcounteren, H, always, v->hcounteren)        \
	ROW(INWARD, htimedelta, htimedelta, H, always, v->htimedelta)        \
	ROW(INWARD, hvip, hvip, H, always, v->hvip)                          \
	ROW(INWARD, hvictl, hvictl, SSAIA, hvictl, vcpu_hvictl(v))

/* Saved by vcpu_put(), written by vcpu_load(); value at a vCPU's start. What has no copy of VS-mode's is
 * among them, since limen has no U-mode of its own. scounteren: what the guest may read its user mode may
 * too, as firmware leaves it. Linux without a PMU never writes it, and its vDSO reads the time in user
 * mode. Unordered vstimecmp: its interrupt is this hart's; what is read goes to memory, and by that
 * dependency before vcpu_put() tells. */
#define CSR_SWITCHED(ROW)                                               \
	ROW(SWITCHED, sstatus, vsstatus, I, always, SSTATUS_UXL_64)     \
	ROW(SWITCHED, sie, vsie, I, always, 0)                          \
	ROW(SWITCHED, stvec, vstvec, I, always, 0)                      \
	ROW(SWITCHED, sscratch, vsscratch, I, always, 0)                \
	ROW(SWITCHED, sepc, vsepc, I, always, 0)                        \
	ROW(SWITCHED, scause, vscause, I, always, 0)                    \
	ROW(SWITCHED, stval, vstval, I, always, 0)                      \
	ROW(SWITCHED, scounteren, scounteren, I, always, v->hcounteren) \
	ROW(SWITCHED, stimecmp, vstimecmp, SSTC, sstc, ~0UL)            \
	ROW(SWITCHED, senvcfg, senvcfg, I, senvcfg, 0)                  \
	ROW(SWITCHED, sstateen0, sstateen0, SSSTATEEN, hstateen, 0)     \
	ROW(SWITCHED, siselect, vsiselect, SSAIA, vsiselect, 0)

/* Saved by vcpu_put(), and by vcpu_load(), which leaves 0 there; written by vcpu_open_spaces(). Unordered
 * vsatp: walks are ordered by the fences of who changes hgatp. */
#define CSR_SPACE(ROW) ROW(SPACE, satp, vsatp, I, always, 0)

/* The same on each hart for all guests: vcpu_hart_init(). hie is limen's from then on. hvien: so that bit
 * of vsip is hvip's (Advanced Interrupt Architecture 1.0, section 6.3.2). Guests' priorities of interrupts
 * are read as 0. Unordered hgeie: nobody is watched yet. */
#define CSR_CONSTANT(ROW)                                                                \
	ROW(CONSTANT, hedeleg, hedeleg, H, always, HEDELEG)                              \
	ROW(CONSTANT, hideleg, hideleg, H, always, HVIP_VSSIP | HVIP_VSTIP | HVIP_VSEIP) \
	ROW(CONSTANT, hie, hie, H, always, 0)                                            \
	ROW(CONSTANT, hgeie, hgeie, H, maybe, 0)                                         \
	ROW(CONSTANT, hvien, hvien, SSAIA, maybe, vcpu_features.hpm_width ? LCOFIP : 0)  \
	ROW(CONSTANT, hviprio1, hviprio1, SSAIA, maybe, 0)                               \
	ROW(CONSTANT, hviprio2, hviprio2, SSAIA, maybe, 0)                               \
	ROW(CONSTANT, hstateen1, hstateen1, SMSTATEEN, maybe, 0)                         \
	ROW(CONSTANT, hstateen2, hstateen2, SMSTATEEN, maybe, 0)                         \
	ROW(CONSTANT, hstateen3, hstateen3, SMSTATEEN, maybe, 0)

/*
 * No guest is offered these. A bit of hstateen0, value, hides them where the hart has that register and
 * firmware lets limen have it; elsewhere a guest reaches them all the same, and vcpu_load() zeroes them
 * when another VM takes the hart. fcsr is reached by Zfinx when sstatus.FS is off.
 */
#define CSR_LOST(ROW)                                                \
	ROW(LOST, fcsr, fcsr, ZFINX, hstateen0, BIT(1))              \
	ROW(LOST, jvt, jvt, ZCMT, hstateen0, BIT(2))                 \
	ROW(LOST, sctrctl, vsctrctl, SSCTR, hstateen0, BIT(54))      \
	ROW(LOST, sctrstatus, sctrstatus, SSCTR, hstateen0, BIT(54)) \
	ROW(LOST, scontext, scontext, SDTRIG, hstateen0, BIT(57))

/* The others; when and value: by what they are what how says. A VS-mode access is a virtual instruction
 * or an illegal one where V=1 is what hides it. */
#define CSR_OTHER(ROW)                                              \
	ROW(EACH_RUN, hstatus, hstatus, H, guest_switch, 0)         \
	ROW(EACH_RUN, hgatp, hgatp, H, vcpu_take_hart, 0)           \
	ROW(FP, fflags, fflags, F, fpu_save, 0)                     \
	ROW(FP, frm, frm, F, fpu_save, 0)                           \
	ROW(FP, fcsr, fcsr, F, fpu_save, 0)                         \
	ROW(VECTOR, vstart, vstart, ZVE32X, fpu_save, 0)            \
	ROW(VECTOR, vxsat, vxsat, ZVE32X, fpu_save, 0)              \
	ROW(VECTOR, vxrm, vxrm, ZVE32X, fpu_save, 0)                \
	ROW(VECTOR, vcsr, vcsr, ZVE32X, fpu_save, 0)                \
	ROW(VECTOR, vl, vl, ZVE32X, fpu_save, 0)                    \
	ROW(VECTOR, vtype, vtype, ZVE32X, fpu_save, 0)              \
	ROW(FIXED, vlenb, vlenb, ZVE32X, features_check_hart, 0)    \
	ROW(ALIAS, sip, vsip, I, hvip, 0)                           \
	ROW(ALIAS, stopi, vstopi, SSAIA, hvictl, 0)                 \
	ROW(FILE, sireg, vsireg, SSAIA, vcpu_set_vgein, 0)          \
	ROW(FILE, stopei, vstopei, SSAIA, vcpu_set_vgein, 0)        \
	ROW(ALIAS, sireg2, vsireg2, SSCTR, lose, 0)                 \
	ROW(ALIAS, sireg3, vsireg3, SSCTR, lose, 0)                 \
	ROW(ALIAS, sireg4, vsireg4, SSCTR, lose, 0)                 \
	ROW(ALIAS, sireg5, vsireg5, SSCTR, lose, 0)                 \
	ROW(ALIAS, sireg6, vsireg6, SSCTR, lose, 0)                 \
	ROW(MASKED, cycle, cycle, ZICNTR, hcounteren, 0)            \
	ROW(MASKED, time, time, ZICNTR, htimedelta, 0)              \
	ROW(MASKED, instret, instret, ZICNTR, hcounteren, 0)        \
	ROW(MASKED, scountovf, scountovf, SSCOFPMF, hcounteren, 0)  \
	ROW(HIDDEN, hpmcounter3, hpmcounter3, ZIHPM, hcounteren, 0) \
	ROW(HIDDEN, ssp, ssp, ZICFISS, henvcfg, 0)                  \
	ROW(HIDDEN, seed, seed, ZKR, mseccfg, 0)                    \
	ROW(HIDDEN, sstateen1, sstateen1, SMSTATEEN, hstateen1, 0)  \
	ROW(HIDDEN, sstateen2, sstateen2, SMSTATEEN, hstateen2, 0)  \
	ROW(HIDDEN, sstateen3, sstateen3, SMSTATEEN, hstateen3, 0)  \
	ROW(HIDDEN, scountinhibit, scountinhibit, SSCCFG, V, 0)     \
	ROW(HIDDEN, sctrdepth, sctrdepth, SSCTR, V, 0)              \
	ROW(HIDDEN, srmcfg, srmcfg, SSQOSID, V, 0)

#define CSR_TABLE(ROW)    \
	CSR_INWARD(ROW)   \
	CSR_SWITCHED(ROW) \
	CSR_SPACE(ROW)    \
	CSR_CONSTANT(ROW) \
	CSR_LOST(ROW)     \
	CSR_OTHER(ROW)

/* For rows that need no more than their extension, number and fate. */
enum csr_how {
	CSR_HOW_INWARD,
	CSR_HOW_SWITCHED,
	CSR_HOW_SPACE,
	CSR_HOW_CONSTANT,
	CSR_HOW_LOST,
	CSR_HOW_EACH_RUN, /* by the entry itself, or with the address spaces */
	CSR_HOW_FP,	  /* as FP and vector registers are: arch/riscv/fpu.h */
	CSR_HOW_VECTOR,
	CSR_HOW_FIXED,	/* read-only, and the same on all harts */
	CSR_HOW_ALIAS,	/* shows what other rows hold */
	CSR_HOW_FILE,	/* shows the vCPU's interrupt file: guest/riscv/vcpu_imsic.h, or emulated */
	CSR_HOW_MASKED, /* the hart's own, read-only, as far as another row allows */
	CSR_HOW_HIDDEN, /* no guest reaches it */
};

#endif
