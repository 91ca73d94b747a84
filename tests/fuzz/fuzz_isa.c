/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: any text as riscv,isa and as riscv,isa-extensions; what was understood is written, and read
 * again as the same.
 * Sources: arch/riscv/{isa,ext,ext_rules}.c.
 */
#include <string.h>

#include "arch/riscv/ext.h"
#include "tests/fuzz/input.h"

static void as_string(const struct isa_set *s)
{
	char text[ISA_TEXT_MAX];
	struct isa_set again;

	require(!isa_build_string(s, text, sizeof(text)));
	require(!isa_parse_string(text, strlen(text), &again) && isa_equal(s, &again));
}

static void as_list(const struct isa_set *s)
{
	char text[ISA_TEXT_MAX];
	struct isa_set again;
	size_t n;

	require(!isa_build_list(s, text, sizeof(text), &n) && n <= sizeof(text));
	require(!isa_parse_list("rv64i", text, n, &again) && isa_equal(s, &again));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *text = malloc(size); /* watched at its end */
	struct isa_set s;

	if (size)
		memcpy(text, data, size);
	if (!isa_parse_string(text, size, &s))
		as_string(&s);
	if (!isa_parse_list("rv64i", text, size, &s))
		as_list(&s);
	free(text);
	return 0;
}
