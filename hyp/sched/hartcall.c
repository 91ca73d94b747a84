/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls across harts. See hartcall.h.
 *
 * Each hart has a list of calls that wait, which callers push themselves onto with one compare and swap
 * and the hart takes whole. A call is on its caller's stack: nothing may touch it once it is done.
 */
#include "hyp/sched/hartcall.h"

#include "arch/arch.h"
#include "lib/irq.h"

struct call {
	struct call *next;
	void (*fn)(void *arg);
	void *arg;
	u32 done;
};

#define CALLS_AT_ONCE 8 /* of one caller: they are on its stack */

static DEFINE_PER_HART(struct call *, calls);

static void push(struct call **list, struct call *c)
{
	struct call *first = READ_ONCE(*list);

	do {
		c->next = first;
		/* Order: the call, and what it is about, before it is on the list.
		 * Pairs with: hartcall_kicked() [H1] */
	} while (!__atomic_compare_exchange_n(list, &first, c, false, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
}

static void ask(unsigned int hart, struct call *c)
{
	if (hart == arch_hart_index()) {
		irq_off();
		c->fn(c->arg);
		irq_on();
		c->done = 1;
		return;
	}
	push(&per_hart(calls, hart), c);
	arch_kick_handler(hart);
}

static void await(struct call *c)
{
	/* Order: the call is done, before the caller reads what it did.
	 * Pairs with: hartcall_kicked() [H2] */
	while (!arch_load_acquire(&c->done))
		arch_relax();
}

void hartcall(unsigned int hart, void (*fn)(void *arg), void *arg)
{
	struct call c = {.fn = fn, .arg = arg};

	ask(hart, &c);
	await(&c);
}

void hartcall_each(const struct hartmask *harts, void (*fn)(void *arg), void *arg)
{
	struct call call[CALLS_AT_ONCE];
	unsigned int i, n = 0;

	for_each_hart (i) {
		if (!hartmask_has(harts, i))
			continue;
		/* Who had this place before. */
		if (n >= CALLS_AT_ONCE)
			await(&call[n % CALLS_AT_ONCE]);
		call[n % CALLS_AT_ONCE] = (struct call){.fn = fn, .arg = arg};
		ask(i, &call[n++ % CALLS_AT_ONCE]);
	}
	for (i = 0; i < n && i < CALLS_AT_ONCE; i++)
		await(&call[i]);
}

void hartcall_kicked(void)
{
	struct call *c, *next;

	if (likely(!READ_ONCE(this_hart(calls))))
		return;
	/* Order: they are on the list, before they are read. Pairs with: push() [H1] */
	for (c = __atomic_exchange_n(&this_hart(calls), NULL, __ATOMIC_ACQUIRE); c; c = next) {
		next = c->next;
		c->fn(c->arg);
		/* Order: what the call did, and the last look at it, before it is done.
		 * Pairs with: await() [H2] */
		arch_store_release(&c->done, 1);
	}
}
