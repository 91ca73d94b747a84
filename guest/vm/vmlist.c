/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/vm/vmlist.h"

void vmlist_add(struct vmlist *list, struct vmlist_node *node, struct vm *vm)
{
	unsigned long flags = spin_lock_irqsave(&list->lock);

	node->vm = vm;
	node->next = rcu_dereference_protected(list->first, &list->lock);
	rcu_assign_pointer(list->first, node);
	spin_unlock_irqrestore(&list->lock, flags);
}

static void unlink_node(struct vmlist *list, const struct vmlist_node *node)
{
	struct vmlist_node **at = &list->first, *n;

	while ((n = rcu_dereference_protected(*at, &list->lock)) && n != node)
		at = &n->next;
	if (n)
		rcu_assign_pointer(*at, node->next);
}

void vmlist_remove(struct vmlist *list, struct vmlist_node *node)
{
	unsigned long flags = spin_lock_irqsave(&list->lock);

	unlink_node(list, node);
	spin_unlock_irqrestore(&list->lock, flags);
	synchronize_rcu();
}
