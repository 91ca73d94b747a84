/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pass over the harts. Reading a text is long, and most machines' harts have the same one: it is
 * read where it changes.
 */
#include "hyp/riscv/hartisa.h"

#include <string.h>

#include "lib/log.h"

static bool read_isa(const struct platform_hart *h, struct isa_set *isa)
{
	if (h->arch.isa_list &&
	    !isa_parse_list(h->arch.isa_base, h->arch.isa_list, h->arch.isa_list_size, isa))
		return true;
	if (h->arch.isa && !isa_parse_string(h->arch.isa, strlen(h->arch.isa) + 1, isa))
		return true;
	*isa = (struct isa_set){0};
	return false;
}

static bool same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_text(const struct platform_hart *a, const struct platform_hart *b)
{
	return a->arch.isa_list_size == b->arch.isa_list_size &&
	       !a->arch.isa_list == !b->arch.isa_list &&
	       (!a->arch.isa_list ||
		memcmp(a->arch.isa_list, b->arch.isa_list, a->arch.isa_list_size) == 0) &&
	       same_string(a->arch.isa_base, b->arch.isa_base) &&
	       same_string(a->arch.isa, b->arch.isa);
}

void hartisa_common(const struct platform *p, struct isa_set *out)
{
	const struct platform_hart *last = NULL;
	struct isa_set isa = {0};
	bool read = false, only_h = false;

	*out = (struct isa_set){0};
	for (u32 i = 0; i < p->harts; i++) {
		const struct platform_hart *h = &p->hart[i];
		bool first = !last;

		if (!h->usable)
			continue;
		if (first || !same_text(last, h))
			read = read_isa(h, &isa);
		last = h;
		if (!read)
			log_warn("hart %llu: no ISA string that limen reads; "
				 "guests get the base only",
				 (unsigned long long)h->id);
		if (first || (!only_h && isa_has(&isa, EXT_H)))
			*out = isa;
		else if (!only_h || isa_has(&isa, EXT_H))
			isa_intersect(out, &isa);
		only_h = only_h || isa_has(&isa, EXT_H);
	}
}
