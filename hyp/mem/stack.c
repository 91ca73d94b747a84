/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/mem/stack.h"

#include "hyp/mem/hostmap.h"
#include "hyp/mem/page.h"
#include "hyp/sched/thread.h"
#include "lib/spinlock.h"

#define SLOT	  (2UL * STACK_SIZE)
#define SLOTS_MAX (hostmap_stacks_size / SLOT)

/* A free stack's first word links to the next. */
struct free_stack {
	struct free_stack *next;
};

static struct spinlock lock = SPINLOCK_INIT("stack");
static struct free_stack *free_stacks; /* under lock */
static u64 slots_used;		       /* under lock */
static u64 next_mapped;		       /* bytes of the next slot that are mapped; under lock */

bool thread_stack_contains(uintptr_t addr)
{
	extern char __boot_stack[], __boot_stack_top[];

	if (addr >= (uintptr_t)__boot_stack && addr < (uintptr_t)__boot_stack_top)
		return true;
	return addr >= hostmap_stacks && addr - hostmap_stacks < READ_ONCE(slots_used) * SLOT &&
	       (addr & STACK_SIZE);
}

static enum err map_one(uintptr_t at)
{
	hpa_t page;
	enum err e;

	if (!page_alloc(0, &page))
		return ERR_NOMEM;
	e = hostmap_page(at, page);
	if (e)
		page_free(page, 0);
	return e;
}

/* A free stack; or a page more of a new one, ERR_AGAIN until that has all: so long interrupts are off. What
 * was mapped of it when memory ran out counts the next time, whoever comes for it. Lock held. */
static enum err take(void **stack)
{
	uintptr_t next = hostmap_stacks + slots_used * SLOT + STACK_SIZE;
	enum err e;

	if (free_stacks) {
		*stack = free_stacks;
		free_stacks = free_stacks->next;
		return OK;
	}
	if (slots_used == SLOTS_MAX)
		return ERR_NOMEM;
	e = map_one(next + next_mapped);
	if (e)
		return e;
	next_mapped += PAGE_SIZE;
	if (next_mapped < STACK_SIZE)
		return ERR_AGAIN;
	slots_used++;
	next_mapped = 0;
	*stack = (void *)next;
	return OK;
}

void *stack_alloc(void)
{
	void *stack = NULL;
	enum err e;

	do {
		unsigned long flags = spin_lock_irqsave(&lock);

		e = take(&stack);
		spin_unlock_irqrestore(&lock, flags);
	} while (e == ERR_AGAIN);
	return stack;
}

void stack_free(void *stack)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	struct free_stack *f = stack;

	f->next = free_stacks;
	free_stacks = f;
	spin_unlock_irqrestore(&lock, flags);
}
