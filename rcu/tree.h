/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom a grace period still waits for: a mask of leaves, each a mask of harts with the counters
 * that must change. After the first look at each hart, a pass visits only what is left: the leaves
 * that have a hart to wait for, and those harts.
 *
 * Pure: owned by whoever runs the grace period, no state of its own, look() gives a hart's counter.
 */
#ifndef RCU_TREE_H
#define RCU_TREE_H

#include "arch/arch.h"

#define RCU_LEAF_HARTS 64
#define RCU_LEAVES     ((HARTS_MAX + RCU_LEAF_HARTS - 1) / RCU_LEAF_HARTS)

_Static_assert(RCU_LEAVES <= 64, "the root is one mask");

struct rcu_leaf {
	u64 waiting;		      /* harts of this leaf that are waited for */
	u64 snapshot[RCU_LEAF_HARTS]; /* their counters when the grace period began */
};

struct rcu_tree {
	u64 waiting; /* leaves with a hart that is waited for */
	struct rcu_leaf leaf[RCU_LEAVES];
};

/* The lowest bit of a mask that is not 0. */
static inline unsigned int rcu_mask_first(u64 mask)
{
	return (unsigned int)__builtin_ctzll(mask);
}

/* A grace period begins: all of the first harts are looked at, and those watched, whose counter is
 * odd, are waited for. */
static inline void rcu_tree_begin(struct rcu_tree *t, unsigned int harts,
				  u64 (*look)(unsigned int hart))
{
	for (unsigned int l = 0; l < RCU_LEAVES; l++)
		t->leaf[l].waiting = 0;
	t->waiting = 0;
	for (unsigned int i = 0; i < harts; i++) {
		struct rcu_leaf *leaf = &t->leaf[i / RCU_LEAF_HARTS];
		u64 counter = look(i);

		if (!(counter & 1))
			continue;
		leaf->snapshot[i % RCU_LEAF_HARTS] = counter;
		leaf->waiting |= BIT(i % RCU_LEAF_HARTS);
		t->waiting |= BIT(i / RCU_LEAF_HARTS);
	}
}

/* Looks at the harts of one leaf that are left. Are there none now? */
static inline bool rcu_leaf_pass(struct rcu_leaf *leaf, unsigned int first,
				 u64 (*look)(unsigned int hart))
{
	for (u64 left = leaf->waiting; left; left &= left - 1) {
		unsigned int i = rcu_mask_first(left);

		if (look(first + i) != leaf->snapshot[i])
			leaf->waiting &= ~BIT(i);
	}
	return leaf->waiting == 0;
}

/* Looks at all harts that are left. Are there none now, so that the grace period is over? */
static inline bool rcu_tree_pass(struct rcu_tree *t, u64 (*look)(unsigned int hart))
{
	for (u64 left = t->waiting; left; left &= left - 1) {
		unsigned int l = rcu_mask_first(left);

		if (rcu_leaf_pass(&t->leaf[l], l * RCU_LEAF_HARTS, look))
			t->waiting &= ~BIT(l);
	}
	return t->waiting == 0;
}

/* The first hart from index hart on that is waited for, HARTS_MAX for none. */
static inline unsigned int rcu_tree_next(const struct rcu_tree *t, unsigned int hart)
{
	for (; hart < HARTS_MAX; hart = ALIGN_DOWN(hart, RCU_LEAF_HARTS) + RCU_LEAF_HARTS) {
		u64 left = t->leaf[hart / RCU_LEAF_HARTS].waiting >> hart % RCU_LEAF_HARTS;

		if (left)
			return hart + rcu_mask_first(left);
	}
	return HARTS_MAX;
}

#define rcu_tree_for_each(i, t) \
	for ((i) = rcu_tree_next(t, 0); (i) < HARTS_MAX; (i) = rcu_tree_next(t, (i) + 1))

#endif
