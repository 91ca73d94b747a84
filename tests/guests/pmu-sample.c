// SPDX-License-Identifier: BSD-2-Clause
/*
 * Counters that overflow (SBI v3.0, chapter 11, and Sscofpmf): one interrupt an overflow, told in the
 * snapshot; filters; many in a row; an end to a WFI. tests/boot/pmu.t runs it, alone on a hart, and beside
 * another of it. With the boot argument "shared" it does not expect that the clock stands still for it while
 * it does not run.
 */
#include "rt.h"

#include <string.h>

#define CYCLE	0UL
#define INSTRET 2UL
#define LCOFI	13
#define PERIOD	20000UL
#define STORM	300UL

#define CFG_OTHERS 0x98UL /* MINH, VSINH, VUINH: not a guest's to say */

static u64 page[PAGE_SIZE / 8] __attribute__((aligned(4096)));

/* What the handler is to do, and has seen. */
static struct {
	u64 counters; /* it takes the overflows of, and starts again */
	u64 again;    /* from this value; 0: it does not start them */
	u64 left;     /* in how many overflows it does */
	u64 told[3];
	u64 idle; /* times that no counter had overflowed */
	u64 late; /* the most that one was over the end */
	u64 at;	  /* t0 of what was interrupted */
} seen;

static long start(u64 mask, u64 value)
{
	return sbi(SBI_EXT_PMU, PMU_START, 0, mask, PMU_START_SET_INIT, value).error;
}

/* The overflow mask. */
static u64 stop(u64 mask, u64 flags)
{
	page[0] = ~0UL;
	(void)sbi(SBI_EXT_PMU, PMU_STOP, 0, mask, PMU_STOP_SNAPSHOT | flags);
	return page[0];
}

static void overflow(struct hart *h)
{
	u64 told = stop(seen.counters, 0);

	csr_clear(sip, 1UL << LCOFI);
	seen.at = h->x[5];
	if (!told)
		seen.idle++;
	for (u64 c = 0; c < 3; c++) {
		if (!(told >> c & 1))
			continue;
		seen.told[c]++;
		if (page[1 + c] > seen.late)
			seen.late = page[1 + c];
	}
	if (!seen.again || !seen.left)
		return;
	seen.left--;
	for (u64 c = 0; c < 3; c++)
		if (seen.counters >> c & 1)
			start(1UL << c, told >> c & 1 ? seen.again : page[1 + c]);
}

static u64 config(u64 counter, u64 flags)
{
	return (u64)sbi(SBI_EXT_PMU, PMU_CONFIG, 0, 1UL << counter, PMU_CFG_CLEAR | flags,
			counter == CYCLE ? 1 : 2, 0)
		.error;
}

static void begin(u64 counters)
{
	memset(&seen, 0, sizeof(seen));
	seen.counters = counters;
	T_EQ(sbi(SBI_EXT_PMU, PMU_SNAPSHOT, (u64)page, 0, 0).error, 0);
	this_hart()->on_irq[LCOFI] = overflow;
	this_hart()->irqs[LCOFI] = 0;
	csr_clear(sip, 1UL << LCOFI);
	csr_set(sie, 1UL << LCOFI);
}

static void end(void)
{
	csr_clear(sie, 1UL << LCOFI);
	stop(5, PMU_STOP_RESET);
	csr_clear(sip, 1UL << LCOFI);
}

/* Twice n instructions, and how often it has still to go is in t0. */
static void count_down(u64 n)
{
	register u64 t0 __asm__("t0") = n;

	irq_on();
	__asm__ volatile("1: addi %0, %0, -1\nbnez %0, 1b" : "+r"(t0));
	irq_off();
}

/* The same in user mode, and an ebreak. */
static const u32 user_code[] = {0xfff28293, 0xfe029ee3, 0x00100073};

static void count_down_user(u64 n)
{
	u64 x[32] = {[5] = n};

	T_EQ(trap_run(x, (u64)user_code, 0), 3);
}

static bool shared(void)
{
	return machine_bootarg("shared") != NULL;
}

static u64 total(void)
{
	return this_hart()->irqs[LCOFI];
}

static void told_of(void)
{
	T_EQ(sbi(SBI_EXT_PMU, PMU_GET_INFO, CYCLE).value, 0xc00 | 63 << 12);
	T_EQ(sbi(SBI_EXT_PMU, PMU_GET_INFO, INSTRET).value, 0xc02 | 63 << 12);
	csr_set(sie, 1UL << LCOFI);
	T_EQ(csr_read(sie) >> LCOFI & 1, 1);
	csr_clear(sie, 1UL << LCOFI);
	T_EQ(csr_read(sie) >> LCOFI & 1, 0);
	T_EQ(csr_read(sip) >> LCOFI & 1, 0);
}

static void once(u64 counter)
{
	begin(1UL << counter);
	T_EQ(config(counter, CFG_OTHERS), 0);
	T_EQ(start(1UL << counter, -PERIOD), 0);
	count_down(4 * PERIOD);
	T_EQ(total(), 1);
	T_EQ(seen.told[counter], 1);
	T_EQ(seen.idle, 0);
	/* None of an empty set has overflowed, wherever that begins. */
	page[0] = ~0UL;
	T_EQ(sbi(SBI_EXT_PMU, PMU_STOP, 32, 0, PMU_STOP_SNAPSHOT).error, 0);
	T_EQ(page[0], 0);
	/* Where the hart's clock is the count the interrupt comes where it should. */
	if (!shared())
		T_OK(seen.at > 4 * PERIOD - PERIOD / 2 - 100 &&
		     seen.at <= 4 * PERIOD - PERIOD / 2 + 100);
	if (test_failed())
		print("# at %lu late %lu\n", seen.at, seen.late);
	/* What was cleared stays so when another VM has had the hart. */
	for (u64 until = now() + ms(40); now() < until;) {
		irq_on();
		irq_off();
	}
	T_EQ(total(), 1);
	end();
}

static void once_instret(void)
{
	once(INSTRET);
}

static void once_cycle(void)
{
	once(CYCLE);
}

/* One interrupt an overflow, as many overflows as it counts. */
static void again(void)
{
	begin(1UL << INSTRET);
	seen.again = -PERIOD;
	seen.left = ~0UL;
	T_EQ(config(INSTRET, 0), 0);
	T_EQ(start(1UL << INSTRET, -PERIOD), 0);
	count_down(50 * PERIOD);
	if (!shared())
		T_OK(total() >= 98 && total() <= 101);
	T_OK(total() >= 98);
	T_EQ(seen.told[INSTRET], total());
	T_EQ(seen.idle, 0);
	T_OK(shared() || seen.late < PERIOD / 20);
	print("# %lu overflows, %lu late\n", total(), seen.late);
	end();
}

/* Both at once: whoever overflows is told, and the other is not. */
static void both(void)
{
	begin(5);
	T_EQ(config(INSTRET, 0), 0);
	T_EQ(config(CYCLE, 0), 0);
	seen.again = -PERIOD;
	seen.left = ~0UL;
	T_EQ(start(1UL << INSTRET, -PERIOD), 0);
	T_EQ(start(1UL << CYCLE, -(PERIOD / 2)), 0);
	count_down(20 * PERIOD);
	T_OK(seen.told[INSTRET] >= 35);
	T_OK(seen.told[CYCLE] >= 35);
	T_OK(total() <= seen.told[INSTRET] + seen.told[CYCLE]);
	T_OK(shared() || (seen.told[INSTRET] <= 42 && seen.told[CYCLE] <= 42));
	T_EQ(seen.idle, 0);
	end();
}

/* It stays until the counter is started, and the interrupt until it is cleared. */
static void kept(void)
{
	begin(1UL << INSTRET);
	csr_clear(sie, 1UL << LCOFI);
	T_EQ(config(INSTRET, 0), 0);
	T_EQ(start(1UL << INSTRET, -PERIOD), 0);
	count_down(PERIOD);
	T_EQ(csr_read(sip) >> LCOFI & 1, 1);
	T_EQ(stop(1UL << INSTRET, 0), 1UL << INSTRET);
	T_EQ(stop(1UL << INSTRET, 0), 1UL << INSTRET);
	/* Relative to the base. */
	page[0] = ~0UL;
	sbi(SBI_EXT_PMU, PMU_STOP, 2, 1, PMU_STOP_SNAPSHOT);
	T_EQ(page[0], 1);
	T_EQ(total(), 0);
	T_EQ(start(1UL << INSTRET, 5), 0);
	T_EQ(csr_read(sip) >> LCOFI & 1, 1);
	csr_clear(sip, 1UL << LCOFI);
	count_down(PERIOD);
	T_EQ(csr_read(sip) >> LCOFI & 1, 0);
	T_EQ(stop(1UL << INSTRET, 0), 0);
	T_OK(page[3] > 2 * PERIOD && page[3] < 1UL << 40);
	/* Over the end twice is one interrupt, as long as nobody starts it. */
	T_EQ(start(1UL << INSTRET, -PERIOD), 0);
	count_down(PERIOD);
	csr_clear(sip, 1UL << LCOFI);
	for (int i = 0; i < 100; i++)
		(void)stop(1UL << CYCLE, 0);
	count_down(PERIOD);
	T_EQ(csr_read(sip) >> LCOFI & 1, 0);
	T_EQ(stop(1UL << INSTRET, PMU_STOP_RESET), 1UL << INSTRET);
	T_EQ(stop(1UL << INSTRET, 0), 0);
	end();
}

/* A WFI ends with an overflow that nobody has taken. */
static void ends_wfi(void)
{
	u64 before;

	begin(1UL << INSTRET);
	T_EQ(config(INSTRET, 0), 0);
	irq_off();
	timer_set(now() + ms(20000));
	csr_set(sie, 1UL << IRQ_TIMER);
	before = now();
	T_EQ(start(1UL << INSTRET, -100UL), 0);
	for (int i = 0; i < 200; i++)
		__asm__ volatile("nop");
	wfi();
	T_OK(now() - before < ms(10000));
	T_EQ(csr_read(sip) >> LCOFI & 1, 1);
	csr_clear(sie, 1UL << IRQ_TIMER);
	timer_set(~0UL);
	end();
}

static void user_alone(void)
{
	begin(1UL << INSTRET);
	T_EQ(config(INSTRET, PMU_CFG_SET_SINH), 0);
	T_EQ(start(1UL << INSTRET, 0), 0);
	count_down(PERIOD);
	count_down_user(PERIOD);
	stop(1UL << INSTRET, 0);
	if (shared())
		T_OK(page[3] >= 2 * PERIOD);
	else
		T_OK(page[3] >= 2 * PERIOD && page[3] < 2 * PERIOD + 20);
	T_EQ(start(1UL << INSTRET, -PERIOD), 0);
	count_down(4 * PERIOD);
	T_EQ(total(), 0);
	count_down_user(PERIOD);
	T_EQ(total(), 1);
	end();
}

static void supervisor_alone(void)
{
	begin(1UL << INSTRET);
	T_EQ(config(INSTRET, PMU_CFG_SET_UINH), 0);
	T_EQ(start(1UL << INSTRET, -PERIOD), 0);
	count_down_user(4 * PERIOD);
	T_EQ(total(), 0);
	count_down(PERIOD);
	T_EQ(total(), 1);
	end();
}

static void nobody(void)
{
	begin(1UL << INSTRET);
	T_EQ(config(INSTRET, PMU_CFG_SET_UINH | PMU_CFG_SET_SINH), 0);
	T_EQ(start(1UL << INSTRET, -1000UL), 0);
	count_down_user(PERIOD);
	count_down(PERIOD);
	T_EQ(total(), 0);
	stop(1UL << INSTRET, 0);
	T_EQ(page[3], -1000UL);
	end();
}

/* As many interrupts as a guest can make: the handler alone is longer. (QEMU looks after each so many
 * instructions, in limen as well.) */
static void storm(void)
{
	begin(1UL << INSTRET);
	seen.again = -64UL;
	seen.left = STORM;
	T_EQ(config(INSTRET, 0), 0);
	T_EQ(start(1UL << INSTRET, ~0UL), 0);
	irq_on();
	T_OK(wait_for(total() > STORM, 60000));
	irq_off();
	T_EQ(seen.left, 0);
	T_EQ(total(), STORM + 1);
	T_EQ(seen.told[INSTRET], STORM + 1);
	T_EQ(seen.idle, 0);
	end();
}

/* What is read while it runs goes up. */
static void live(void)
{
	u64 a, b, last = 0;

	begin(1UL << INSTRET);
	T_EQ(config(INSTRET, 0), 0);
	T_EQ(start(1UL << INSTRET, 1UL << 40), 0);
	a = csr_read(0xc02);
	for (int i = 0; i < 1000; i++) {
		b = csr_read(0xc02);
		T_OK(b > last);
		last = b;
	}
	T_OK(a >= 1UL << 40 && last - a >= 3000);
	T_OK(shared() || last - a < 100000);
	stop(1UL << INSTRET, 0);
	T_OK(page[3] > last);
	T_EQ(csr_read(0xc02), page[3]);
	end();
}

/* Anything in any order. */
static void anything(void)
{
	u64 r = 88172645463325252;

	begin(0);
	for (int i = 0; i < 3000; i++) {
		r ^= r << 13;
		r ^= r >> 7;
		r ^= r << 17;
		switch (r >> 60 & 3) {
		case 0:
			sbi(SBI_EXT_PMU, PMU_CONFIG, 0, r & 5, r >> 8 & 0xff, 1 + (r >> 20 & 1), 0);
			break;
		case 1:
			sbi(SBI_EXT_PMU, PMU_START, 0, r & 5, r >> 8 & 3, -(r >> 10 & 0xffff));
			break;
		case 2: sbi(SBI_EXT_PMU, PMU_STOP, 0, r & 5, r >> 8 & 3); break;
		default: count_down((r & 0xfff) + 1); break;
		}
	}
	end();
	once(INSTRET);
}

const char *guest_needs(void)
{
	return machine_has("sscofpmf") ? NULL : "no Sscofpmf";
}

const struct test guest_tests[] = {
	{"the guest has all of it", told_of},
	{"one overflow of instret is one interrupt", once_instret},
	{"and one of cycle", once_cycle},
	{"as many as there are", again},
	{"of both counters", both},
	{"an overflow is kept until the counter is started", kept},
	{"a WFI ends", ends_wfi},
	{"user mode alone", user_alone},
	{"supervisor mode alone", supervisor_alone},
	{"neither", nobody},
	{"a storm", storm},
	{"what is read meanwhile", live},
	{"calls in any order", anything},
	{NULL, NULL},
};
