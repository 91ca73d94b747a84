/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lowest bit of a word, where there may be no instruction for it: without a call, which is dear in
 * the middle of what is short; and the highest, which nobody is in a hurry for.
 *
 * That bit alone times a de Bruijn sequence is the sequence shifted, and its first six bits are different
 * ones for each shift (Leiserson, Prokop, Randall, "Using de Bruijn Sequences to Index a 1 in a Computer
 * Word", 1998).
 */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include "lib/compiler.h"
#include "lib/types.h"

#define BITS_SEQUENCE 0x03f79d71b4cb0a89UL

extern const u8 bits_of[64];

/* Its number; x is not 0. Any context that RCU watches. */
static __always_inline unsigned int bits_lowest(u64 x)
{
	return bits_of[((x & -x) * BITS_SEQUENCE) >> 58];
}

/* Has x no more than n bits set? */
static __always_inline bool bits_few(u64 x, unsigned int n)
{
	for (; n && x; n--)
		x &= x - 1;
	return !x;
}

/* How many bits its numbers up to n have: 0 for 0. Without libgcc, which has a table for it. */
static inline unsigned int bits_needed(u64 n)
{
	unsigned int bits = 0;

	for (; n; n >>= 1)
		bits++;
	return bits;
}

#endif
