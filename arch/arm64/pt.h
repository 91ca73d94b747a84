/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation tables of 39 bits with pages of 4 KiB, from level 1: limen's own, and guests' second
 * stages. They lie where physical and virtual addresses are the same.
 *
 * Only what maps nothing is filled in, so no break before make is needed, and nothing to forget.
 */
#ifndef ARCH_ARM64_PT_H
#define ARCH_ARM64_PT_H

#include "lib/err.h"
#include "lib/types.h"

#define PT_PAGE	   4096UL
#define PT_ENTRIES 512

#define PT_AF	    (1UL << 10)
#define PT_ISH	    (3UL << 8)
#define PT_XN	    (1UL << 54)
#define PT_INDEX(i) ((u64)(i) << 2)
/* AP[1] is RES1 where there is one level of privilege. */
#define PT_EL2	    (PT_AF | PT_ISH | 1UL << 6)
#define PT_RO	    (1UL << 7)

#define PT_HOST_TEXT   (PT_EL2 | PT_RO)
#define PT_HOST_RODATA (PT_EL2 | PT_RO | PT_XN)
#define PT_HOST_RW     (PT_EL2 | PT_XN)
#define PT_HOST_DEVICE (PT_EL2 | PT_XN | PT_INDEX(1)) /* MAIR_DEVICE */

/* Second stage: normal memory, write back. */
#define PT_GUEST_RAM  (PT_AF | PT_ISH | 3UL << 6 | PT_INDEX(15))
#define PT_GUEST_CODE (PT_AF | PT_ISH | 1UL << 6 | PT_INDEX(15))

/*
 * Maps [at, at + size) to pa, with the largest blocks that fit; all three are multiples of 4 KiB.
 * table() gives a zeroed page, or NULL. ERR_EXIST: something is mapped there, ERR_NOMEM: no table; what
 * came before stays mapped. Seen by this hart's walks when it returns, and by others once they are told.
 */
enum err pt_map(u64 *root, u64 at, u64 pa, u64 size, u64 attributes, void *(*table)(void));

#endif
