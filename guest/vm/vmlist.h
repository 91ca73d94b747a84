/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of VMs, for whoever has to go through them from any context: readers take no lock.
 *
 * Writers hold the list's lock, a leaf. A VM that was taken out stays as it is for readers that are
 * under way, until a grace period has passed.
 */
#ifndef GUEST_VM_VMLIST_H
#define GUEST_VM_VMLIST_H

#include "lib/spinlock.h"
#include "rcu/rcu.h"

struct vm;

/* Part of what a user of the list keeps for a VM. */
struct vmlist_node {
	struct vmlist_node *next; /* RCU; written under the list's lock */
	struct vm *vm;		  /* constant while it is on the list */
};

/* Zeroed, but for the lock's class. */
struct vmlist {
	struct spinlock lock;
	struct vmlist_node *first; /* RCU; written under lock */
};

/* Goes through the list, newest first. In an RCU reader, whatever is found is for that reader. */
#define vmlist_for_each(n, list) \
	for ((n) = rcu_dereference((list)->first); (n); (n) = rcu_dereference((n)->next))

/* Puts a VM on the list. The node is on none. Any context that RCU watches. */
void vmlist_add(struct vmlist *list, struct vmlist_node *node, struct vm *vm);

/* Takes a VM off the list and waits until no reader has it any more. Blocks; a thread, no lock
 * held. */
void vmlist_remove(struct vmlist *list, struct vmlist_node *node);

#endif
