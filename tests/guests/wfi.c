// SPDX-License-Identifier: BSD-2-Clause
/*
 * WFI ends when it must: by timer and by IPI, whether sstatus.SIE is on or not, also when what it
 * waits for was there before (Privileged ISA 20240411, section 3.3.3). That it sleeps is no promise of the
 * specification, which has it end whenever it likes; where it never does, the test of that says so.
 *
 * # expect: pass
 * # harts: 2
 */
#include "rt.h"

#define SSIP (1UL << IRQ_SOFT)
#define STIP (1UL << IRQ_TIMER)

static void on_timer(struct hart *h)
{
	(void)h;
	timer_set(~0UL);
}

/* Interrupts on: the handler runs, then the code after WFI. */
static void timer_taken(void)
{
	struct hart *h = this_hart();

	h->on_irq[IRQ_TIMER] = on_timer;
	csr_set(sie, STIP);
	for (u64 i = 1; i <= 50 && !test_failed(); i++) {
		u64 t = now() + us(500);

		timer_set(t);
		irq_on();
		while (h->irqs[IRQ_TIMER] < i)
			wfi();
		irq_off();
		T_OK(now() >= t);
		T_OK(now() < t + ms(10000));
		T_EQ(h->irqs[IRQ_TIMER], i);
	}
}

/* Off in sstatus, on in sie: wakes, and nothing is taken. */
static void timer_masked(void)
{
	csr_set(sie, STIP);
	for (u64 i = 1; i <= 50 && !test_failed(); i++) {
		u64 t = now() + us(500);

		timer_set(t);
		while (!(csr_read(sip) & STIP))
			wfi();
		T_OK(now() >= t);
		T_OK(now() < t + ms(10000));
		T_EQ(this_hart()->irqs[IRQ_TIMER], 0);
	}
}

/* What is pending already ends it at once. */
static void already_pending(void)
{
	u64 begin;

	timer_set(now() + ms(10000));
	csr_set(sie, SSIP | STIP);
	csr_set(sip, SSIP);
	begin = now();
	for (int i = 0; i < 100; i++)
		wfi();
	T_OK(now() - begin < ms(5000));
	csr_clear(sip, SSIP);
	timer_set(0);
	begin = now();
	for (int i = 0; i < 100; i++)
		wfi();
	T_OK(now() - begin < ms(5000));
	/* An IPI to self that has just been sent, too. */
	timer_set(now() + ms(10000));
	begin = now();
	for (int i = 0; i < 100; i++) {
		sbi_send_ipi(1, this_hart()->id);
		while (!(csr_read(sip) & SSIP))
			wfi();
		csr_clear(sip, SSIP);
	}
	T_OK(now() - begin < ms(5000));
}

/* It may end early now and then, but waiting is not spinning. */
static void sleeps(void)
{
	u64 t = now() + ms(50);
	int turns = 0;

	csr_set(sie, STIP);
	timer_set(t);
	while (!(csr_read(sip) & STIP)) {
		wfi();
		turns++;
	}
	print("# WFI ended %d times in 50 ms\n", turns);
	T_OK(now() >= t);
	SKIP_IF(turns >= 500, "WFI ends at once");
}

/* Deadlines so short that they pass on the way to sleep. */
static void short_deadlines(void)
{
	csr_set(sie, STIP);
	for (u64 i = 0; i < 2000 && !test_failed(); i++) {
		u64 t = now() + i % 64;

		timer_set(t);
		while (!(csr_read(sip) & STIP))
			wfi();
		T_OK(now() < t + ms(10000));
	}
}

/* ---- with another hart ---------------------------------------------------------------------- */

static volatile u64 asleep, awake;

static void sleeper_masked(u64 rounds)
{
	csr_set(sie, SSIP);
	for (u64 i = 1; i <= rounds; i++) {
		asleep = i;
		while (!(csr_read(sip) & SSIP))
			wfi();
		csr_clear(sip, SSIP);
		awake = i;
	}
}

static void sleeper_taking(u64 rounds)
{
	struct hart *h = this_hart();

	h->irqs[IRQ_SOFT] = 0;
	csr_set(sie, SSIP);
	for (u64 i = 1; i <= rounds; i++) {
		asleep = i;
		while (h->irqs[IRQ_SOFT] < i) {
			wfi();
			irq_on();
			irq_off();
		}
		awake = i;
	}
}

/* Every third time the IPI is sent when the other hart has been asleep for a while. */
static void wake(void (*sleeper)(u64))
{
	const u64 rounds = 300;

	SKIP_IF(hart_count() < 2, "one hart");
	asleep = 0;
	awake = 0;
	T_EQ(hart_start(1, sleeper, rounds), 0);
	for (u64 i = 1; i <= rounds && !test_failed(); i++) {
		T_OK(wait_for(asleep == i, 20000));
		if (i % 3 == 0)
			for (u64 end = now() + us(500); now() < end;)
				;
		T_EQ(awake, i - 1);
		T_EQ(sbi_send_ipi(1, harts[1].id).error, 0);
		T_OK(wait_for(awake == i, 20000));
	}
	T_OK(hart_join(1));
}

static void ipi_masked(void)
{
	wake(sleeper_masked);
}

static void ipi_taken(void)
{
	wake(sleeper_taking);
}

/* Sleeps for an IPI while a deadline that has passed is kept from it by sie alone: where both share
 * one hart of the machine, the other one must still get to run. */
static void sleeper_past_deadline(u64 rounds)
{
	timer_set(0);
	sleeper_masked(rounds);
}

static void masked_deadline(void)
{
	wake(sleeper_past_deadline);
}

const struct test guest_tests[] = {
	{"ends by the timer, interrupts on", timer_taken},
	{"ends by the timer, interrupts off", timer_masked},
	{"does not wait for what is pending", already_pending},
	{"does sleep", sleeps},
	{"2000 short deadlines", short_deadlines},
	{"ends by another hart's IPI, interrupts off", ipi_masked},
	{"ends by another hart's IPI, interrupts taken", ipi_taken},
	{"sleeps on when the deadline that passed is masked", masked_deadline},
	{NULL, NULL},
};
