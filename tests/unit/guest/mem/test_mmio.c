/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MMIO bus: where regions may lie, what an access finds, that a map is freed after the readers
 * that may hold it and not before, and harts that read while another changes the map.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "guest/mem/mmio.h"
#include "hyp/mem/kmem.h"
#include "rcu/rcu.h"

static bool no_memory;
static int live; /* allocations not freed; atomic */

void *kmem_alloc(size_t size)
{
	void *p = no_memory ? NULL : calloc(1, size);

	if (p)
		__atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
	return p;
}

void kmem_free(void *p)
{
	if (p)
		__atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
	free(p);
}

struct device {
	u64 off;
	u64 val;
	unsigned int width, reads, writes;
	enum err says;
};

static enum err dev_read(void *dev, u64 off, unsigned int width, u64 *val)
{
	struct device *d = dev;

	d->off = off;
	d->width = width;
	d->reads++;
	*val = 0x1122334455667788 + off;
	return d->says;
}

static enum err dev_write(void *dev, u64 off, unsigned int width, u64 *val)
{
	struct device *d = dev;

	d->off = off;
	d->width = width;
	d->val = *val;
	d->writes++;
	return d->says;
}

static const struct mmio_ops dev_ops = {.read = dev_read, .write = dev_write};
static struct mmio_bus bus;
static struct device dev[4];

static enum err add(u64 base, u64 size, struct device *d)
{
	struct mmio_region r = {.base = GPA(base), .size = size, .ops = &dev_ops, .dev = d};

	return mmio_add(&bus, &r);
}

static int setup(void **state)
{
	(void)state;
	memset(dev, 0, sizeof(dev));
	mmio_bus_init(&bus);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mmio_bus_destroy(&bus);
	rcu_run_callbacks();
	return live;
}

static void test_empty(void **state)
{
	u64 val = 1;

	(void)state;
	assert_int_equal(mmio_read(&bus, GPA(0), 1, &val), ERR_NOENT);
	assert_int_equal(val, 0);
	assert_int_equal(mmio_write(&bus, GPA(~0ULL), 8, 1), ERR_NOENT);
	assert_int_equal(mmio_remove(&bus, GPA(0)), ERR_NOENT);
}

static void test_bad_regions(void **state)
{
	struct mmio_region r = {.base = GPA(0x1000), .size = 0x10, .ops = &dev_ops};
	static const struct mmio_ops half = {.read = dev_read};

	(void)state;
	r.size = 0;
	assert_int_equal(mmio_add(&bus, &r), ERR_INVAL);
	r.size = ~0ULL;
	assert_int_equal(mmio_add(&bus, &r), ERR_INVAL);
	r.size = 0x10;
	r.ops = &half;
	assert_int_equal(mmio_add(&bus, &r), ERR_INVAL);
	r.ops = NULL;
	assert_int_equal(mmio_add(&bus, &r), ERR_INVAL);
	r.ops = &dev_ops;
	r.base = GPA(~0ULL - 0xe);
	assert_int_equal(mmio_add(&bus, &r), ERR_INVAL);
	r.base = GPA(~0ULL - 0xf);
	assert_int_equal(mmio_add(&bus, &r), OK);
}

static void test_overlap(void **state)
{
	(void)state;
	assert_int_equal(add(0x1000, 0x100, &dev[0]), OK);
	assert_int_equal(add(0x3000, 0x100, &dev[1]), OK);
	assert_int_equal(add(0x1000, 0x100, &dev[2]), ERR_EXIST);
	assert_int_equal(add(0x1000, 1, &dev[2]), ERR_EXIST);
	assert_int_equal(add(0x10ff, 1, &dev[2]), ERR_EXIST);
	assert_int_equal(add(0x10ff, 0x1000, &dev[2]), ERR_EXIST);
	assert_int_equal(add(0xfff, 2, &dev[2]), ERR_EXIST);
	assert_int_equal(add(0, 0x4000, &dev[2]), ERR_EXIST);
	assert_int_equal(add(0, ~0ULL, &dev[2]), ERR_EXIST);
	assert_int_equal(add(0x1100, 0x1f01, &dev[2]), ERR_EXIST);
	/* Side by side is no overlap. */
	assert_int_equal(add(0x1100, 0x1f00, &dev[2]), OK);
	assert_int_equal(add(0xfff, 1, &dev[3]), OK);
	assert_int_equal(mmio_write(&bus, GPA(0x10ff), 1, 0), OK);
	assert_int_equal(mmio_write(&bus, GPA(0x1100), 1, 0), OK);
	assert_int_equal(mmio_write(&bus, GPA(0x2fff), 1, 0), OK);
	assert_int_equal(mmio_write(&bus, GPA(0x3000), 1, 0), OK);
	assert_int_equal(mmio_write(&bus, GPA(0xfff), 1, 0), OK);
	assert_true(dev[0].writes == 1 && dev[1].writes == 1 && dev[2].writes == 2 &&
		    dev[3].writes == 1);
}

static void test_access(void **state)
{
	static const u64 want[] = {
		[1] = 0x8c, [2] = 0x778c, [4] = 0x5566778c, [8] = 0x112233445566778c};
	u64 val;

	(void)state;
	assert_int_equal(add(0x1000, 0x10, &dev[0]), OK);
	for (unsigned int width = 0; width < 20; width++) {
		bool is = width == 1 || width == 2 || width == 4 || width == 8;

		assert_int_equal(mmio_read(&bus, GPA(0x1004), width, &val), is ? OK : ERR_INVAL);
		assert_true(val == (is ? want[width] : 0));
		assert_int_equal(mmio_write(&bus, GPA(0x1004), width, ~0ULL), is ? OK : ERR_INVAL);
		if (is)
			assert_true(dev[0].off == 4 && dev[0].width == width &&
				    dev[0].val == (width == 8 ? ~0ULL : (1ULL << 8 * width) - 1));
	}
	dev[0].says = ERR_INVAL;
	assert_int_equal(mmio_read(&bus, GPA(0x1000), 4, &val), ERR_INVAL);
	assert_true(val == 0);
	assert_int_equal(mmio_write(&bus, GPA(0x1000), 4, 1), ERR_INVAL);
}

static void test_straddle(void **state)
{
	u64 val;

	(void)state;
	assert_int_equal(add(0x1000, 0x10, &dev[0]), OK);
	assert_int_equal(add(0x1010, 0x10, &dev[1]), OK);
	assert_int_equal(add(~0ULL - 3, 4, &dev[2]), OK);
	assert_int_equal(mmio_read(&bus, GPA(0x100d), 4, &val), ERR_RANGE);
	assert_int_equal(mmio_write(&bus, GPA(0x100f), 2, 0), ERR_RANGE);
	assert_int_equal(mmio_write(&bus, GPA(0x1019), 8, 0), ERR_RANGE);
	assert_int_equal(mmio_write(&bus, GPA(0xfff), 2, 0), ERR_NOENT);
	assert_int_equal(mmio_write(&bus, GPA(~0ULL - 3), 8, 0), ERR_RANGE);
	assert_int_equal(mmio_write(&bus, GPA(~0ULL), 2, 0), ERR_RANGE);
	assert_true(dev[0].writes + dev[1].writes + dev[2].writes + dev[0].reads == 0);
	assert_int_equal(mmio_write(&bus, GPA(~0ULL - 3), 4, 0), OK);
	assert_int_equal(mmio_write(&bus, GPA(0x100c), 4, 0), OK);
	assert_int_equal(mmio_write(&bus, GPA(0x1018), 8, 0), OK);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_int_equal(add(0x1000, 0x10, &dev[0]), OK);
	no_memory = true;
	assert_int_equal(add(0x2000, 0x10, &dev[1]), ERR_NOMEM);
	assert_int_equal(mmio_remove(&bus, GPA(0x1000)), ERR_NOMEM);
	no_memory = false;
	assert_int_equal(mmio_write(&bus, GPA(0x1000), 4, 0), OK);
	assert_int_equal(mmio_write(&bus, GPA(0x2000), 4, 0), ERR_NOENT);
	assert_int_equal(mmio_remove(&bus, GPA(0x1001)), ERR_NOENT);
	assert_int_equal(mmio_remove(&bus, GPA(0x1000)), OK);
	assert_int_equal(mmio_write(&bus, GPA(0x1000), 4, 0), ERR_NOENT);
}

/* A device that takes itself off the bus in the middle of an access. */
static int live_inside;

static enum err leave(void *arg, u64 off, unsigned int width, u64 *val)
{
	(void)arg;
	(void)off;
	(void)width;
	(void)val;
	assert_true(rcu_watching());
	assert_true(this_hart(rcu_hart).nesting == 1);
	assert_int_equal(mmio_remove(&bus, GPA(0x1000)), OK);
	live_inside = live;
	return OK;
}

static void test_freed_after_readers(void **state)
{
	static const struct mmio_ops leave_ops = {.read = leave, .write = leave};
	struct mmio_region r = {.base = GPA(0x1000), .size = 1, .ops = &leave_ops};

	(void)state;
	assert_int_equal(mmio_add(&bus, &r), OK);
	assert_int_equal(live, 1);
	assert_int_equal(mmio_write(&bus, GPA(0x1000), 1, 0), OK);
	assert_int_equal(live_inside, 2); /* the old map was still there */
	assert_int_equal(rcu_run_callbacks(), 1);
	assert_int_equal(live, 1);
	assert_int_equal(mmio_write(&bus, GPA(0x1000), 1, 0), ERR_NOENT);
}

static u64 random_state = 88172645463325252ULL;

static u64 rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Regions and accesses at random in 256 bytes of address space, against a map of every byte. */
#define TOP (~0ULL - 255)

static u8 owner[256]; /* 0, or the region's number */
static struct {
	u64 at, size;
} placed[256];

static void random_region(u64 top)
{
	u64 at = rnd() % 256, size = 1 + rnd() % 16;
	u64 last = at + size - 1;
	enum err want = last > 255 && top ? ERR_INVAL : OK;
	u32 n = 1;

	if (last > 255 && !top)
		return;
	for (u64 i = at; i <= last && !want; i++)
		want = owner[i] ? ERR_EXIST : OK;
	assert_int_equal(add(top + at, size, &dev[0]), want);
	if (want)
		return;
	while (placed[n].size)
		n++;
	placed[n].at = at;
	placed[n].size = size;
	memset(owner + at, (int)n, size);
}

static void random_remove(u64 top)
{
	u64 at = rnd() % 256;
	u8 n = owner[at];
	bool is = n && placed[n].at == at;

	assert_int_equal(mmio_remove(&bus, GPA(top + at)), is ? OK : ERR_NOENT);
	if (!is)
		return;
	memset(owner + at, 0, placed[n].size);
	placed[n].size = 0;
}

static void random_access(u64 top)
{
	u64 at = rnd() % 256;
	unsigned int width = 1U << rnd() % 4;
	u8 n = owner[at];
	enum err want = OK;

	if (!n)
		want = ERR_NOENT;
	else if (at + width > placed[n].at + placed[n].size)
		want = ERR_RANGE;
	assert_int_equal(mmio_write(&bus, GPA(top + at), width, 0), want);
	if (!want)
		assert_true(dev[0].off == at - placed[n].at);
}

static void random_run(u64 top)
{
	memset(owner, 0, sizeof(owner));
	memset(placed, 0, sizeof(placed));
	for (unsigned int i = 0; i < 30000; i++) {
		switch (rnd() % 8) {
		case 0: random_region(top); break;
		case 1: random_remove(top); break;
		default: random_access(top); break;
		}
		if (i % 64 == 0)
			rcu_run_callbacks();
	}
}

static void test_random_low(void **state)
{
	(void)state;
	random_run(0);
}

static void test_random_top(void **state)
{
	(void)state;
	random_run(TOP);
}

/* Hart 0 adds and removes; the others read what is always there and what comes and goes. */
#define CHANGES 3000

static bool changes_over;
static u32 reader_failures;

static enum err quiet_access(void *arg, u64 off, unsigned int width, u64 *val)
{
	(void)arg;
	(void)width;
	*val = off;
	return OK;
}

static const struct mmio_ops quiet_ops = {.read = quiet_access, .write = quiet_access};

static enum err add_quiet(u64 base)
{
	struct mmio_region r = {.base = GPA(base), .size = 0x100, .ops = &quiet_ops};

	return mmio_add(&bus, &r);
}

static bool changer(void)
{
	bool ok = true;

	for (u64 i = 0; i < CHANGES; i++) {
		u64 base = 0x1000 + i % 7 * 0x200;

		ok = ok && add_quiet(base) == OK && mmio_remove(&bus, GPA(base)) == OK;
		if (i % 16 == 0)
			rcu_run_callbacks();
	}
	return ok;
}

static bool reader(void)
{
	bool ok = true;
	u64 val;

	while (!READ_ONCE(changes_over)) {
		for (u64 base = 0x1000; base < 0x1000 + 7 * 0x200; base += 0x200) {
			enum err e = mmio_read(&bus, GPA(base + 4), 4, &val);

			ok = ok && (e == ERR_NOENT || (e == OK && val == 4));
		}
		ok = ok && mmio_read(&bus, GPA(0x8004), 4, &val) == OK && val == 4;
		rcu_note_quiescent();
	}
	return ok;
}

static void race_hart(unsigned int hart)
{
	bool ok;

	if (!rcu_watching())
		rcu_hart_init();
	ok = hart ? reader() : changer();
	if (!ok)
		__atomic_fetch_add(&reader_failures, 1, __ATOMIC_RELAXED);
	if (!hart)
		WRITE_ONCE(changes_over, true);
	/* What this hart queued goes with it. */
	while (!hart && rcu_callbacks_pending())
		rcu_run_callbacks();
	rcu_eqs_enter();
}

static void test_race(void **state)
{
	(void)state;
	assert_int_equal(add_quiet(0x8000), OK);
	host_harts_run(4, race_hart);
	assert_int_equal(reader_failures, 0);
}

#define with_bus(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_bus(test_empty),
		with_bus(test_bad_regions),
		with_bus(test_overlap),
		with_bus(test_access),
		with_bus(test_straddle),
		with_bus(test_no_memory),
		with_bus(test_freed_after_readers),
		with_bus(test_random_low),
		with_bus(test_random_top),
		with_bus(test_race),
	};

	rcu_hart_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
