/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's counts as counters of harts whose firmware is a model: what is configured and started, what
 * an overflow is, across moves and firmwares that refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "arch/riscv/hpm.c"

#define HARTS	 2
#define MODES	 0xf8UL /* the flags that inhibit, as the specification numbers them */
#define OF_GUEST 0x18UL /* VUINH, VSINH */

/* Per hart: what each counter has, and is at. */
static struct counter {
	u64 value, flags, event;
	bool configured, runs;
} model[HARTS][64];
static unsigned int here;
static u64 bits;  /* wide, less one */
static u64 there; /* BIT(counter) */
static u64 number_is_off, counts_always, refuses_start, refuses_config;
static unsigned int calls;

struct fw fw = {.found = BIT(FW_PMU)};

static u64 cut(u64 v)
{
	return bits == 63 ? v : v & ((1UL << (bits + 1)) - 1);
}

static long config(u64 set, u64 flags, u64 event)
{
	assert_int_equal(flags & MODES & ~OF_GUEST, MODES & ~OF_GUEST);
	assert_true(event == 1 || event == 2);
	if (refuses_config & BIT(event))
		return -1;
	for (int i = 63; i >= 0; i--) {
		struct counter *c = &model[here][i];

		if (!(set & there & BIT(i)) || c->configured)
			continue;
		*c = (struct counter){
			.value = 12345, .flags = flags, .event = event, .configured = true};
		return i;
	}
	return -1;
}

long fw_pmu(u64 fid, u64 a0, u64 a1, u64 a2, u64 a3)
{
	calls++;
	switch (fid) {
	case 1:
		if (a0 < 3 || !(there & BIT(a0)))
			return a0 < 32 ? -1 : (long)(1UL << 63);
		return (long)((0xc00 + a0 + number_is_off) | bits << 12);
	case 2: assert_int_equal(a0, 0); return config(a1, a2, a3);
	case 3:
		assert_int_equal(a1, 1);
		assert_int_equal(a2, 1);
		if (refuses_start)
			return -1;
		assert_true(model[here][a0].configured && !model[here][a0].runs);
		model[here][a0].value = cut(a3);
		model[here][a0].runs = true;
		return 0;
	case 4:
		assert_int_equal(a0, 0);
		assert_int_equal(a2, 1);
		for (unsigned int i = 0; i < 64; i++)
			if (a1 & BIT(i))
				model[here][i].runs = model[here][i].configured = false;
		return 0;
	default: fail(); return -1;
	}
}

u64 hpm_read(u64 n)
{
	assert_true(n >= 3 && n < 19);
	if (counts_always)
		model[here][n].value++;
	return model[here][n].value;
}

/* The guest runs here: so much of each event, in either of its modes. */
static void guest(u64 events, u64 inhibited_by)
{
	for (unsigned int i = 0; i < 64; i++) {
		struct counter *c = &model[here][i];

		if (c->runs && !(c->flags & inhibited_by))
			c->value = cut(c->value + events);
	}
}

static unsigned int running(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 64; i++)
		n += model[here][i].runs;
	return n;
}

static struct guest_counts c;

static void enter(unsigned int hart, u32 runs)
{
	here = hart;
	c.running = c.switched = runs;
	hpm_start(&c);
}

static bool leave(void)
{
	bool overflown = hpm_look(&c);

	hpm_stop(&c);
	assert_int_equal(running(), 0);
	return overflown;
}

static int setup(void **state)
{
	(void)state;
	memset(model, 0, sizeof(model));
	memset(&c, 0, sizeof(c));
	number_is_off = counts_always = refuses_start = refuses_config = 0;
	there = 0x7fff8;
	bits = 63;
	here = 0;
	usable = width = 0;
	assert_int_equal(hpm_probe(), 63);
	return 0;
}

/* Once a machine: the first hart says what is used. */
static void test_probe(void **state)
{
	(void)state;
	assert_int_equal(running(), 0);
	here = 1;
	assert_int_equal(hpm_probe(), 63);
	counts_always = 1;
	assert_int_equal(hpm_probe(), 0);
	counts_always = 0;
	there = 0x7ff8; /* fewer than the boot hart */
	assert_int_equal(hpm_probe(), 0);
	there = 0x7fff8;
	bits = 47;
	assert_int_equal(hpm_probe(), 0);
	bits = 63;
	number_is_off = 1;
	assert_int_equal(hpm_probe(), 0);
	number_is_off = 0;
	refuses_config = BIT(1);
	assert_int_equal(hpm_probe(), 0);
	refuses_config = BIT(2);
	assert_int_equal(hpm_probe(), 0);
	refuses_config = 0;
	refuses_start = 1;
	assert_int_equal(hpm_probe(), 0);
	assert_int_equal(running(), 0);
	refuses_start = 0;
	assert_int_equal(hpm_probe(), 63);
}

static void test_counts(void **state)
{
	(void)state;
	c.value[COUNTS_INSTRET] = 1000;
	c.inhibit[COUNTS_INSTRET] = 0x10;
	enter(0, COUNTS_ALL);
	assert_int_equal(running(), 2);
	assert_int_equal(c.switched, 0);
	assert_true(c.hpm[COUNTS_CYCLE] != c.hpm[COUNTS_INSTRET]);
	assert_int_equal(model[0][c.hpm[COUNTS_CYCLE]].event, 1);
	assert_int_equal(model[0][c.hpm[COUNTS_INSTRET]].event, 2);
	assert_int_equal(model[0][c.hpm[COUNTS_CYCLE]].flags & OF_GUEST, 0);
	assert_int_equal(model[0][c.hpm[COUNTS_INSTRET]].flags & OF_GUEST, 0x10);
	guest(50, 0x10);
	guest(7, 0x08);
	assert_false(hpm_look(&c));
	assert_int_equal(c.value[COUNTS_CYCLE], 57);
	assert_int_equal(c.value[COUNTS_INSTRET], 1007);
	assert_false(leave());
	enter(1, BIT(COUNTS_CYCLE));
	assert_int_equal(running(), 1);
	guest(3, 0);
	assert_false(leave());
	assert_int_equal(c.value[COUNTS_CYCLE], 60);
	assert_int_equal(c.value[COUNTS_INSTRET], 1007);
	/* With nothing there, nothing is called. */
	calls = 0;
	assert_false(leave());
	assert_int_equal(calls, 0);
}

/* Each overflow is seen once: while it runs, as it leaves, and on another hart. */
static void test_overflow(void **state)
{
	(void)state;
	c.value[COUNTS_CYCLE] = -100UL;
	enter(0, COUNTS_ALL);
	guest(99, 0);
	assert_false(hpm_look(&c));
	guest(1, 0);
	assert_true(hpm_look(&c));
	assert_int_equal(c.overflown, BIT(COUNTS_CYCLE));
	assert_false(hpm_look(&c));
	guest(5, 0);
	assert_false(leave());
	assert_int_equal(c.value[COUNTS_CYCLE], 5);
	assert_int_equal(c.value[COUNTS_INSTRET], 105);
	/* Again, before it was started again: it has overflowed already. */
	c.value[COUNTS_CYCLE] = -10UL;
	enter(1, COUNTS_ALL);
	guest(20, 0);
	assert_false(leave());
	c.overflown = 0;
	c.value[COUNTS_CYCLE] = c.value[COUNTS_INSTRET] = -10UL;
	enter(0, COUNTS_ALL);
	guest(4, 0);
	assert_false(leave());
	enter(1, COUNTS_ALL);
	guest(30, 0);
	assert_true(leave());
	assert_int_equal(c.overflown, COUNTS_ALL);
	assert_int_equal(c.value[COUNTS_CYCLE], 24);
}

/* What is far from its end is near it in the hart, and the same in the guest. */
static void test_far(void **state)
{
	static const u64 from[] = {0,	      1,	 1UL << 40,	 1UL << 62,
				   1UL << 63, 3UL << 62, (3UL << 62) - 2};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		c.value[COUNTS_CYCLE] = from[i];
		enter(0, BIT(COUNTS_CYCLE));
		assert_true(model[0][c.hpm[COUNTS_CYCLE]].value >= 3UL << 62);
		guest(10, 0);
		assert_false(hpm_look(&c));
		assert_int_equal(c.value[COUNTS_CYCLE], from[i] + 10);
		assert_false(leave());
	}
}

/* A guest's count is as wide as the hart's counters. */
static void test_narrow(void **state)
{
	(void)state;
	bits = 39;
	usable = 0;
	assert_int_equal(hpm_probe(), 39);
	c.value[COUNTS_CYCLE] = -10UL;
	c.value[COUNTS_INSTRET] = 1UL << 40;
	enter(0, COUNTS_ALL);
	guest(9, 0);
	assert_false(hpm_look(&c));
	assert_int_equal(c.value[COUNTS_CYCLE], (1UL << 40) - 1);
	assert_int_equal(c.value[COUNTS_INSTRET], 9);
	guest(1, 0);
	assert_true(leave());
	assert_int_equal(c.overflown, BIT(COUNTS_CYCLE));
	assert_int_equal(c.value[COUNTS_CYCLE], 0);
}

/* What cannot be had is counted at the world switch, and nothing is left running. */
static void test_refused(void **state)
{
	(void)state;
	refuses_config = BIT(2);
	enter(0, COUNTS_ALL);
	assert_int_equal(c.switched, BIT(COUNTS_INSTRET));
	assert_int_equal(running(), 1);
	guest(5, 0);
	leave();
	assert_int_equal(c.value[COUNTS_INSTRET], 0);
	refuses_config = 0;
	refuses_start = 1;
	enter(0, COUNTS_ALL);
	assert_int_equal(c.switched, COUNTS_ALL);
	leave();
	for (unsigned int i = 0; i < 64; i++)
		assert_false(model[0][i].configured);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_probe, setup),
		cmocka_unit_test_setup(test_counts, setup),
		cmocka_unit_test_setup(test_overflow, setup),
		cmocka_unit_test_setup(test_far, setup),
		cmocka_unit_test_setup(test_narrow, setup),
		cmocka_unit_test_setup(test_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
