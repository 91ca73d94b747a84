/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts' interrupt files (IMSIC) of supervisor level, and where those of guests are.
 */
#ifndef HYP_RISCV_IMSIC_H
#define HYP_RISCV_IMSIC_H

#include "hyp/tree/platform.h"
#include "lib/err.h"

/* Finds and maps the machine's. ERR_NOENT: none, or it does not serve this hart; ERR_NOMEM. Boot
 * hart, once. */
enum err imsic_init(const struct platform *p);

/* Empties the calling hart's file, lets through what limen uses, and has kicks come that way. A hart
 * without one stays as it is. It knows its index. Interrupts off. */
void imsic_hart_init(void);

/* Has the calling hart a file that is set up? */
bool imsic_here(void);

/* Takes what is pending in the calling hart's file, up to HOSTIRQ_AT_ONCE and up to a kick, which *kick tells.
 * How many that were. Interrupts off. */
u32 imsic_take(bool *kick);

/* Is the IMSIC in use the one with this phandle? */
bool imsic_is(u32 phandle);

/* The number by which an APLIC names the hart. False: it has no file that could be used. */
bool imsic_hart_index(unsigned int hart, u32 *index);

/*
 * The page of a hart's file n: 0 is its own, the others guests'. HPA and where limen sees it; a
 * store of an identity at its beginning makes that pending. False: the tree has no place for it.
 */
bool imsic_page(unsigned int hart, u32 n, hpa_t *hpa, volatile u32 **va);

/* How many guests' files of a hart have a place; 0 without an IMSIC. */
u32 imsic_guest_pages(unsigned int hart);

/* Identities of a guest's file: 1 to this. */
u32 imsic_guest_identities(void);

#endif
