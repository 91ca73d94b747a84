/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: a guest's counts on harts whose firmware refuses what it likes, in the model of
 * tests/unit/arch/riscv/test_hpm.c, against the number of its events and of its overflows. The calls of SBI's PMU
 * are fuzz_sbi.c's.
 * Sources: those of that test.
 */
#include "tests/fuzz/input.h"

#define main unit_main
int unit_main(void);
#include "tests/unit/arch/riscv/test_hpm.c"
#undef main

/* What each count has to be. */
static struct {
	u64 value;
	bool over;
} want[COUNTS_NUMBER];

static void happen(u64 n)
{
	guest(n, 0);
	for (unsigned int i = 0; i < COUNTS_NUMBER; i++) {
		if (!c.hpm[i])
			continue;
		want[i].over |= cut(want[i].value + n) < cut(want[i].value);
		want[i].value = cut(want[i].value + n);
	}
}

static void check(void)
{
	for (unsigned int i = 0; i < COUNTS_NUMBER; i++) {
		require(cut(c.value[i]) == cut(want[i].value));
		require(want[i].over == !!(c.overflown & BIT(i)));
	}
}

static void set(unsigned int i)
{
	want[i].value = c.value[i] = input_below(2) ? input_bytes(8) : 0UL - input_below(300);
	want[i].over = false;
	c.overflown &= ~(u32)BIT(i);
}

static void run(void)
{
	refuses_config = input_below(8);
	refuses_start = input_below(8) == 0;
	enter((unsigned int)input_below(HARTS), (u32)input_below(8) & COUNTS_ALL);
	require(running() <= 2);
	for (u64 n = input_below(4); n; n--) {
		happen(input_bytes(1));
		if (input_below(2)) {
			(void)hpm_look(&c);
			check();
		}
	}
	(void)leave();
	check();
	require(running() == 0);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 widths[] = {63, 47, 39, 31};

	input_begin(data, size);
	(void)setup(NULL);
	memset(model, 0, sizeof(model));
	memset(&c, 0, sizeof(c));
	memset(want, 0, sizeof(want));
	bits = widths[input_below(ARRAY_SIZE(widths))];
	there = (input_bytes(3) << 3) & 0x7fff8;
	usable = 0;
	refuses_config = refuses_start = 0;
	here = 0;
	(void)hpm_probe();
	while (input_left) {
		run();
		if (input_below(3) == 0)
			set(input_below(2) ? COUNTS_CYCLE : COUNTS_INSTRET);
	}
	return 0;
}
