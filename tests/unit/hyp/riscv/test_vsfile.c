/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests' interrupt files against a model of two harts' IMSICs: how many there are, whose, what a move
 * does with messages that come at any moment of it, and who is told of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/hyp/riscv/imsic_model.h"

#include "hyp/riscv/vsfile.c"

/* ---- the tests ---------------------------------------------------------------------------------- */

static void boot(u32 geilen, u32 pages)
{
	memset(model, 0, sizeof(model));
	memset(vsfiles_of, 0, sizeof(vsfiles_of));
	for (now = 0; now < MODEL_HARTS; now++) {
		model[now].geilen = geilen;
		model[now].pages = pages;
		memset(model[now].file, 0x5a, sizeof(model[now].file));
		vsfile_hart_init();
	}
	now = 0;
}

/* GEILEN and the tree's pages, and the lesser counts; file 0 is nobody's. */
static void test_count(void **state)
{
	static const struct {
		u32 geilen, pages, want;
	} cases[] = {{0, 1, 0}, {0, 0, 0}, {3, 0, 0}, {1, 2, 1},  {3, 4, 3},
		     {7, 8, 7}, {7, 4, 3}, {3, 8, 3}, {63, 8, 7}, {63, 64, 63}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 n;
		u64 seen = 0;

		boot(cases[i].geilen, cases[i].pages);
		assert_int_equal(vsfile_count(0), cases[i].want);
		assert_int_equal(model[0].hgeie, 0);
		for (u32 k = 0; k < cases[i].want; k++) {
			assert_int_equal(vsfile_alloc(0, &n), OK);
			assert_in_range(n, 1, cases[i].want);
			assert_false(seen & BIT(n));
			seen |= BIT(n);
		}
		assert_int_equal(vsfile_alloc(0, &n), ERR_BUSY);
	}
}

static void test_alloc(void **state)
{
	u32 n, other;

	(void)state;
	boot(3, 4);
	for (u32 k = 0; k < 3; k++)
		assert_int_equal(vsfile_alloc(1, &n), OK);
	assert_int_equal(vsfile_alloc(0, &other), OK); /* another hart's are its own */
	vsfile_free(1, 2);
	assert_int_equal(vsfile_alloc(1, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(vsfile_page(1, 2).a, 0x28000000 + 4096 * (HART_PAGES + 2));
	vsfile_settle(1, 2);
	assert_int_equal(reads, 1);
}

/* What firmware or a guest before left behind is gone, and nothing behind the last identity is
 * touched. */
static void test_clear(void **state)
{
	struct file *f = &model[0].file[2];

	(void)state;
	boot(3, 4);
	for (u32 i = 0; i < 32; i++) {
		assert_int_equal(f->eip[i], i < 4 ? 0 : 0x5a5a5a5a5a5a5a5a);
		assert_int_equal(f->eie[i], i < 4 ? 0 : 0x5a5a5a5a5a5a5a5a);
	}
	assert_int_equal(f->eidelivery, 0);
	assert_int_equal(f->eithreshold, 0);
}

static u64 sent[4];

/* A message to the file that its sender sees at this moment. */
static void send_some(unsigned int hart, u32 n)
{
	for (int k = rand() % 3; k > 0; k--) {
		u32 id = 1 + (u32)rand() % IDENTITIES;

		vsfile_post(hart, n, id);
		sent[id / 64] |= BIT(id % 64);
	}
}

static void expect_file(const struct file *f, const struct file *want, const u64 eip[4])
{
	assert_int_equal(f->eidelivery, want->eidelivery);
	assert_int_equal(f->eithreshold, want->eithreshold);
	assert_memory_equal(f->eip, eip, 32);
	assert_memory_equal(f->eie, want->eie, 32);
}

static void fill_at_random(struct file *f)
{
	f->eidelivery = rand() & 1;
	f->eithreshold = (u64)rand() % 256;
	for (u32 i = 0; i < 4; i++)
		f->eie[i] =
			((u64)rand() << 40 ^ (u64)rand() << 20 ^ (u64)rand()) & (i ? ~0UL : ~1UL);
}

/* From file to file and back, with messages between any two steps: the pending ones afterwards are
 * those that were sent, and they are in one file. */
static void test_move(void **state)
{
	static const u64 none[4];
	static const struct file empty;
	struct vsfile_state s;

	(void)state;
	boot(3, 4);
	srand(7);
	memset(&s, 0xa5, sizeof(s));
	for (int round = 0; round < 2000; round++) {
		unsigned int from = round % 2, to = !from;
		u32 o = 1 + (u32)round % 3, n = 1 + (u32)(round + 1) % 3;
		struct file *old = &model[from].file[o], *new = &model[to].file[n], was;

		if (round == 0)
			fill_at_random(old);
		was = *old;
		send_some(from, o);
		now = to;
		vsfile_clear(n);
		send_some(from, o);
		/* The guest's page leads to n from here on. */
		send_some(to, n);
		now = from;
		vsfile_dump(o, &s);
		assert_false(file_has_something(old));
		expect_file(old, &empty, none);
		send_some(to, n);
		now = to;
		vsfile_fill(n, &s);
		expect_file(new, &was, sent);
		if (round % 5 == 0) {
			memset(new->eip, 0, sizeof(new->eip));
			memset(sent, 0, sizeof(sent));
			fill_at_random(new);
		}
	}
}

static unsigned int told[2];

static void tell(void *arg)
{
	(*(unsigned int *)arg)++;
}

static void open_file(u32 n, u32 id)
{
	model[0].file[n].eidelivery = 1;
	model[0].file[n].eie[id / 64] |= BIT(id % 64);
}

static void test_watch(void **state)
{
	(void)state;
	boot(3, 4);
	memset(told, 0, sizeof(told));
	open_file(1, 9);
	open_file(3, 70);
	vsfile_post(0, 1, 9);
	vsfile_irq();
	assert_int_equal(told[0], 0); /* nobody watches */
	vsfile_watch(1, tell, &told[0]);
	vsfile_watch(3, tell, &told[1]);
	vsfile_irq();
	assert_int_equal(told[0], 1); /* it had something already */
	vsfile_irq();
	assert_int_equal(told[0], 1);
	assert_int_equal(told[1], 0);
	assert_false(vsfile_unwatch(1));
	vsfile_post(0, 3, 71); /* not enabled */
	vsfile_irq();
	assert_int_equal(told[1], 0);
	vsfile_post(0, 3, 70);
	vsfile_irq();
	assert_int_equal(told[1], 1);
	assert_int_equal(model[0].hgeie, 0);
}

/* One that was read tells nobody, and the next that has the file hears nothing of before. */
static void test_stale(void **state)
{
	struct vsfile_state s;

	(void)state;
	boot(3, 4);
	memset(told, 0, sizeof(told));
	open_file(2, 5);
	vsfile_watch(2, tell, &told[0]);
	vsfile_post(0, 2, 5);
	vsfile_dump(2, &s);
	vsfile_irq();
	assert_int_equal(told[0], 0);
	assert_int_equal(s.eip[0], BIT(5));
	vsfile_clear(2);
	vsfile_watch(2, tell, &told[1]);
	vsfile_irq();
	assert_int_equal(told[1], 0);
	assert_true(vsfile_unwatch(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count), cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_clear), cmocka_unit_test(test_move),
		cmocka_unit_test(test_watch), cmocka_unit_test(test_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
