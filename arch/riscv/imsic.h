/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a hart's interrupt files: its own, of supervisor level, and those of its guests,
 * which hstatus.VGEIN chooses among.
 *
 * Spec: The RISC-V Advanced Interrupt Architecture 1.0, sections 3.7 to 3.9 and 6.1.
 *
 * Only on a hart that is known to have them. Interrupts off, so that nobody selects another register
 * in between.
 */
#ifndef ARCH_RISCV_IMSIC_H
#define ARCH_RISCV_IMSIC_H

#include "arch/riscv/csr.h"
#include "arch/riscv/probe.h"
#include "lib/compiler.h"
#include "lib/types.h"

/* Has the calling hart an interrupt file of its own, and may limen use it?
 * Unordered stopei, sireg: whether they trap is all that is asked. */
static inline bool imsic_csrs_there(void)
{
	unsigned long v;

	return csr_try_read(stopei, &v) && csr_try_write(siselect, ISELECT_EIDELIVERY) &&
	       csr_try_read(sireg, &v);
}

static inline void imsic_write(unsigned int reg, u64 v)
{
	csr_write(siselect, reg);
	csr_write(sireg, v);
}

/* Takes the most urgent interrupt that is pending and enabled; returns its identity, or 0. */
static inline u32 imsic_claim(void)
{
	return (u32)(csr_swap(stopei, 0) >> TOPEI_ID_SHIFT);
}

/* A guest's file, and the guest's own vsiselect and hstatus, which are another's meanwhile. */
struct imsic_guest_window {
	u64 hstatus, vsiselect;
};

/* Opens the window on file n, 1 to GEILEN; all calls until imsic_guest_close() go there. */
static inline struct imsic_guest_window imsic_guest_open(u32 n)
{
	struct imsic_guest_window w = {.hstatus = csr_read(hstatus)};

	csr_write(hstatus, (w.hstatus & ~HSTATUS_VGEIN) | (u64)n << HSTATUS_VGEIN_SHIFT);
	w.vsiselect = csr_read(vsiselect);
	return w;
}

static inline void imsic_guest_close(const struct imsic_guest_window *w)
{
	csr_write(vsiselect, w->vsiselect);
	csr_write(hstatus, w->hstatus);
}

static inline u64 imsic_guest_read(unsigned int reg)
{
	csr_write(vsiselect, reg);
	return csr_read(vsireg);
}

static inline void imsic_guest_write(unsigned int reg, u64 v)
{
	csr_write(vsiselect, reg);
	csr_write(vsireg, v);
}

/* Sets bits and leaves the others as they are, also those that change this very moment. */
static inline void imsic_guest_set(unsigned int reg, u64 bits)
{
	csr_write(vsiselect, reg);
	csr_set(vsireg, bits);
}

/* Which guests' files raise an interrupt of this hart's (hgeie), and which have something. */
static inline u64 imsic_hgeie_write(u64 v)
{
	csr_write(hgeie, v);
	return csr_read(hgeie);
}

static inline void imsic_hgeie_set(u64 bits)
{
	csr_set(hgeie, bits);
}

static inline void imsic_hgeie_clear(u64 bits)
{
	csr_clear(hgeie, bits);
}

/* The files that have something, of those that are asked. */
static inline u64 imsic_hgei_pending(void)
{
	return csr_read(hgeip) & csr_read(hgeie);
}

#endif
