/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/sched/waitq.h"

struct waiter {
	struct list node;
	struct thread *thread;
};

void waitq_init(struct waitq *q)
{
	q->lock = (struct spinlock)SPINLOCK_INIT("waitq");
	list_init(&q->waiters);
}

enum err waitq_wait(struct waitq *q, bool (*cond)(void *arg), void *arg, u64 deadline)
{
	struct waiter w = {.thread = thread_current()};
	unsigned long flags = spin_lock_irqsave(&q->lock);
	enum err e;

	list_add_tail(&w.node, &q->waiters);
	spin_unlock_irqrestore(&q->lock, flags);
	e = thread_wait(cond, arg, deadline);
	flags = spin_lock_irqsave(&q->lock);
	list_del(&w.node);
	spin_unlock_irqrestore(&q->lock, flags);
	return e;
}

void waitq_wake(struct waitq *q)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct list *p;

	list_for_each (p, &q->waiters)
		thread_wake(list_entry(p, struct waiter, node)->thread);
	spin_unlock_irqrestore(&q->lock, flags);
}
