/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/extable.h"

#include "lib/compiler.h"

struct ex_entry {
	u64 from, to;
};

extern const struct ex_entry __ex_table_start[], __ex_table_end[];
/* csr_stubs.S: too many for the table. */
extern const char csr_stubs_000[], csr_stubs_end[], csr_stub_absent[];

/* A few dozen entries at the most, and only faults come here. */
noinstr uintptr_t extable_find(uintptr_t pc)
{
	if (pc >= (uintptr_t)csr_stubs_000 && pc < (uintptr_t)csr_stubs_end)
		return (uintptr_t)csr_stub_absent;
	for (const struct ex_entry *e = __ex_table_start; e < __ex_table_end; e++)
		if (e->from == pc)
			return e->to;
	return 0;
}
