/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt files, as a guest uses them: the hart's own through siselect, sireg and stopei, any by its
 * page; and messages that are counted, so that one that is lost, or comes twice, is seen.
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, chapters 2 and 3.
 */
#ifndef GUEST_IMSIC_H
#define GUEST_IMSIC_H

#include "rt.h"

#define SEIP (1UL << IRQ_EXT)

/* Registers by siselect. */
#define EIDELIVERY  0x70
#define EITHRESHOLD 0x72
#define EIP0	    0x80
#define EIE0	    0xc0

static inline u64 file_read(u64 reg)
{
	csr_write(0x150, reg);
	return csr_read(0x151);
}

static inline void file_write(u64 reg, u64 v)
{
	csr_write(0x150, reg);
	csr_write(0x151, v);
}

static inline void file_set(u64 reg, u64 v)
{
	csr_write(0x150, reg);
	csr_set(0x151, v);
}

static inline void file_clear(u64 reg, u64 v)
{
	csr_write(0x150, reg);
	csr_clear(0x151, v);
}

/* stopei, as it is. */
static inline u64 file_top(void)
{
	return csr_read(0x15c);
}

/* Takes the first that is pending and enabled; its identity, or 0. */
static inline u32 file_claim(void)
{
	u64 v;

	__asm__ volatile("csrrw %0, 0x15c, zero" : "=r"(v)::"memory");
	return (u32)(v >> 16);
}

static inline void file_enable(u32 id)
{
	file_set(EIE0 + 2 * (id / 64), 1UL << id % 64);
}

static inline bool file_pending(u32 id)
{
	return file_read(EIP0 + 2 * (id / 64)) >> id % 64 & 1;
}

/* This hart's file: empty, nothing enabled, no threshold, and interrupts delivered if on. */
void file_reset(bool on);

/* The page of hart i's file (by number). */
volatile u32 *file_page(unsigned int i);

/* What the message is about is seen by whom it interrupts. */
static inline void file_send(unsigned int i, u32 id)
{
	__asm__ volatile("fence w, o" ::: "memory");
	*file_page(i) = id;
}

/*
 * All of the first n harts send each other, and themselves, messages as fast as they are taken, for
 * ms_ milliseconds, and nap now and then if naps says so. Each has identities of its own with each
 * receiver, and sends one again when it has been taken, not before. Failures are the test's. Returns
 * how many were taken.
 */
u64 messages_count(unsigned int n, u64 ms_, bool naps);

#endif
