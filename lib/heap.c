/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/heap.h"

static u32 rank_of(const struct heap_node *n)
{
	return n ? n->rank : 0;
}

/* The rank follows the children, the greater of which is left. True: it has changed. */
static bool settle(struct heap_node *n)
{
	struct heap_node *left = n->left;
	u32 before = n->rank;

	if (rank_of(left) < rank_of(n->right)) {
		n->left = n->right;
		n->right = left;
	}
	n->rank = rank_of(n->right) + 1;
	return n->rank != before;
}

/* As deep as the two ways along right children are long: two logarithms. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b)
{
	struct heap_node *n;

	if (!a)
		return b;
	if (!b)
		return a;
	if (heap_key_before(b->key, a->key)) {
		n = a;
		a = b;
		b = n;
	}
	a->right = meld(a->right, b);
	a->right->parent = a;
	settle(a);
	return a;
}

void heap_add_to(struct heap *h, struct heap_node *n)
{
	h->first = meld(h->first, n);
	h->first->parent = NULL;
}

/* The ranks above change only as long as each is greater than the one below was: a logarithm. */
void heap_remove_from(struct heap *h, struct heap_node *n)
{
	struct heap_node *below = meld(n->left, n->right), *p = n->parent;

	if (below)
		below->parent = p;
	if (!p)
		h->first = below;
	else if (p->left == n)
		p->left = below;
	else
		p->right = below;
	while (p && settle(p))
		p = p->parent;
}

/* The next node in the order of heap_find(), or NULL. */
static struct heap_node *after(struct heap_node *n)
{
	if (n->left)
		return n->left;
	while (n->parent && (n->parent->right == n || !n->parent->right))
		n = n->parent;
	return n->parent ? n->parent->right : NULL;
}

struct heap_node *heap_find(const struct heap *h, bool (*fn)(struct heap_node *n, void *arg),
			    void *arg, u32 *budget)
{
	struct heap_node *n;

	for (n = h->first; n && *budget; n = after(n)) {
		(*budget)--;
		if (fn(n, arg))
			return n;
	}
	return NULL;
}
