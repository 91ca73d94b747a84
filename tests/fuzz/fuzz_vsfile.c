/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: which vCPU goes where, who sends to whom meanwhile, and what cannot be had, in the model of
 * tests/unit/guest/riscv/test_vcpu_vsfile.c, which knows where each message has to be.
 * Sources: those of that test.
 */
#include "tests/fuzz/input.h"

/* In place of chance. */
#define rand()	 ((int)input_bytes(2))
#define srand(n) ((void)(n))

#define main unit_main
int unit_main(void);
#include "tests/unit/guest/riscv/test_vcpu_vsfile.c"
#undef main

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (size < 2)
		return 0;
	if (!arch_irqs_off())
		irq_off();
	input_begin(data, size);
	moves_begin((u32)input_below(4));
	while (input_left)
		moves_step();
	moves_end();
	return 0;
}
