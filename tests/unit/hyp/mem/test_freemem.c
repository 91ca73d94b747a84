/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Free RAM against a map with one byte a page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hyp/mem/freemem.h"

#define PAGES 96UL
#define BASE  0x80000000UL
#define PAGE  ((u64)PLATFORM_PAGE)
#define USED  4

static struct platform p;
static struct platform_range used[USED];
static u8 want[PAGES]; /* page is free */
static u8 got[PAGES];
static u64 last_end;

static enum err give(hpa_t start, u64 size, void *arg)
{
	assert_ptr_equal(arg, got);
	assert_true(size > 0);
	assert_int_equal((start.a | size) % PAGE, 0);
	assert_true(start.a >= last_end);
	last_end = start.a + size;
	assert_true(start.a >= BASE && last_end <= BASE + PAGES * PAGE);
	for (u64 at = start.a; at < last_end; at += PAGE)
		got[(at - BASE) / PAGE]++;
	return OK;
}

/* All pages that a range of bytes touches are taken. */
static void take(const struct platform_range *r)
{
	for (u64 i = 0; i < PAGES; i++) {
		u64 start = BASE + i * PAGE;

		if (r->size && r->base.a < start + PAGE && r->base.a + r->size > start)
			want[i] = 0;
	}
}

/* Before a walk: all memory is wanted, but what take() takes. */
static void begin(void)
{
	memset(want, 0, sizeof(want));
	memset(got, 0, sizeof(got));
	last_end = 0;
	for (u32 i = 0; i < p.mems; i++)
		memset(&want[(p.mem[i].base.a - BASE) / PAGE], 1, p.mem[i].size / PAGE);
}

static void check_mapped(void)
{
	begin();
	for (u32 i = 0; i < p.reserveds; i++)
		if (p.reserved[i].no_map)
			take(&p.reserved[i].range);
	assert_int_equal(freemem_each_mapped(&p, give, got), OK);
	assert_memory_equal(got, want, PAGES);
}

static void check(void)
{
	begin();
	for (u32 i = 0; i < p.reserveds; i++)
		take(&p.reserved[i].range);
	for (u32 i = 0; i < USED; i++)
		take(&used[i]);
	assert_int_equal(freemem_each(&p, used, USED, give, got), OK);
	assert_memory_equal(got, want, PAGES);
	check_mapped();
}

static void clear(void)
{
	memset(&p, 0, sizeof(p));
	memset(used, 0, sizeof(used));
}

/* From a little before RAM to a little behind it, in bytes. */
static struct platform_range any_range(u64 unit)
{
	u64 start = BASE - 8 * PAGE + (u64)random() % (PAGES + 16) * PAGE;
	u64 size = (u64)random() % (20 * PAGE);

	return (struct platform_range){HPA(start + (u64)random() % PAGE / unit * unit),
				       size / unit * unit};
}

static void random_maps(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 20000; round++) {
		u64 at = 0;

		clear();
		while (p.mems < 4 && at < PAGES) {
			u64 start = at + (u64)random() % 10, size = 1 + (u64)random() % 40;

			if (start + size > PAGES)
				break;
			p.mem[p.mems++] =
				(struct platform_range){HPA(BASE + start * PAGE), size * PAGE};
			at = start + size;
		}
		p.reserveds = (u32)random() % 8;
		for (u32 i = 0; i < p.reserveds; i++)
			p.reserved[i] = (struct platform_reserved){any_range(PAGE), random() % 2};
		for (u32 i = 0; i < USED; i++)
			if (random() % 2)
				used[i] = any_range(1);
		check();
	}
}

static void edges(void **state)
{
	(void)state;
	clear();
	check(); /* no memory at all */
	p.mems = 1;
	p.mem[0] = (struct platform_range){HPA(BASE), PAGES * PAGE};
	check(); /* all of it */
	used[0] = (struct platform_range){HPA(BASE), PAGES * PAGE};
	check(); /* none of it */
	used[0] = (struct platform_range){HPA(BASE + 5), 1};
	used[1] = (struct platform_range){HPA(BASE + PAGES * PAGE - 1), 1};
	check(); /* a byte at each end */
	used[2] = (struct platform_range){HPA(BASE + 7 * PAGE), 0};
	check(); /* an empty range takes nothing */
}

static enum err refuse(hpa_t start, u64 size, void *arg)
{
	u32 *calls = arg;

	(void)start;
	(void)size;
	return ++*calls == 2 ? ERR_NOMEM : OK;
}

/* Of the three free ranges the second is refused: nothing is told of the third. */
static void refused(void **state)
{
	u32 calls = 0;

	(void)state;
	clear();
	p.mems = 2;
	p.mem[0] = (struct platform_range){HPA(BASE), 10 * PAGE};
	p.mem[1] = (struct platform_range){HPA(BASE + 20 * PAGE), 10 * PAGE};
	used[0] = (struct platform_range){HPA(BASE + 5 * PAGE), PAGE};
	assert_int_equal(freemem_each(&p, used, USED, refuse, &calls), ERR_NOMEM);
	assert_int_equal(calls, 2);
	calls = 1;
	assert_int_equal(freemem_each_mapped(&p, refuse, &calls), ERR_NOMEM);
	assert_int_equal(calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges),
		cmocka_unit_test(random_maps),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
