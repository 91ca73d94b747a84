/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory against a flat copy of it; what is refused at its edges; who keeps RAM alive; and
 * that all comes back, to the machine and to the VM's account, whatever fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "guest/mem/gmem.h"
#include "hyp/sched/thread.h"
#include "lib/check.h"
#include "tests/unit/arena.h"
#include "tests/unit/cache_model.h"

static unsigned int yields;

void thread_yield(void)
{
	yields++;
}

static unsigned int looks;

void thread_look(void)
{
	looks++;
}

#define BASE 0x80000000UL

static u64 seed, start_free;
static struct mem_account acct;
static struct vm_mem mem;

static u64 rnd(void)
{
	return rnd_next(&seed);
}

static void let_callbacks_run(void)
{
	while (rcu_callbacks_pending())
		rcu_run_callbacks();
}

static int setup(void **state)
{
	(void)state;
	seed = 88172645463325252UL;
	arena_reset();
	kmem_forget_all();
	acct = (struct mem_account){.limit = ~0UL};
	assert_int_equal(page_init_range(HPA(ARENA_HPA), MIB(128)), OK);
	start_free = page_free_bytes();
	gmem_init(&mem, &acct);
	return 0;
}

static int all_back(void **state)
{
	(void)state;
	gmem_destroy(&mem);
	let_callbacks_run();
	return !gmem_gone(&mem) || page_free_bytes() != start_free || mem_used(&acct);
}

/* Holes in the free memory, filled with something, so that a slot comes in scattered pieces. */
static void fragment(void)
{
	hpa_t p[64];
	u32 n = 0;

	while (n < ARRAY_SIZE(p) && page_alloc(PAGE_ORDER_2M, &p[n]))
		memset(hpa_to_va(p[n++]), 0xee, MIB(2));
	for (u32 i = 0; i < n; i += 2)
		page_free(p[i], PAGE_ORDER_2M);
	for (u32 i = 1; i < n; i += 4)
		page_free(p[i], PAGE_ORDER_2M);
	for (u32 i = 3; i < n; i += 4) /* those in between stay, for good */
		start_free -= MIB(2);
}

static u64 size_sum;
static u32 runs;
static gpa_t run_end;

static enum err count_run(void *ctx, gpa_t gpa, hpa_t hpa, u64 size)
{
	CHECK(ctx == &runs && size && IS_ALIGNED(gpa.a | hpa.a | size, MIB(2)));
	CHECK(gpa.a >= run_end.a);
	CHECK(gmem_ptr(&mem, gpa, size) == hpa_to_va(hpa));
	run_end = GPA(gpa.a + size);
	size_sum += size;
	return runs++ < 1000 ? OK : ERR_BUSY;
}

static enum err count_runs(void)
{
	size_sum = runs = 0;
	run_end = GPA(0);
	return gmem_for_each_run(&mem, count_run, &runs);
}

static void refusals(void **state)
{
	u64 used;

	(void)state;
	assert_int_equal(gmem_add(&mem, GPA(BASE), 0), ERR_INVAL);
	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(1)), ERR_INVAL);
	assert_int_equal(gmem_add(&mem, GPA(BASE + 4096), MIB(2)), ERR_INVAL);
	assert_int_equal(gmem_add(&mem, GPA(-MIB(2)), MIB(4)), ERR_RANGE);
	assert_int_equal(gmem_add(&mem, GPA(-MIB(2)), MIB(2)), ERR_RANGE);
	assert_int_equal(gmem_add(&mem, GPA(MIB(2)), -MIB(2)), ERR_RANGE);
	assert_int_equal(gmem_add(&mem, GPA(0), -MIB(4)), ERR_NOMEM);
	assert_int_equal(gmem_add(&mem, GPA(0), GIB(1)), ERR_NOMEM);
	assert_int_equal(mem_used(&acct), 0);

	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(4)), OK);
	used = mem_used(&acct);
	assert_true(used >= MIB(4) && used < MIB(5));
	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(2)), ERR_EXIST);
	assert_int_equal(gmem_add(&mem, GPA(BASE + MIB(2)), MIB(4)), ERR_EXIST);
	assert_int_equal(gmem_add(&mem, GPA(BASE - MIB(2)), MIB(4)), ERR_EXIST);
	assert_int_equal(gmem_add(&mem, GPA(BASE - MIB(2)), MIB(16)), ERR_EXIST);
	acct.limit = used + MIB(2);
	assert_int_equal(gmem_add(&mem, GPA(BASE + MIB(4)), MIB(2)), ERR_NOMEM);
	assert_int_equal(mem_used(&acct), used);
	assert_int_equal(gmem_remove(&mem, GPA(BASE + MIB(2))), ERR_NOENT);
	assert_int_equal(gmem_remove(&mem, GPA(0)), ERR_NOENT);
	assert_int_equal(gmem_size(&mem), MIB(4));
	acct.limit = ~0UL;
	for (u64 i = 1; i < GMEM_SLOTS_MAX - 10; i++)
		assert_int_equal(gmem_add(&mem, GPA(BASE - i * MIB(4)), MIB(2)), OK);
}

static void too_many_slots(void **state)
{
	(void)state;
	assert_int_equal(page_init_range(HPA(ARENA_HPA + MIB(256)), MIB(64)), OK);
	start_free = page_free_bytes();
	for (u64 i = 0; i < GMEM_SLOTS_MAX; i++)
		assert_int_equal(gmem_add(&mem, GPA(BASE + (i * 37 % 64) * MIB(4)), MIB(2)), OK);
	assert_int_equal(gmem_add(&mem, GPA(0), MIB(2)), ERR_NOMEM);
	assert_int_equal(count_runs(), OK);
	assert_int_equal(size_sum, GMEM_SLOTS_MAX * MIB(2));
	for (u64 i = 0; i < GMEM_SLOTS_MAX; i += 2)
		assert_int_equal(gmem_remove(&mem, GPA(BASE + i * MIB(4))), OK);
	for (u64 i = 0; i < GMEM_SLOTS_MAX; i++)
		assert_int_equal(gmem_contains(&mem, GPA(BASE + i * MIB(4)), MIB(2)), i % 2);
}

static void edges(void **state)
{
	static const struct {
		u64 gpa, size;
		bool ok;
	} t[] = {
		{BASE, 1, true},
		{BASE - 1, 1, false},
		{BASE - 1, 2, false},
		{BASE, MIB(4), true},
		{BASE, MIB(4) + 1, true}, /* the next slot touches */
		{BASE, MIB(6), true},
		{BASE, MIB(6) + 1, false},
		{BASE + MIB(6) - 1, 1, true},
		{BASE + MIB(6) - 1, 2, false},
		{BASE + MIB(6), 1, false},
		{BASE + MIB(8), MIB(2), true},
		{BASE + MIB(6), MIB(4), false},
		{BASE, ~0UL, false},
		{BASE, -BASE, false},
		{BASE + 8, -8UL, false},
		{BASE + 8, -BASE - 8, false},
		{~0UL, 1, false},
		{~0UL, 2, false},
		{~0UL, ~0UL, false},
		{0, ~0UL, false},
		{0, 1, false},
		{~0UL, 0, true},
		{0, 0, true},
	};
	static u8 buf[MIB(6)];

	(void)state;
	assert_false(gmem_contains(&mem, GPA(BASE), 1));
	assert_null(gmem_ptr(&mem, GPA(BASE), 1));
	assert_int_equal(gmem_read(&mem, GPA(BASE), buf, 1), ERR_RANGE);
	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(4)), OK);
	assert_int_equal(gmem_add(&mem, GPA(BASE + MIB(8)), MIB(2)), OK);
	assert_int_equal(gmem_add(&mem, GPA(BASE + MIB(4)), MIB(2)), OK);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		gpa_t at = GPA(t[i].gpa);
		enum err err = t[i].ok ? OK : ERR_RANGE;

		assert_int_equal(gmem_contains(&mem, at, t[i].size), t[i].ok);
		assert_int_equal(gmem_read(&mem, at, buf, t[i].size), err);
		assert_int_equal(gmem_write(&mem, at, buf, t[i].size), err);
		assert_int_equal(gmem_zero(&mem, at, t[i].size), err);
		if (!t[i].ok || !t[i].size) {
			assert_null(gmem_ptr(&mem, at, t[i].size));
			assert_null(gmem_hold(&mem, at, t[i].size));
		}
	}
	assert_null(gmem_hold(&mem, GPA(BASE), MIB(4) + 1)); /* in no one slot */
	assert_null(gmem_ptr(&mem, GPA(BASE), MIB(4) + 1));
	assert_non_null(gmem_ptr(&mem, GPA(BASE + MIB(4) - 1), 1));
}

/* Nothing is written when not all can be. */
static void all_or_nothing(void **state)
{
	u8 buf[64], got[32];

	(void)state;
	memset(buf, 0x55, sizeof(buf));
	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(2)), OK);
	assert_int_equal(gmem_write(&mem, GPA(BASE + MIB(2) - 32), buf, 33), ERR_RANGE);
	assert_int_equal(gmem_read(&mem, GPA(BASE + MIB(2) - 32), got, 32), OK);
	for (int i = 0; i < 32; i++)
		assert_int_equal(got[i], 0);
	assert_int_equal(gmem_write(&mem, GPA(BASE + MIB(2) - 32), buf, 32), OK);
	assert_int_equal(gmem_zero(&mem, GPA(BASE + MIB(2) - 32), 33), ERR_RANGE);
	memset(got, 0, sizeof(got));
	assert_int_equal(gmem_read(&mem, GPA(BASE + MIB(2) - 32), got, 33), ERR_RANGE);
	assert_int_equal(got[0], 0);
	assert_int_equal(gmem_read(&mem, GPA(BASE + MIB(2) - 32), got, 32), OK);
	assert_memory_equal(got, buf, 32);
}

#define FLAT MIB(24)
static u8 flat[FLAT], copy[MIB(7)];

static void random_access(u32 i)
{
	u64 size = rnd() % 8 ? rnd() % 9000 : rnd() % sizeof(copy);
	u64 at = rnd() % 3 ? rnd() % FLAT : (rnd() % (FLAT / MIB(2))) * MIB(2) - rnd() % 5000;
	bool ok = at < FLAT && size <= FLAT - at;
	enum err err = ok || !size ? OK : ERR_RANGE;
	u8 *p;

	switch (i % 4) {
	case 0:
		assert_int_equal(gmem_read(&mem, GPA(BASE + at), copy, size), err);
		if (ok)
			assert_memory_equal(copy, flat + at, size);
		break;
	case 1:
		memset(copy, (int)rnd(), size);
		copy[0] = (u8)i;
		assert_int_equal(gmem_write(&mem, GPA(BASE + at), copy, size), err);
		if (ok)
			memcpy(flat + at, copy, size);
		break;
	case 2:
		size %= 5000;
		ok = at < FLAT && size <= FLAT - at;
		assert_int_equal(gmem_zero(&mem, GPA(BASE + at), size),
				 ok || !size ? OK : ERR_RANGE);
		if (ok)
			memset(flat + at, 0, size);
		break;
	default:
		p = gmem_ptr(&mem, GPA(BASE + at), size);
		if (p) {
			assert_true(ok);
			assert_memory_equal(p, flat + at, size);
		}
	}
}

static void random_against_flat_copy(void **state)
{
	(void)state;
	fragment();
	memset(flat, 0, sizeof(flat));
	assert_int_equal(gmem_add(&mem, GPA(BASE + MIB(10)), MIB(14)), OK);
	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(10)), OK);
	assert_int_equal(count_runs(), OK);
	assert_int_equal(size_sum, FLAT);
	assert_true(runs > 2); /* scattered indeed */
	assert_int_equal(gmem_read(&mem, GPA(BASE), copy, sizeof(copy)), OK);
	assert_memory_equal(copy, flat, sizeof(copy)); /* zeroed */
	for (u32 i = 0; i < 4000; i++)
		random_access(i);
	for (u64 at = 0; at < FLAT; at += MIB(4)) {
		assert_int_equal(gmem_read(&mem, GPA(BASE + at), copy, MIB(4)), OK);
		assert_memory_equal(copy, flat + at, MIB(4));
	}
	yields = looks = 0;
	gmem_scrub(&mem);
	assert_int_equal(yields, FLAT / MIB(2)); /* everybody has a turn after that */
	assert_int_equal(looks,
			 FLAT / KIB(32)); /* and who is to run waits for no longer than that */
	memset(flat, 0, sizeof(flat));
	for (u64 at = 0; at < FLAT; at += MIB(4)) {
		assert_int_equal(gmem_read(&mem, GPA(BASE + at), copy, MIB(4)), OK);
		assert_memory_equal(copy, flat + at, MIB(4));
	}
}

static enum err stop(void *ctx, gpa_t gpa, hpa_t hpa, u64 size)
{
	(void)gpa;
	(void)hpa;
	(void)size;
	return ++*(int *)ctx == 2 ? ERR_BUSY : OK;
}

static void runs_stop_at_an_error(void **state)
{
	int n = 0;

	(void)state;
	for (u64 i = 0; i < 4; i++)
		assert_int_equal(gmem_add(&mem, GPA(BASE + i * MIB(4)), MIB(2)), OK);
	assert_int_equal(gmem_for_each_run(&mem, stop, &n), ERR_BUSY);
	assert_int_equal(n, 2);
}

/* RAM of one VM is not read by the next. */
static void ram_is_zeroed(void **state)
{
	static u8 zero[MIB(2)];

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(32)), OK);
		for (u64 at = 0; at < MIB(32); at += MIB(2)) {
			assert_int_equal(gmem_read(&mem, GPA(BASE + at), copy, MIB(2)), OK);
			assert_memory_equal(copy, zero, MIB(2));
			memset(gmem_ptr(&mem, GPA(BASE + at), MIB(2)), 0x77, MIB(2));
		}
		assert_int_equal(gmem_remove(&mem, GPA(BASE)), OK);
		let_callbacks_run();
		assert_int_equal(page_free_bytes(), start_free - PAGE_SIZE); /* an empty map */
	}
}

static void a_held_slot_stays(void **state)
{
	struct gmem_slot *a, *b;
	u64 used;
	u8 *p;

	(void)state;
	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(4)), OK);
	assert_int_equal(gmem_add(&mem, GPA(BASE + MIB(4)), MIB(4)), OK);
	used = mem_used(&acct);
	a = gmem_hold(&mem, GPA(BASE + 100), 1000);
	b = gmem_hold(&mem, GPA(BASE + MIB(4) - 1), 1);
	assert_non_null(a);
	assert_ptr_equal(a, b);
	p = gmem_ptr(&mem, GPA(BASE), 8);
	assert_int_equal(gmem_remove(&mem, GPA(BASE)), OK);
	assert_int_equal(gmem_read(&mem, GPA(BASE), copy, 1), ERR_RANGE);
	let_callbacks_run();
	assert_int_equal(mem_used(&acct), used);
	*p = 5;
	gmem_put(a);
	assert_int_equal(mem_used(&acct), used);
	*p = 6;
	gmem_put(b);
	assert_true(mem_used(&acct) < used - MIB(3));
	assert_false(gmem_gone(&mem));
	assert_true(gmem_contains(&mem, GPA(BASE + MIB(4)), MIB(4)));

	/* Destroyed, and one back end still in it. */
	a = gmem_hold(&mem, GPA(BASE + MIB(4)), 1);
	gmem_destroy(&mem);
	assert_null(gmem_hold(&mem, GPA(BASE + MIB(4)), 1));
	let_callbacks_run();
	assert_false(gmem_gone(&mem));
	gmem_put(a);
	assert_true(gmem_gone(&mem));
	assert_int_equal(mem_used(&acct), 0);
}

/* RAM goes after a grace period, and not before. */
static void a_reader_keeps_ram(void **state)
{
	u64 used;
	u8 *p;

	(void)state;
	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(2)), OK);
	used = mem_used(&acct);
	rcu_read_lock();
	p = gmem_ptr(&mem, GPA(BASE), 1);
	assert_int_equal(gmem_remove(&mem, GPA(BASE)), OK);
	assert_int_equal(mem_used(&acct), used);
	*p = 1;
	rcu_read_unlock();
	let_callbacks_run();
	assert_int_equal(mem_used(&acct), 0);
}

static void fails_at_each(void (*after)(u64))
{
	enum err err;
	u64 n = 0, used;

	assert_int_equal(gmem_add(&mem, GPA(BASE), MIB(2)), OK);
	used = mem_used(&acct);
	let_callbacks_run();
	do {
		u64 free_before = page_free_bytes();

		after(n);
		err = gmem_add(&mem, GPA(BASE + MIB(4)), MIB(22));
		after(PAGE_FAIL_NEVER);
		assert_true(err == OK || err == ERR_NOMEM);
		if (err) {
			assert_int_equal(mem_used(&acct), used);
			assert_int_equal(page_free_bytes(), free_before);
			assert_int_equal(gmem_size(&mem), MIB(2));
		}
		assert_true(n++ < 30);
	} while (err);
	assert_true(n > 2);
	after(0);
	err = gmem_remove(&mem, GPA(BASE));
	after(PAGE_FAIL_NEVER);
	assert_true(err == ERR_NOMEM || after == page_fail_after);
}

static void pages_fail(void **state)
{
	(void)state;
	fragment();
	fails_at_each(page_fail_after);
}

static void objects_fail(void **state)
{
	(void)state;
	fails_at_each(kmem_fail_after);
}

/* One hart adds and takes away slots while others read and hold. A slot that is found is whole: it
 * has the word that was written before anybody could see it, or the zero of before. */
#define HARTS 3
static u32 bad, over;

static void changer(void)
{
	for (int i = 0; i < 60; i++) {
		u64 at = BASE + MIB(4) * (u64)(i % 4);

		if (gmem_add(&mem, GPA(at), MIB(2)) || gmem_remove(&mem, GPA(at)))
			__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
		if (i % 4 == 3)
			rcu_run_callbacks();
	}
	__atomic_store_n(&over, 1, __ATOMIC_RELEASE);
}

static void reader(u64 s)
{
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		gpa_t at = GPA(BASE + MIB(4) * (rnd_next(&s) % 4) + 8 * (rnd_next(&s) % 1000));
		struct gmem_slot *slot;
		u64 v = 0;

		if (gmem_read(&mem, at, &v, sizeof(v)) == OK && v)
			__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
		slot = gmem_hold(&mem, at, 8);
		rcu_note_quiescent();
		if (slot)
			gmem_put(slot);
		if (!gmem_contains(&mem, GPA(BASE + MIB(32)), 4096))
			__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
		rcu_note_quiescent();
	}
}

static void race(unsigned int hart)
{
	if (!rcu_watching())
		rcu_hart_init();
	if (hart)
		reader(hart * 7919);
	else
		changer();
	rcu_eqs_enter();
}

static void changes_beside_readers(void **state)
{
	(void)state;
	bad = over = 0;
	assert_int_equal(gmem_add(&mem, GPA(BASE + MIB(32)), MIB(2)), OK);
	host_harts_run(HARTS, race);
	assert_int_equal(bad, 0);
}

#define with_mem(f) cmocka_unit_test_setup_teardown(f, setup, all_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_mem(refusals),
		with_mem(too_many_slots),
		with_mem(edges),
		with_mem(all_or_nothing),
		with_mem(random_against_flat_copy),
		with_mem(runs_stop_at_an_error),
		with_mem(ram_is_zeroed),
		with_mem(a_held_slot_stays),
		with_mem(a_reader_keeps_ram),
		with_mem(pages_fail),
		with_mem(objects_fail),
		with_mem(changes_beside_readers),
	};

	rcu_hart_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
