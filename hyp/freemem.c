/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/freemem.h"

struct walk {
	const struct platform *p;
	const struct platform_range *used;
	u32 used_count;
};

static const struct platform_range *taken(const struct walk *w, u32 i)
{
	return i < w->used_count ? &w->used[i] : &w->p->reserved[i - w->used_count].range;
}

/* The first taken range that reaches into [at, end): where it starts, at the earliest `at`, and
 * where it ends; false: none. */
static bool next_taken(const struct walk *w, u64 at, u64 end, u64 *from, u64 *to)
{
	*from = *to = end;
	for (u32 i = 0; i < w->used_count + w->p->reserveds; i++) {
		const struct platform_range *r = taken(w, i);
		u64 start = ALIGN_DOWN(r->base.a, (u64)PLATFORM_PAGE);
		u64 stop = ALIGN_UP(r->base.a + r->size, (u64)PLATFORM_PAGE);

		if (!r->size || stop <= at || start >= *from)
			continue;
		*from = max_u64(start, at);
		*to = stop;
	}
	return *from < end;
}

void freemem_each(const struct platform *p, const struct platform_range *used, u32 used_count,
		  void (*give)(hpa_t start, u64 size, void *arg), void *arg)
{
	struct walk w = {p, used, used_count};

	for (u32 i = 0; i < p->mems; i++) {
		u64 at = p->mem[i].base.a, end = at + p->mem[i].size, from, to;

		while (next_taken(&w, at, end, &from, &to)) {
			if (from > at)
				give(HPA(at), from - at, arg);
			at = to;
		}
		if (at < end)
			give(HPA(at), end - at, arg);
	}
}
