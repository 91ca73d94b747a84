/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of harts, by index. The plain functions are for a set that one owner touches; the atomic ones
 * for a set that harts put themselves into and take themselves out of while others look.
 */
#ifndef HYP_HARTMASK_H
#define HYP_HARTMASK_H

#include "arch/arch.h"

#define HARTMASK_WORDS ((HARTS_MAX + 63) / 64)

struct hartmask {
	u64 word[HARTMASK_WORDS];
};

static inline bool hartmask_has(const struct hartmask *m, unsigned int i)
{
	return READ_ONCE(m->word[i / 64]) >> (i % 64) & 1;
}

static inline void hartmask_add(struct hartmask *m, unsigned int i)
{
	m->word[i / 64] |= BIT(i % 64);
}

static inline void hartmask_remove(struct hartmask *m, unsigned int i)
{
	m->word[i / 64] &= ~BIT(i % 64);
}

/* No order with anything: who needs one has a barrier beside it. */
static inline void hartmask_add_atomic(struct hartmask *m, unsigned int i)
{
	__atomic_fetch_or(&m->word[i / 64], BIT(i % 64), __ATOMIC_RELAXED);
}

static inline void hartmask_remove_atomic(struct hartmask *m, unsigned int i)
{
	__atomic_fetch_and(&m->word[i / 64], ~BIT(i % 64), __ATOMIC_RELAXED);
}

static inline bool hartmask_empty(const struct hartmask *m)
{
	u64 all = 0;

	for (unsigned int w = 0; w < HARTMASK_WORDS; w++)
		all |= READ_ONCE(m->word[w]);
	return !all;
}

/* The first member of a that is in b as well (NULL: any), from index from on and round to it again;
 * HARTS_MAX: there is none. */
static inline unsigned int hartmask_next(const struct hartmask *a, const struct hartmask *b,
					 unsigned int from)
{
	u64 below = BIT(from % 64) - 1;

	for (unsigned int n = 0; n <= HARTMASK_WORDS; n++) {
		unsigned int w = (from / 64 + n) % HARTMASK_WORDS;
		u64 word = READ_ONCE(a->word[w]) & (b ? READ_ONCE(b->word[w]) : ~0UL);

		if (n == 0)
			word &= ~below;
		else if (n == HARTMASK_WORDS)
			word &= below;
		if (word)
			return w * 64 + (unsigned int)__builtin_ctzll(word);
	}
	return HARTS_MAX;
}

#endif
