/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of harts, by index. The plain functions are for a set that one owner touches; the atomic ones
 * for a set that harts put themselves into and take themselves out of while others look.
 */
#ifndef HYP_SCHED_HARTMASK_H
#define HYP_SCHED_HARTMASK_H

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

/* The words that harts are in. */
static inline unsigned int hartmask_words(void)
{
	return (arch_hart_count() + 63) / 64;
}

static inline bool hartmask_empty(const struct hartmask *m)
{
	u64 all = 0;

	for (unsigned int w = 0; w < hartmask_words(); w++)
		all |= READ_ONCE(m->word[w]);
	return !all;
}

/* The first member of a that is in b as well (NULL: any), from index from on and round to it again;
 * HARTS_MAX: there is none. */
static inline unsigned int hartmask_next(const struct hartmask *a, const struct hartmask *b,
					 unsigned int from)
{
	unsigned int words = hartmask_words(), w = from / 64;
	u64 below = w < words ? BIT(from % 64) - 1 : 0;

	w = w < words ? w : 0;
	for (unsigned int n = 0; n <= words; n++) {
		u64 word = READ_ONCE(a->word[w]) & (b ? READ_ONCE(b->word[w]) : ~0UL);

		if (n == 0)
			word &= ~below;
		else if (n == words)
			word &= below;
		if (word)
			return w * 64 + (unsigned int)__builtin_ctzll(word);
		w = w + 1 < words ? w + 1 : 0;
	}
	return HARTS_MAX;
}

#endif
