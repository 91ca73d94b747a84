/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model of an interrupt file of an incoming MSI controller at supervisor level, as a guest sees its
 * vCPU's: kept in software, for a vCPU that has no guest interrupt file of the hardware, and the
 * place where the state of one rests while the vCPU has no hart.
 *
 * Identities 1 to ids, the lower the more urgent. Two sides:
 *   - senders, any number of them on any harts: vimsic_msi() and the MMIO page. They take no lock;
 *     one atomic operation makes the identity pending.
 *   - the owner: the vCPU's own thread, or whoever has stopped it. It alone changes what is enabled,
 *     claims, and moves the state out and in. Claiming is safe against other claimers all the same:
 *     no identity is had twice.
 * Whether the file interrupts its vCPU is worked out by whoever wants to know, vimsic_ext(); a
 * sender whose MSI may have changed it says so through ops->notify. When the owner changes something
 * it is not told: it looks again, before it enters the guest.
 *
 * Nothing is lost: an MSI that is sent while the state is moved is pending in what was taken out or
 * in the file, and in one of them only. The order of a move between files is that of chapter 6 of
 * the specification: turn the senders to the new file, wait until none can still be on the way to
 * the old one, take out what came meanwhile, put all in by OR.
 *
 * Only little-endian: seteipnum_be ignores writes. eidelivery knows 0 and 1, as hardware guest files
 * do. What a guest can do wrong has no effect but a count.
 *
 * No locks. ops->notify may take what is below `vaplic` in docs/locking.md.
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, chapters 2 ("CSRs Added to Harts"), 3 ("IMSIC"),
 * 5.4.1 and 6.1.2; Sscsrind 1.0 for sireg2 to sireg6.
 */
#ifndef GUEST_RISCV_VIMSIC_H
#define GUEST_RISCV_VIMSIC_H

#include "arch/riscv/decode_csr.h"
#include "guest/mem/mmio.h"
#include "hyp/riscv/vsfile.h"
#include "lib/err.h"
#include "lib/types.h"

#define VIMSIC_IDS_MIN	   63
#define VIMSIC_IDS_MAX	   2047
#define VIMSIC_IDS_DEFAULT 255

/* The MMIO page of a file. */
#define VIMSIC_PAGE_SIZE    0x1000
#define VIMSIC_SETEIPNUM_LE 0x0
#define VIMSIC_SETEIPNUM_BE 0x4

/* CSR numbers: those the guest names. */
#define VIMSIC_CSR_SISELECT 0x150
#define VIMSIC_CSR_SIREG    0x151
#define VIMSIC_CSR_STOPEI   0x15c

/* Values of siselect. */
#define VIMSIC_IPRIO0	   0x30 /* to 0x3f: priorities of major interrupts */
#define VIMSIC_EIDELIVERY  0x70
#define VIMSIC_EITHRESHOLD 0x72
#define VIMSIC_EIP0	   0x80 /* to 0xbf */
#define VIMSIC_EIE0	   0xc0 /* to 0xff */
#define VIMSIC_SELECT_MASK 0x1ff

struct vimsic;

struct vimsic_ops {
	/* An MSI came that interrupts the vCPU, unless it has been claimed already: the owner has to
	 * look at vimsic_ext(). May come too often. Any context; must not block. */
	void (*notify)(void *arg);
};

/*
 * Makes a file of ids identities, all registers 0. A thread, or while booting.
 * Returns OK; ERR_RANGE: ids is not one less than a multiple of 64 from 63 to 2047; ERR_NOMEM.
 */
enum err vimsic_create(u32 ids, const struct vimsic_ops *ops, void *arg, struct vimsic **out);

/* Frees it. No sender and no MMIO region may use it any more. */
void vimsic_destroy(struct vimsic *f);

/* All registers 0, siselect too. The owner; MSIs that come meanwhile may be among what is forgotten. */
void vimsic_reset(struct vimsic *f);

/* An MSI with this data: the identity becomes pending. One that does not exist is counted and
 * ignored. Any context. */
void vimsic_msi(struct vimsic *f, u32 id);

/* Does the file interrupt its vCPU (SEIP)? Any context; to
 * anybody but the owner the answer may be old already. */
bool vimsic_ext(struct vimsic *f);

/* MSIs with an identity that does not exist, since it was made. Any context. */
u64 vimsic_unknown(struct vimsic *f);

/*
 * Does what the CSR instruction i with this operand (csr_insn_operand()) does to siselect, sireg or
 * stopei, in one step; *old is what it read, to be put into rd. siselect is the file's own.
 * The owner; afterwards vimsic_ext() may be another.
 * Returns OK; ERR_NOTSUP, and then nothing has happened: the guest gets an illegal instruction
 * exception, because there is no such CSR, or siselect names no register.
 */
enum err vimsic_csr(struct vimsic *f, const struct csr_insn *i, u64 operand, u64 *old);

/* The same for sireg alone, where siselect is in the hart: select is its value. */
enum err vimsic_sireg(struct vimsic *f, u64 select, const struct csr_insn *i, u64 operand,
		      u64 *old);

/* Is this CSR, with siselect, no register of the file itself: a priority of a major interrupt? Pure. */
bool vimsic_outside(u32 csr, u64 select);

/* siselect, where the file keeps it. The owner. */
u64 vimsic_select(const struct vimsic *f);
void vimsic_set_select(struct vimsic *f, u64 val);

/* Moves all but siselect out of the file: all its registers are 0 then, so it interrupts nobody,
 * but it still takes MSIs. The owner. */
void vimsic_export(struct vimsic *f, struct vsfile_state *out);

/* Moves what has become pending since out of the file, and adds it to s->eip. The owner. */
void vimsic_export_pending(struct vimsic *f, struct vsfile_state *s);

/* Puts a state into the file: what is pending is added to what already is there, the rest replaces
 * it. The owner; it looks at vimsic_ext() afterwards. */
void vimsic_import(struct vimsic *f, const struct vsfile_state *s);

/* For the MMIO bus: a region of VIMSIC_PAGE_SIZE; dev is the struct vimsic. Anything but an aligned
 * access of 4 bytes is ERR_INVAL. */
extern const struct mmio_ops vimsic_mmio_ops;

#endif
