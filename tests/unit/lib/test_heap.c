/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heap against an array that is searched: nodes come and go by chance, the first is always one with
 * the least key, and the shape is what keeps every operation short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/check.h"
#include "lib/heap.h"

#define NODES 300
#define STEPS 60000

static struct item {
	struct heap_node node;
	bool in;
} items[NODES];
static struct heap heap;
static u64 seed;

static u64 rnd(u64 below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (seed >> 33) % below;
}

/* Returns how many nodes there are below, and holds each against the rules. */
static u32 check_below(const struct heap_node *n, const struct heap_node *parent)
{
	u32 left, right;

	if (!n)
		return 0;
	assert_ptr_equal(n->parent, parent);
	assert_true(!parent || !heap_key_before(n->key, parent->key));
	left = n->left ? n->left->rank : 0;
	right = n->right ? n->right->rank : 0;
	assert_true(left >= right);
	assert_int_equal(n->rank, right + 1);
	return 1 + check_below(n->left, n) + check_below(n->right, n);
}

static void check_all(void)
{
	const struct item *least = NULL;
	u32 count = 0;

	for (struct item *i = items; i < items + NODES; i++) {
		count += i->in;
		if (i->in && (!least || heap_key_before(i->node.key, least->node.key)))
			least = i;
	}
	assert_int_equal(check_below(heap.first, NULL), count);
	assert_true(!least == !heap.first);
	assert_true(!least || heap.first->key == least->node.key);
	/* The way along right children is no longer than a logarithm. */
	assert_true(!least || 1UL << (heap.first->rank - 1) <= count);
}

/* Keys around the end of their 64 bits as well. */
static void holds_by_chance(void **state)
{
	(void)state;
	for (u64 run = 0; run < 4; run++) {
		u64 base = run % 2 ? ~0UL - 50 : 1000;

		seed = run;
		for (u32 step = 0; step < STEPS; step++) {
			struct item *i = &items[rnd(run < 2 ? NODES : 20)];

			if (i->in)
				heap_remove(&heap, &i->node);
			else
				heap_add(&heap, &i->node, base + rnd(100));
			i->in = !i->in;
			if (step % 16 == 0)
				check_all();
		}
		while (heap.first) {
			container_of(heap.first, struct item, node)->in = false;
			heap_remove(&heap, heap.first);
			check_all();
		}
	}
}

static void first_come_stays_first(void **state)
{
	(void)state;
	heap_add(&heap, &items[0].node, 7);
	heap_add(&heap, &items[1].node, 7);
	assert_ptr_equal(heap.first, &items[0].node);
	heap_add(&heap, &items[2].node, 6);
	assert_ptr_equal(heap.first, &items[2].node);
	for (int i = 2; i >= 0; i--)
		heap_remove(&heap, &items[i].node);
	assert_null(heap.first);
}

struct seen {
	u32 count;
	const struct heap_node *want, *before[NODES];
};

/* A parent comes before its children. */
static bool look(struct heap_node *n, void *arg)
{
	struct seen *s = arg;
	bool known = !n->parent;

	for (u32 i = 0; i < s->count; i++) {
		assert_ptr_not_equal(s->before[i], n);
		known |= s->before[i] == n->parent;
	}
	assert_true(known);
	s->before[s->count++] = n;
	return n == s->want;
}

static void every_node_is_found(void **state)
{
	u32 budget;

	(void)state;
	seed = 5;
	for (u32 i = 0; i < NODES; i++)
		heap_add(&heap, &items[i].node, rnd(1000));
	for (u32 i = 0; i < NODES; i++) {
		struct seen s = {.want = &items[i].node};

		budget = NODES;
		assert_ptr_equal(heap_find(&heap, look, &s, &budget), &items[i].node);
		assert_int_equal(budget, NODES - s.count);
	}
	for (u32 most = 0; most <= NODES + 3; most += 3) {
		struct seen s = {0};

		budget = most;
		assert_null(heap_find(&heap, look, &s, &budget));
		assert_int_equal(s.count, most < NODES ? most : NODES);
	}
	while (heap.first)
		heap_remove(&heap, heap.first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_by_chance),
		cmocka_unit_test(first_come_stays_first),
		cmocka_unit_test(every_node_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
