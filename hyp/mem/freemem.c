/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/mem/freemem.h"

/* What is taken: the ranges of used, and the platform's reserved ones, all or those of no-map. */
struct walk {
	const struct platform *p;
	const struct platform_range *used;
	u32 used_count;
	bool no_map_only;
	enum err (*give)(hpa_t start, u64 size, void *arg);
	void *arg;
};

/* Range i of those that may be taken; NULL: it is not. */
static const struct platform_range *taken(const struct walk *w, u32 i)
{
	const struct platform_reserved *r;

	if (i < w->used_count)
		return &w->used[i];
	r = &w->p->reserved[i - w->used_count];
	return w->no_map_only && !r->no_map ? NULL : &r->range;
}

/* The first taken range that reaches into [at, end): where it starts, at the earliest `at`, and
 * where it ends; false: none. */
static bool next_taken(const struct walk *w, u64 at, u64 end, u64 *from, u64 *to)
{
	*from = *to = end;
	for (u32 i = 0; i < w->used_count + w->p->reserveds; i++) {
		const struct platform_range *r = taken(w, i);
		u64 start, stop;

		if (!r || !r->size)
			continue;
		start = ALIGN_DOWN(r->base.a, (u64)PLATFORM_PAGE);
		stop = ALIGN_UP(r->base.a + r->size, (u64)PLATFORM_PAGE);
		if (stop <= at || start >= *from)
			continue;
		*from = max_u64(start, at);
		*to = stop;
	}
	return *from < end;
}

/* What is not taken of [at, end). */
static enum err give_gaps(const struct walk *w, u64 at, u64 end)
{
	enum err e = OK;
	u64 from, to;

	while (e == OK && next_taken(w, at, end, &from, &to)) {
		if (from > at)
			e = w->give(HPA(at), from - at, w->arg);
		at = to;
	}
	return e == OK && at < end ? w->give(HPA(at), end - at, w->arg) : e;
}

static enum err give_all(const struct walk *w)
{
	enum err e = OK;

	for (u32 i = 0; e == OK && i < w->p->mems; i++) {
		const struct platform_range *m = &w->p->mem[i];

		e = give_gaps(w, m->base.a, m->base.a + m->size);
	}
	return e;
}

enum err freemem_each(const struct platform *p, const struct platform_range *used, u32 used_count,
		      enum err (*give)(hpa_t start, u64 size, void *arg), void *arg)
{
	const struct walk w = {p, used, used_count, false, give, arg};

	return give_all(&w);
}

enum err freemem_each_mapped(const struct platform *p,
			     enum err (*give)(hpa_t start, u64 size, void *arg), void *arg)
{
	const struct walk w = {p, NULL, 0, true, give, arg};

	return give_all(&w);
}
