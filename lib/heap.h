/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A priority queue whose nodes lie in what is queued: a leftist heap. The node with the least key is
 * first; keys are compared modulo 2^64, so all that are in one heap are within 2^63 of each other. Of
 * equal keys the one that is there already stays in front of the one that comes.
 *
 * Every operation takes a number of steps that grows with the logarithm of the number of nodes, in the
 * worst case too; nothing is allocated. The caller's lock protects the heap. Any context.
 */
#ifndef LIB_HEAP_H
#define LIB_HEAP_H

#include "lib/compiler.h"
#include "lib/types.h"

struct heap_node {
	struct heap_node *left, *right, *parent;
	u64 key;
	u32 rank; /* nodes on the way along right children, this one included; left's is no less */
};

struct heap {
	struct heap_node *first; /* or NULL: it is empty */
};

/* What heap_add() and heap_remove() do where there are other nodes. */
void heap_add_to(struct heap *h, struct heap_node *n);
void heap_remove_from(struct heap *h, struct heap_node *n);

/* Puts in a node that is in no heap. */
static inline void heap_add(struct heap *h, struct heap_node *n, u64 key)
{
	*n = (struct heap_node){.key = key, .rank = 1};
	if (h->first)
		heap_add_to(h, n);
	else
		h->first = n;
}

/* Takes out a node that is in this heap. */
static inline void heap_remove(struct heap *h, struct heap_node *n)
{
	/* A node without a left child has no right one. */
	if (h->first == n && !n->left)
		h->first = NULL;
	else
		heap_remove_from(h, n);
}

/* Calls fn for nodes, a parent before its children, until it returns true or *budget calls were made.
 * Returns the node for which it was true, or NULL. fn does not change the heap. */
struct heap_node *heap_find(const struct heap *h, bool (*fn)(struct heap_node *n, void *arg),
			    void *arg, u32 *budget);

/* Is the first key before the second one? */
static inline bool heap_key_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

#endif
