/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: any text as limen's boot arguments.
 * Sources: hyp/tree/bootargs.c hyp/riscv/bootargs_arch.c arch/riscv/{isa,ext,ext_rules}.c.
 */
#include <string.h>

#include "hyp/tree/bootargs.h"
#include "tests/fuzz/input.h"

static void line(void *arg, const char *text)
{
	require(arg == NULL && strlen(text) < BOOTARGS_LINE_MAX);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct bootargs_warn warn = {line, NULL};
	char *args = malloc(size + 1); /* watched at its end */
	struct bootargs b;

	if (size)
		memcpy(args, data, size);
	args[size] = '\0';
	memset(&b, 0x5a, sizeof(b));
	bootargs_parse(args, &b, &warn);
	require(!b.arch.satp_bits || b.arch.satp_bits == 39 || b.arch.satp_bits == 48 ||
		b.arch.satp_bits == 57);
	require(b.torture_periods <= BOOTARGS_TORTURE_MAX &&
		b.torture_guests <= BOOTARGS_TORTURE_MAX);
	require(!(b.arch.hidden >> HIDE_FEATURES) && b.panic <= BOOTARGS_PANIC_OVERFLOW);
	free(args);
	return 0;
}
