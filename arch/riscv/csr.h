/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control and status registers by their specification names and numbers (privileged
 * specification, version 20240411: supervisor and hypervisor chapters, Sscofpmf; Sstc 1.0.0; Smstateen 1.0;
 * Smctr/Ssctr 1.0; Sdtrig 1.0; Ssqosid 1.0; Smcdeleg/Ssccfg 1.0; Zicfiss 1.0; Zcmt 1.0; The RISC-V Advanced Interrupt Architecture 1.0, chapter 2).
 *
 * Numbers, not assembler names: the assembler need not know an extension for limen to use it.
 * The accessors are for C; CSR_* are usable from assembly. Optional CSRs are only touched through
 * arch/riscv/probe.h until they are known to be there.
 */
#ifndef ARCH_RISCV_CSR_H
#define ARCH_RISCV_CSR_H

#define CSR_sstatus	  0x100
#define CSR_sie		  0x104
#define CSR_stvec	  0x105
#define CSR_scounteren	  0x106
#define CSR_senvcfg	  0x10a
#define CSR_sstateen0	  0x10c
#define CSR_sstateen1	  0x10d
#define CSR_sstateen2	  0x10e
#define CSR_sstateen3	  0x10f
#define CSR_scountinhibit 0x120
#define CSR_sscratch	  0x140
#define CSR_sepc	  0x141
#define CSR_scause	  0x142
#define CSR_stval	  0x143
#define CSR_sip		  0x144
#define CSR_stimecmp	  0x14d
#define CSR_sctrctl	  0x14e
#define CSR_sctrstatus	  0x14f
#define CSR_siselect	  0x150
#define CSR_sireg	  0x151
#define CSR_sireg2	  0x152
#define CSR_sireg3	  0x153
#define CSR_sireg4	  0x155
#define CSR_sireg5	  0x156
#define CSR_sireg6	  0x157
#define CSR_stopei	  0x15c
#define CSR_sctrdepth	  0x15f
#define CSR_satp	  0x180
#define CSR_srmcfg	  0x181
#define CSR_scontext	  0x5a8
#define CSR_stopi	  0xdb0
#define CSR_scountovf	  0xda0

#define CSR_hstatus    0x600
#define CSR_hedeleg    0x602
#define CSR_hideleg    0x603
#define CSR_hie	       0x604
#define CSR_htimedelta 0x605
#define CSR_hcounteren 0x606
#define CSR_hgeie      0x607
#define CSR_hvien      0x608
#define CSR_hvictl     0x609
#define CSR_henvcfg    0x60a
#define CSR_hstateen0  0x60c
#define CSR_hstateen1  0x60d
#define CSR_hstateen2  0x60e
#define CSR_hstateen3  0x60f
#define CSR_hviprio1   0x646
#define CSR_hviprio2   0x647
#define CSR_htval      0x643
#define CSR_hip	       0x644
#define CSR_hvip       0x645
#define CSR_htinst     0x64a
#define CSR_hgatp      0x680
#define CSR_hgeip      0xe12

#define CSR_vsstatus  0x200
#define CSR_vsie      0x204
#define CSR_vstvec    0x205
#define CSR_vsscratch 0x240
#define CSR_vsepc     0x241
#define CSR_vscause   0x242
#define CSR_vstval    0x243
#define CSR_vsip      0x244
#define CSR_vstimecmp 0x24d
#define CSR_vsctrctl  0x24e
#define CSR_vsiselect 0x250
#define CSR_vsireg    0x251
#define CSR_vsireg2   0x252
#define CSR_vsireg3   0x253
#define CSR_vsireg4   0x255
#define CSR_vsireg5   0x256
#define CSR_vsireg6   0x257
#define CSR_vstopei   0x25c
#define CSR_vsatp     0x280
#define CSR_vstopi    0xeb0

#define CSR_fflags	0x001
#define CSR_frm		0x002
#define CSR_fcsr	0x003
#define CSR_vstart	0x008
#define CSR_vxsat	0x009
#define CSR_vxrm	0x00a
#define CSR_vcsr	0x00f
#define CSR_ssp		0x011
#define CSR_seed	0x015
#define CSR_jvt		0x017
#define CSR_cycle	0xc00
#define CSR_time	0xc01
#define CSR_instret	0xc02
#define CSR_hpmcounter3 0xc03
#define CSR_vl		0xc20
#define CSR_vtype	0xc21
#define CSR_vlenb	0xc22

/* sstatus */
#define SSTATUS_SIE	 (1UL << 1)
#define SSTATUS_SPIE	 (1UL << 5)
#define SSTATUS_SPP	 (1UL << 8)
#define SSTATUS_VS	 (3UL << 9)
#define SSTATUS_VS_OFF	 (0UL << 9)
#define SSTATUS_VS_INIT	 (1UL << 9)
#define SSTATUS_VS_CLEAN (2UL << 9)
#define SSTATUS_VS_DIRTY (3UL << 9)
#define SSTATUS_FS	 (3UL << 13)
#define SSTATUS_FS_INIT	 (1UL << 13)
#define SSTATUS_FS_CLEAN (2UL << 13)
#define SSTATUS_FS_DIRTY (3UL << 13)
#define SSTATUS_SUM	 (1UL << 18)
#define SSTATUS_MXR	 (1UL << 19)
#define SSTATUS_UXL_64	 (2UL << 32)

/* hstatus */
#define HSTATUS_GVA	    (1UL << 6)
#define HSTATUS_SPV	    (1UL << 7)
#define HSTATUS_SPVP	    (1UL << 8)
#define HSTATUS_HU	    (1UL << 9)
#define HSTATUS_VGEIN_SHIFT 12
#define HSTATUS_VGEIN	    (63UL << HSTATUS_VGEIN_SHIFT)
#define HSTATUS_VTVM	    (1UL << 20)
#define HSTATUS_VTW	    (1UL << 21)
#define HSTATUS_VTSR	    (1UL << 22)
#define HSTATUS_VSXL_64	    (2UL << 32)

/* Interrupt numbers: scause with its top bit set, bits of sie, hie, hvip, hideleg. */
#define IRQ_S_SOFT   1
#define IRQ_VS_SOFT  2
#define IRQ_S_TIMER  5
#define IRQ_VS_TIMER 6
#define IRQ_S_EXT    9
#define IRQ_VS_EXT   10
#define IRQ_S_GEXT   12
#define IRQ_LCOF     13 /* a counter overflowed; the same number for a guest */

#define SIP_SSIP   (1UL << IRQ_S_SOFT)
#define SIP_STIP   (1UL << IRQ_S_TIMER)
#define SIP_SEIP   (1UL << IRQ_S_EXT)
#define HIE_SGEIE  (1UL << IRQ_S_GEXT)
#define HVIP_VSSIP (1UL << IRQ_VS_SOFT)
#define HVIP_VSTIP (1UL << IRQ_VS_TIMER)
#define HVIP_VSEIP (1UL << IRQ_VS_EXT)
#define LCOFIP	   (1UL << IRQ_LCOF) /* of sip, sie, vsip, vsie, hvip, hvien */

/* hvictl: an external interrupt of the guest's that hvip says, and its priority for vstopi */
#define HVICTL_IID_EXT ((unsigned long)IRQ_S_EXT << 16)

#define SCAUSE_IRQ (1UL << 63)

/* Exception codes. */
#define EXC_INSN_MISALIGNED  0
#define EXC_INSN_ACCESS	     1
#define EXC_ILLEGAL_INSN     2
#define EXC_BREAKPOINT	     3
#define EXC_LOAD_MISALIGNED  4
#define EXC_LOAD_ACCESS	     5
#define EXC_STORE_MISALIGNED 6
#define EXC_STORE_ACCESS     7
#define EXC_ECALL_U	     8
#define EXC_ECALL_HS	     9
#define EXC_ECALL_VS	     10
#define EXC_INSN_PAGE	     12
#define EXC_LOAD_PAGE	     13
#define EXC_STORE_PAGE	     15
#define EXC_INSN_GUEST_PAGE  20
#define EXC_LOAD_GUEST_PAGE  21
#define EXC_VIRTUAL_INSN     22
#define EXC_STORE_GUEST_PAGE 23

/* What siselect and vsiselect select of an interrupt file; of eip and eie the even ones alone, 64
 * bits each (Advanced Interrupt Architecture 1.0, section 3.8). */
#define ISELECT_EIDELIVERY  0x70
#define ISELECT_EITHRESHOLD 0x72
#define ISELECT_EIP0	    0x80
#define ISELECT_EIE0	    0xc0

/* The same of records of control transfers: source, target, data (Smctr/Ssctr 1.0). */
#define ISELECT_CTR 0x200
#define CTR_ENTRIES 256 /* at most */

#define TOPEI_ID_SHIFT 16

/* satp, hgatp: MODE in bits 63:60. */
#define SATP_MODE_SHIFT 60
#define SATP_MODE_SV39	8UL
#define SATP_MODE_SV48	9UL
#define SATP_MODE_SV57	10UL

/* henvcfg */
#define HENVCFG_STCE (1UL << 63)

#ifndef __ASSEMBLER__

#define CSR_STR_(x) #x
#define CSR_STR(x)  CSR_STR_(x)

#define csr_read(name)                                                                  \
	({                                                                              \
		unsigned long v_;                                                       \
		__asm__ volatile("csrr %0, " CSR_STR(CSR_##name) : "=r"(v_)::"memory"); \
		v_;                                                                     \
	})

/* What the three below have in common: an instruction, a CSR, a value. */
#define csr_do(insn, name, val)                                                           \
	__asm__ volatile(insn " " CSR_STR(CSR_##name) ", %0" ::"rK"((unsigned long)(val)) \
			 : "memory")

#define csr_write(name, val) csr_do("csrw", name, val)
#define csr_set(name, val)   csr_do("csrs", name, val)
#define csr_clear(name, val) csr_do("csrc", name, val)

#define csr_swap(name, val)                                              \
	({                                                               \
		unsigned long v_;                                        \
		__asm__ volatile("csrrw %0, " CSR_STR(CSR_##name) ", %1" \
				 : "=r"(v_)                              \
				 : "rK"((unsigned long)(val))            \
				 : "memory");                            \
		v_;                                                      \
	})

/* CSR accesses before and memory accesses before, devices' too, come before all that follow: for the order
 * of fences a read of a CSR is input of a device, a write output, and arch_mb() does nothing for them
 * (unprivileged specification 20240411, "Zicsr", "CSR Access Ordering"). tools/check-csr-order looks. */
#define csr_mb() __asm__ volatile("fence iorw, iorw" ::: "memory")

#define csr_read_clear(name, val)                                        \
	({                                                               \
		unsigned long v_;                                        \
		__asm__ volatile("csrrc %0, " CSR_STR(CSR_##name) ", %1" \
				 : "=r"(v_)                              \
				 : "rK"((unsigned long)(val))            \
				 : "memory");                            \
		v_;                                                      \
	})

#endif
#endif
