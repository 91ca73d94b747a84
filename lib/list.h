/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doubly linked lists with a head that is a node of its own. The owner of the list locks it.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name)          \
	{                        \
		&(name), &(name) \
	}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_for_each(p, head)	    for ((p) = (head)->next; (p) != (head); (p) = (p)->next)
#define list_for_each_safe(p, n, head) \
	for ((p) = (head)->next, (n) = (p)->next; (p) != (head); (p) = (n), (n) = (p)->next)

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Puts n before at: with a head as at, n becomes the last. */
static inline void list_add_before(struct list *n, struct list *at)
{
	n->next = at;
	n->prev = at->prev;
	at->prev->next = n;
	at->prev = n;
}

static inline void list_add_tail(struct list *n, struct list *head)
{
	list_add_before(n, head);
}

static inline void list_add_head(struct list *n, struct list *head)
{
	list_add_before(n, head->next);
}

/* Takes n out and leaves it an empty list, so that taking it out twice does no harm. */
static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#endif
