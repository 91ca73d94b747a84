/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/symbols.h"

#include "lib/compiler.h"

/* From the linker script; nowhere on the host, unless a test has one. */
extern const char __image_start[] __weak;

/* How many symbols begin at or below the offset. */
static u32 symbols_up_to(u64 offset)
{
	u32 low = 0, high = symtab_count;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (symtab[mid].offset <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const char *symbol_lookup(uintptr_t addr, size_t *offset)
{
	uintptr_t base = (uintptr_t)__image_start;
	const struct symbol *s;
	u32 n;

	if (addr < base)
		return NULL;
	n = symbols_up_to(addr - base);
	if (n == 0)
		return NULL;
	s = &symtab[n - 1];
	if (addr - base - s->offset >= s->size)
		return NULL;
	if (offset)
		*offset = addr - base - s->offset;
	return symtab_names + s->name;
}
