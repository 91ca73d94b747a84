/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: what harts, vCPUs and their guests do, and in which order, in the model of
 * tests/unit/guest/riscv/test_fences.c, which has seen every translation that is met.
 * Sources: those of that test.
 */
#include "tests/fuzz/input.h"

/* In place of chance. */
#define TESTS_UNIT_CHANCE_H
#define rnd(n)		  input_below(n)
#define chance_from(seed) ((void)(seed))

#define main unit_main
int unit_main(void);
#include "tests/unit/guest/riscv/test_fences.c"
#undef main

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (size < 2)
		return 0;
	if (arch_irqs_off())
		irq_on();
	input_begin(data, size);
	run_begin((unsigned int)input_below(4), 0);
	wrong = NULL;
	while (input_left) {
		run_step();
		require(!wrong);
	}
	return 0;
}
