/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/stack.h"

#include "arch/riscv/layout.h"
#include "hyp/hostmap.h"
#include "hyp/page.h"
#include "hyp/thread.h"
#include "lib/spinlock.h"

#define SLOT	  (2UL * STACK_SIZE)
#define SLOTS_MAX (STACKS_SIZE / SLOT)

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
	return addr >= STACKS_BASE && addr - STACKS_BASE < READ_ONCE(slots_used) * SLOT &&
	       (addr & STACK_SIZE);
}

/* What was mapped of it when memory ran out counts the next time. */
static enum err map_slot(uintptr_t stack)
{
	for (; next_mapped < STACK_SIZE; next_mapped += PAGE_SIZE) {
		hpa_t page;
		enum err e;

		if (!page_alloc(0, &page))
			return ERR_NOMEM;
		e = hostmap_page(stack + next_mapped, page);
		if (e) {
			page_free(page, 0);
			return e;
		}
	}
	return OK;
}

static void *new_slot(void)
{
	uintptr_t stack = STACKS_BASE + slots_used * SLOT + STACK_SIZE;

	if (slots_used == SLOTS_MAX || map_slot(stack))
		return NULL;
	slots_used++;
	next_mapped = 0;
	return (void *)stack;
}

void *stack_alloc(void)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	void *stack = free_stacks;

	if (stack)
		free_stacks = free_stacks->next;
	else
		stack = new_slot();
	spin_unlock_irqrestore(&lock, flags);
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
