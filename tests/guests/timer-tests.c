// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a timer must do. Deadlines are never met early; how late one may be is generous, because a
 * machine that emulates this one may be busy with something else.
 */
#include "timer-tests.h"

#define LATE_MS	     10000
#define STIP	     (1UL << IRQ_TIMER)
#define is_pending() (csr_read(sip) & STIP)

static volatile u64 taken_at[MAX_HARTS];

static void on_timer(struct hart *h)
{
	taken_at[h->index] = now();
	arm(~0UL);
}

static void listen(void)
{
	struct hart *h = this_hart();

	h->irqs[IRQ_TIMER] = 0;
	h->on_irq[IRQ_TIMER] = on_timer;
	csr_set(sie, STIP);
	irq_on();
}

/* Waits for the interrupt and checks when it came. */
static bool came(u64 deadline)
{
	struct hart *h = this_hart();

	return T_OK(wait_for(h->irqs[IRQ_TIMER], LATE_MS)) &&
	       T_OK(taken_at[h->index] >= deadline) && T_EQ(h->irqs[IRQ_TIMER], 1);
}

static void fire_after(u64 ticks)
{
	u64 deadline = now() + ticks;

	arm(deadline);
	listen();
	came(deadline);
	irq_off();
}

void timer_future(void)
{
	static const u64 usecs[] = {1, 10, 100, 1000, 5000, 20000};

	for (unsigned int i = 0; i < ARRAY_SIZE(usecs) && !test_failed(); i++)
		fire_after(us(usecs[i]));
}

void timer_past(void)
{
	static const u64 deadlines[] = {0, 1, 2};

	for (unsigned int i = 0; i < ARRAY_SIZE(deadlines) && !test_failed(); i++) {
		arm(deadlines[i]);
		listen();
		came(0);
		irq_off();
	}
	arm(now() - 1);
	listen();
	came(0);
}

void timer_cancel(void)
{
	for (int i = 0; i < 100 && !test_failed(); i++) {
		arm(0);
		T_OK(wait_for(is_pending(), LATE_MS));
		arm(~0UL);
		T_EQ(is_pending(), 0);
	}
	listen();
	wait_for(this_hart()->irqs[IRQ_TIMER], 5);
	T_EQ(this_hart()->irqs[IRQ_TIMER], 0);
}

void timer_far(void)
{
	static const u64 far[] = {~0UL, ~0UL - 1, 1UL << 63, (1UL << 63) - 1, 1UL << 62};

	arm(0);
	T_OK(wait_for(is_pending(), LATE_MS));
	for (unsigned int i = 0; i < ARRAY_SIZE(far); i++) {
		arm(far[i]);
		T_OK(!wait_for(is_pending(), 3));
	}
}

void timer_later(void)
{
	u64 second = now() + ms(30);

	arm(now() + ms(5));
	arm(second);
	listen();
	came(second);
}

void timer_earlier(void)
{
	u64 second = now() + ms(5);

	arm(now() + ms(3600000));
	arm(second);
	listen();
	came(second);
	T_OK(taken_at[this_hart()->index] < second + ms(LATE_MS));
}

void timer_masked(void)
{
	u64 deadline = now() + ms(2);

	arm(deadline);
	irq_on();
	T_OK(wait_for(is_pending(), LATE_MS));
	T_OK(now() >= deadline);
	T_EQ(this_hart()->irqs[IRQ_TIMER], 0);
	/* Enabled now, it comes at once. */
	listen();
	came(deadline);
}

static void quiet(struct hart *h)
{
	(void)h;
	csr_clear(sie, STIP);
}

/* The bit cannot be cleared through sip, and taking the interrupt does not clear it either. */
void timer_level(void)
{
	struct hart *h = this_hart();

	arm(now() + 1);
	h->on_irq[IRQ_TIMER] = quiet;
	csr_set(sie, STIP);
	irq_on();
	T_OK(wait_for(h->irqs[IRQ_TIMER], LATE_MS));
	irq_off();
	T_OK(is_pending());
	csr_clear(sip, STIP);
	T_OK(is_pending());
	arm(~0UL);
	T_OK(!is_pending());
}

void timer_many(void)
{
	for (int i = 0; i < 2000 && !test_failed(); i++)
		fire_after(us(i % 50));
}

void timer_none(void)
{
	listen();
	T_OK(!wait_for(this_hart()->irqs[IRQ_TIMER], 50));
}

static void other_hart(u64 deadline)
{
	arm(deadline);
	listen();
	came(deadline);
	irq_off();
	arm(~0UL);
}

void timer_other_hart(void)
{
	u64 t = now() + ms(20);

	SKIP_IF(hart_count() < 2, "one hart");
	listen();
	T_EQ(hart_start(1, other_hart, t), 0);
	/* Its deadline is not ours. */
	T_OK(!wait_for(this_hart()->irqs[IRQ_TIMER], 60));
	T_OK(hart_join(1));
	T_OK(taken_at[1] >= t);
	/* And setting ours does not move its. */
	T_EQ(hart_start(1, other_hart, now() + ms(20)), 0);
	for (int i = 0; i < 100; i++)
		arm(now() + ms(3600000));
	T_OK(hart_join(1));
}
