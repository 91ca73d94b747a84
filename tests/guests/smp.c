// SPDX-License-Identifier: BSD-2-Clause
/*
 * Harts that work together: counters by amo and lr/sc, and wake-ups by IPI round and round, long
 * enough to lose one if one can be lost. A timer on every sleeping hart makes a lost one a failure
 * and not a hang.
 *
 * # expect: pass
 * # harts: 2
 */
#include "rt.h"

#define SSIP (1UL << IRQ_SOFT)
#define STIP (1UL << IRQ_TIMER)

static unsigned int nharts;
static volatile u32 gate;

const char *guest_needs(void)
{
	nharts = hart_count() < MAX_HARTS ? hart_count() : MAX_HARTS;
	return nharts < 2 ? "one hart" : NULL;
}

/* fn on all harts, each with its number, beginning together. */
static void together(void (*fn)(u64 i))
{
	gate = 0;
	for (unsigned int i = 1; i < nharts; i++)
		T_EQ(hart_start(i, fn, i), 0);
	fn(0);
	for (unsigned int i = 1; i < nharts; i++)
		T_OK(wait_for(sbi_hart_status(harts[i].id).value == HSM_STOPPED, 120000));
}

static void meet(void)
{
	__atomic_fetch_add(&gate, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&gate, __ATOMIC_ACQUIRE) < nharts)
		;
}

/* ---- counters ----------------------------------------------------------------------------- */

#define ADDS 200000

static u64 amo_count, lrsc_count;
static u32 amo_word;

static void count(u64 i)
{
	(void)i;
	meet();
	for (int n = 0; n < ADDS; n++) {
		u64 old, fail;

		__atomic_fetch_add(&amo_count, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&amo_word, 1, __ATOMIC_RELAXED);
		__asm__ volatile("1: lr.d %0, (%2)\n"
				 "   addi %0, %0, 1\n"
				 "   sc.d %1, %0, (%2)\n"
				 "   bnez %1, 1b"
				 : "=&r"(old), "=&r"(fail)
				 : "r"(&lrsc_count)
				 : "memory");
	}
}

static void counters(void)
{
	amo_count = 0;
	amo_word = 0;
	lrsc_count = 0;
	together(count);
	T_EQ(amo_count, ADDS * nharts);
	T_EQ(amo_word, ADDS * nharts);
	T_EQ(lrsc_count, ADDS * nharts);
}

/* ---- a token goes round --------------------------------------------------------------------- */

#define ROUNDS 10000

static volatile u64 token;
static bool take_irqs;
static volatile u64 expired[MAX_HARTS];

static void on_timer(struct hart *h)
{
	expired[h->index]++;
	timer_set(~0UL);
}

/* Sleeps until it is hart i's turn. The IPI is all that wakes it: the timer says that none came. */
static bool sleep_for_turn(u64 i, u64 turn)
{
	struct hart *h = this_hart();

	timer_set(now() + ms(5000));
	irq_off();
	while (__atomic_load_n(&token, __ATOMIC_ACQUIRE) != turn) {
		wfi();
		if (take_irqs) {
			irq_on();
			irq_off();
		} else {
			csr_clear(sip, SSIP);
			expired[i] += !!(csr_read(sip) & STIP);
		}
		if (expired[i] || test_failed()) {
			test_fail("hart %u was not woken for turn %lu (%lu IPIs taken)", h->index,
				  turn, h->irqs[IRQ_SOFT]);
			return false;
		}
	}
	return true;
}

/* Turn t is hart t mod nharts'. Who has it wakes the next one. */
static void pass_token(u64 i)
{
	struct hart *h = this_hart();

	expired[i] = 0;
	h->on_irq[IRQ_TIMER] = on_timer;
	h->irqs[IRQ_SOFT] = 0;
	csr_set(sie, SSIP | STIP);
	meet();
	for (u64 turn = i; turn < ROUNDS * nharts; turn += nharts) {
		if (!sleep_for_turn(i, turn))
			break;
		__atomic_store_n(&token, turn + 1, __ATOMIC_RELEASE);
		sbi_send_ipi(1, harts[(i + 1) % nharts].id);
	}
	irq_off();
	csr_write(sie, 0);
	timer_set(~0UL);
}

static void ping_pong(void)
{
	token = 0;
	take_irqs = true;
	together(pass_token);
	T_EQ(token, ROUNDS * nharts);
}

static void ping_pong_masked(void)
{
	token = 0;
	take_irqs = false;
	together(pass_token);
	T_EQ(token, ROUNDS * nharts);
}

/* ---- everybody to everybody ----------------------------------------------------------------- */

#define LETTERS 2000

/* How many letters hart `from` has sent to everybody, and how many of them `to` has seen. */
static volatile u64 sent[MAX_HARTS], seen[MAX_HARTS][MAX_HARTS];
static volatile u32 done;

/* The handler alone reads the post: a letter without an interrupt after it stays unseen. */
static void on_post(struct hart *h)
{
	csr_clear(sip, SSIP);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int from = 0; from < nharts; from++)
		seen[h->index][from] = sent[from];
}

static bool all_seen(u64 from, u64 n)
{
	for (unsigned int to = 0; to < nharts; to++)
		if (seen[to][from] < n)
			return false;
	return true;
}

static void write_letters(u64 i)
{
	struct hart *h = this_hart();

	h->on_irq[IRQ_SOFT] = on_post;
	csr_set(sie, SSIP);
	irq_on();
	meet();
	for_rounds(n, 1, LETTERS + 1, 3000)
	{
		sent[i] = n;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		T_EQ(sbi_send_ipi(0, ~0UL).error, 0);
		if (!wait_for(all_seen(i, n), 20000))
			test_fail("letter %lu of hart %lu was not seen by all", n, i);
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_ACQ_REL);
	wait_for(__atomic_load_n(&done, __ATOMIC_ACQUIRE) == nharts, 60000);
	irq_off();
	csr_write(sie, 0);
	h->on_irq[IRQ_SOFT] = NULL;
}

static void letters(void)
{
	done = 0;
	for (unsigned int i = 0; i < MAX_HARTS; i++) {
		sent[i] = 0;
		for (unsigned int j = 0; j < MAX_HARTS; j++)
			seen[i][j] = 0;
	}
	together(write_letters);
}

const struct test guest_tests[] = {
	{"counters by amo and lr/sc", counters},
	{"10000 rounds of waking each other, interrupts taken", ping_pong},
	{"10000 rounds of waking each other, interrupts off", ping_pong_masked},
	{"2000 IPIs of everybody to everybody", letters},
	{NULL, NULL},
};
