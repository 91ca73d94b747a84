/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "lib/list.h"

struct item {
	int n;
	struct list link;
};

static struct item items[4];
static struct list head = LIST_INIT(head);

static int fresh(void **state)
{
	(void)state;
	list_init(&head);
	for (int i = 0; i < 4; i++)
		items[i] = (struct item){i, LIST_INIT(items[i].link)};
	return 0;
}

/* The list's numbers as the digits of one, and the way back the same in reverse. */
static int digits(void)
{
	int forward = 0, backward = 0, scale = 1;
	struct list *p;

	list_for_each (p, &head)
		forward = forward * 10 + list_entry(p, struct item, link)->n;
	for (p = head.prev; p != &head; p = p->prev) {
		backward += list_entry(p, struct item, link)->n * scale;
		scale *= 10;
	}
	assert_int_equal(forward, backward);
	return forward;
}

static void adds_in_order(void **state)
{
	(void)state;
	assert_true(list_empty(&head));
	list_add_tail(&items[2].link, &head);
	list_add_tail(&items[3].link, &head);
	list_add_head(&items[1].link, &head);
	assert_false(list_empty(&head));
	assert_int_equal(digits(), 123);
}

static void adds_in_the_middle(void **state)
{
	(void)state;
	list_add_tail(&items[1].link, &head);
	list_add_tail(&items[3].link, &head);
	list_add_before(&items[2].link, &items[3].link);
	assert_int_equal(digits(), 123);
}

static void deletes_and_again(void **state)
{
	(void)state;
	for (int i = 1; i < 4; i++)
		list_add_tail(&items[i].link, &head);
	list_del(&items[2].link);
	assert_int_equal(digits(), 13);
	assert_true(list_empty(&items[2].link));
	list_del(&items[2].link);
	assert_int_equal(digits(), 13);
	list_del(&items[1].link);
	list_del(&items[3].link);
	assert_true(list_empty(&head));
}

static void deletes_while_walking(void **state)
{
	struct list *p, *next;

	(void)state;
	for (int i = 1; i < 4; i++)
		list_add_tail(&items[i].link, &head);
	list_for_each_safe (p, next, &head)
		if (list_entry(p, struct item, link)->n != 2)
			list_del(p);
	assert_int_equal(digits(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(adds_in_order, fresh),
		cmocka_unit_test_setup(adds_in_the_middle, fresh),
		cmocka_unit_test_setup(deletes_and_again, fresh),
		cmocka_unit_test_setup(deletes_while_walking, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
