/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Simulated interrupts. Each hart has a word of pending bits; a bit is set by anybody and taken by
 * the hart, when it turns interrupts on. The lock of a line is held only to set bits and to begin
 * a wait, so that no bit slips in between a waiter's look and its sleep (E16).
 */
#include <pthread.h>

#include "arch/host/host.h"
#include "lib/check.h"

struct irq_line {
	pthread_mutex_t lock;
	pthread_cond_t raised;
	u32 pending; /* atomic; bits are set under the lock */
	u64 kicks;   /* atomic */
};

__thread bool host_irqs_off = true;

static struct irq_line lines[HARTS_MAX] = {
	[0 ... HARTS_MAX - 1] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0},
};
static void (*irq_handler)(u32 bits);

void host_irq_set_handler(void (*handler)(u32 bits))
{
	irq_handler = handler;
}

void host_irq_reset(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		WRITE_ONCE(lines[i].pending, 0);
		WRITE_ONCE(lines[i].kicks, 0);
	}
}

void host_irq_raise(unsigned int hart, u32 bits)
{
	struct irq_line *l = &lines[hart];

	CHECK(hart < arch_hart_count());
	pthread_mutex_lock(&l->lock);
	/* Order: what the caller stored, before the interrupt is pending.
	 * Pairs with: host_irq_on() and line_pending() [I1] */
	__atomic_fetch_or(&l->pending, bits, __ATOMIC_RELEASE);
	pthread_cond_signal(&l->raised);
	pthread_mutex_unlock(&l->lock);
}

static __thread u64 timer_at = HOST_TIMER_NEVER;

void host_timer_set(u64 deadline)
{
	timer_at = deadline;
}

static void timer_look(void)
{
	if (likely(timer_at > host_clock()))
		return;
	timer_at = HOST_TIMER_NEVER;
	host_irq_raise(arch_hart_index(), HOST_IRQ_TICK);
}

static bool line_pending(void)
{
	/* Order: the interrupt is pending, before what its sender stored is read.
	 * Pairs with: host_irq_raise() [I1] */
	return arch_load_acquire(&lines[arch_hart_index()].pending) != 0;
}

bool host_irq_pending(void)
{
	timer_look();
	return line_pending();
}

/* Interrupts on, and whatever is pending is taken here and now. */
void host_irq_on(void)
{
	struct irq_line *l = &lines[arch_hart_index()];
	u32 bits;

	for (;;) {
		timer_look();
		/* Order: the interrupt is taken, before what its sender stored is read.
		 * Pairs with: host_irq_raise() [I1] */
		bits = __atomic_exchange_n(&l->pending, 0, __ATOMIC_ACQUIRE);
		if (!bits)
			break;
		host_irqs_off = true;
		if (irq_handler)
			irq_handler(bits);
	}
	host_irqs_off = false;
}

void arch_kick(unsigned int i)
{
	__atomic_fetch_add(&lines[i].kicks, 1, __ATOMIC_RELAXED);
	host_irq_raise(i, HOST_IRQ_KICK);
}

void arch_kick_handler(unsigned int i)
{
	arch_kick(i);
}

u64 host_irq_kicks(unsigned int hart)
{
	return READ_ONCE(lines[hart].kicks);
}

void arch_wait(void)
{
	struct irq_line *l = &lines[arch_hart_index()];

	CHECK(arch_irqs_off());
	/* Nothing else happens here until then. */
	if (!host_irq_pending() && timer_at != HOST_TIMER_NEVER) {
		host_clock_reach(timer_at);
		timer_look();
	}
	pthread_mutex_lock(&l->lock);
	while (!line_pending())
		pthread_cond_wait(&l->raised, &l->lock);
	pthread_mutex_unlock(&l->lock);
}
