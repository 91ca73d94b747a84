/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC model: each rule of the specification by itself, what Linux's driver does, random
 * accesses and lines against a second model that is as simple as can be, and harts that claim at
 * the same time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "guest/riscv/vplic.h"
#include "hyp/mem/kmem.h"

static bool no_memory;

void *kmem_alloc(size_t size)
{
	return no_memory ? NULL : calloc(1, size);
}

void kmem_free(void *p)
{
	free(p);
}

#define CTX_MAX 200

static struct {
	struct vplic *p;
	struct virq_line line[VPLIC_SOURCES_MAX + 1];
	u32 ndev, nctx;
	bool ext[CTX_MAX];
	unsigned int changes; /* calls of set_ext */
} t;

static void on_ext(void *arg, u32 ctx, bool level)
{
	assert_ptr_equal(arg, &t);
	assert_true(ctx < t.nctx);
	assert_true(arch_irqs_off());
	assert_true(t.ext[ctx] != level);
	t.ext[ctx] = level;
	t.changes++;
}

static const struct vplic_ops ops = {.set_ext = on_ext};

/* Every source has a line; those whose number divides by three are edge-triggered. */
static bool is_edge(u32 source)
{
	return source % 3 == 0;
}

static void make(u32 ndev, u32 nctx)
{
	memset(&t, 0, sizeof(t));
	t.ndev = ndev;
	t.nctx = nctx;
	assert_int_equal(vplic_create(ndev, nctx, &ops, &t, &t.p), OK);
	for (u32 s = 1; s <= ndev; s++)
		assert_int_equal(
			vplic_connect(t.p, &t.line[s], s, is_edge(s) ? VIRQ_EDGE : VIRQ_LEVEL), OK);
}

static int setup(void **state)
{
	(void)state;
	make(VPLIC_SOURCES_DEFAULT, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vplic_destroy(t.p);
	return 0;
}

static u64 reg_enable(u32 ctx, u32 source)
{
	return VPLIC_ENABLE + ctx * VPLIC_ENABLE_STRIDE + source / 32 * 4;
}

static u64 reg_ctx(u32 ctx, u32 reg)
{
	return VPLIC_CONTEXT + (u64)ctx * VPLIC_CONTEXT_STRIDE + reg;
}

static void enable(u32 ctx, u32 source, bool on)
{
	u64 off = reg_enable(ctx, source);
	u32 bit = 1U << source % 32, val = vplic_read(t.p, off);

	vplic_write(t.p, off, on ? val | bit : val & ~bit);
}

static void set_priority(u32 source, u32 val)
{
	vplic_write(t.p, VPLIC_PRIORITY + source * 4, val);
}

static void set_threshold(u32 ctx, u32 val)
{
	vplic_write(t.p, reg_ctx(ctx, VPLIC_THRESHOLD), val);
}

static u32 claim(u32 ctx)
{
	return vplic_read(t.p, reg_ctx(ctx, VPLIC_CLAIM));
}

static void complete(u32 ctx, u32 source)
{
	vplic_write(t.p, reg_ctx(ctx, VPLIC_CLAIM), source);
}

static bool pending(u32 source)
{
	return vplic_read(t.p, VPLIC_PENDING + source / 32 * 4) >> source % 32 & 1;
}

static void listen(u32 ctx, u32 source, u32 priority)
{
	set_priority(source, priority);
	enable(ctx, source, true);
}

static void test_create(void **state)
{
	struct vplic *p;

	(void)state;
	assert_int_equal(vplic_create(0, 1, &ops, NULL, &p), ERR_RANGE);
	assert_int_equal(vplic_create(VPLIC_SOURCES_MAX + 1, 1, &ops, NULL, &p), ERR_RANGE);
	assert_int_equal(vplic_create(1, 0, &ops, NULL, &p), ERR_RANGE);
	assert_int_equal(vplic_create(1, VPLIC_CONTEXTS_MAX + 1, &ops, NULL, &p), ERR_RANGE);
	no_memory = true;
	assert_int_equal(vplic_create(96, 4, &ops, NULL, &p), ERR_NOMEM);
	no_memory = false;
	assert_int_equal(vplic_create(96, 4, &ops, NULL, &p), OK);
	assert_int_equal(vplic_size(p), 0x204000);
	vplic_destroy(p);
}

static void test_connect(void **state)
{
	struct virq_line line;

	(void)state;
	assert_int_equal(vplic_connect(t.p, &line, 0, VIRQ_LEVEL), ERR_RANGE);
	assert_int_equal(vplic_connect(t.p, &line, 97, VIRQ_LEVEL), ERR_RANGE);
	assert_int_equal(vplic_connect(t.p, &line, 1, VIRQ_LEVEL), ERR_BUSY);
	listen(0, 1, 1);
	virq_set(&t.line[1], true);
	vplic_disconnect(t.p, &t.line[1]);
	virq_set(&t.line[1], true);
	assert_int_equal(vplic_connect(t.p, &line, 1, VIRQ_LEVEL), OK);
	/* The request stands, but the level went with the line. */
	assert_int_equal(claim(0), 1);
	complete(0, 1);
	assert_int_equal(claim(0), 0);
}

/* Claim, service, completion: the line falls while the source is in service. */
static void test_level(void **state)
{
	(void)state;
	listen(0, 10, 1);
	assert_false(t.ext[0]);
	virq_set(&t.line[10], true);
	assert_true(t.ext[0] && !t.ext[1] && pending(10));
	assert_int_equal(claim(0), 10);
	assert_true(!t.ext[0] && !pending(10));
	assert_int_equal(claim(0), 0);
	virq_set(&t.line[10], false);
	complete(0, 10);
	assert_true(!t.ext[0] && !pending(10));
	assert_int_equal(t.changes, 2);
}

static void test_level_again(void **state)
{
	(void)state;
	listen(0, 10, 1);
	virq_set(&t.line[10], true);
	assert_int_equal(claim(0), 10);
	/* Falls and rises while in service: seen when the gateway opens. */
	virq_set(&t.line[10], false);
	virq_set(&t.line[10], true);
	assert_false(pending(10));
	complete(0, 10);
	assert_true(t.ext[0]);
	assert_int_equal(claim(0), 10);
	complete(0, 10);
	assert_int_equal(claim(0), 10);
}

/* A request is not taken back when the line falls. */
static void test_level_not_retracted(void **state)
{
	(void)state;
	listen(0, 10, 1);
	virq_set(&t.line[10], true);
	virq_set(&t.line[10], false);
	assert_true(t.ext[0]);
	assert_int_equal(claim(0), 10);
	complete(0, 10);
	assert_int_equal(claim(0), 0);
}

static void test_edge(void **state)
{
	(void)state;
	listen(0, 12, 1);
	virq_set(&t.line[12], true);
	virq_set(&t.line[12], true);
	assert_int_equal(claim(0), 12);
	virq_set(&t.line[12], true);
	complete(0, 12);
	assert_int_equal(claim(0), 0); /* still high is no edge */
	virq_set(&t.line[12], false);
	virq_set(&t.line[12], true);
	assert_int_equal(claim(0), 12);
	/* Edges in service are kept, as one. */
	virq_pulse(&t.line[12]);
	virq_pulse(&t.line[12]);
	assert_false(pending(12));
	assert_int_equal(claim(0), 0);
	complete(0, 12);
	assert_true(t.ext[0]);
	assert_int_equal(claim(0), 12);
	complete(0, 12);
	assert_int_equal(claim(0), 0);
}

static void test_pulse_on_level(void **state)
{
	(void)state;
	listen(0, 10, 1);
	virq_pulse(&t.line[10]);
	assert_int_equal(claim(0), 10);
	virq_pulse(&t.line[10]);
	complete(0, 10);
	assert_int_equal(claim(0), 10);
	complete(0, 10);
	assert_int_equal(claim(0), 0);
}

/* Highest priority first, then lowest number; priority 0 never; the threshold masks the
 * interrupt, not the claim. */
static void test_order(void **state)
{
	static const u32 source[] = {4, 8, 32, 64, 95}, priority[] = {3, 7, 1, 7, 0};
	static const u32 want[] = {8, 64, 4, 32, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(source); i++) {
		listen(0, source[i], priority[i]);
		virq_set(&t.line[source[i]], true);
	}
	set_threshold(0, 7);
	assert_false(t.ext[0]);
	set_threshold(0, 6);
	assert_true(t.ext[0]);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(claim(0), want[i]);
		assert_int_equal(t.ext[0], i == 0);
	}
	assert_true(pending(95));
	set_priority(95, 7);
	assert_true(t.ext[0]);
	set_priority(95, 6);
	assert_false(t.ext[0]);
	set_threshold(0, 0);
	assert_true(t.ext[0]);
	enable(0, 95, false);
	assert_true(!t.ext[0] && claim(0) == 0);
}

static void test_completion_rules(void **state)
{
	(void)state;
	listen(0, 10, 1);
	virq_set(&t.line[10], true);
	assert_int_equal(claim(0), 10);
	/* Not enabled for that context, or not a source: ignored. */
	complete(1, 10);
	complete(0, 0);
	complete(0, 11);
	complete(0, 97);
	complete(0, 1024);
	complete(0, ~0U);
	enable(0, 10, false);
	complete(0, 10);
	enable(0, 10, true);
	assert_int_equal(claim(0), 0);
	/* The claiming context is not asked for, only the enable bit. */
	enable(1, 10, true);
	complete(1, 10);
	assert_true(t.ext[0] && t.ext[1]);
	assert_int_equal(claim(1), 10);
	assert_true(!t.ext[0] && !t.ext[1]);
	/* Completing what is only pending does not open a gateway. */
	complete(1, 10);
	complete(1, 10);
	assert_int_equal(claim(0), 10);
	assert_int_equal(claim(1), 0);
}

static void test_registers(void **state)
{
	(void)state;
	set_priority(1, ~0U);
	assert_int_equal(vplic_read(t.p, 4), 7);
	set_threshold(1, 0xfffffffd);
	assert_int_equal(vplic_read(t.p, reg_ctx(1, VPLIC_THRESHOLD)), 5);
	assert_int_equal(vplic_read(t.p, reg_ctx(0, VPLIC_THRESHOLD)), 0);
	for (u32 n = 0; n < 4; n++)
		vplic_write(t.p, VPLIC_ENABLE + VPLIC_ENABLE_STRIDE + n * 4, ~0U);
	assert_int_equal(vplic_read(t.p, VPLIC_ENABLE + VPLIC_ENABLE_STRIDE), 0xfffffffe);
	assert_int_equal(vplic_read(t.p, VPLIC_ENABLE + VPLIC_ENABLE_STRIDE + 4), 0xffffffff);
	assert_int_equal(vplic_read(t.p, VPLIC_ENABLE + VPLIC_ENABLE_STRIDE + 12), 1);
	assert_int_equal(vplic_read(t.p, VPLIC_ENABLE), 0);
	/* Pending bits are read-only. */
	vplic_write(t.p, VPLIC_PENDING, ~0U);
	assert_int_equal(vplic_read(t.p, VPLIC_PENDING), 0);
	assert_int_equal(vplic_unknown(t.p), 0);
}

static void test_unknown(void **state)
{
	static const u64 off[] = {
		0,
		97 * 4,
		0xffc,
		0x1010,
		0x1ffc,
		0x2010,
		0x2000 + 256,
		0x1ffffc,
		0x200008,
		0x201ffc,
		0x202000,
		0x3fffffc,
		1,
		VPLIC_CONTEXT + 6,
		1ULL << 40,
		1ULL << 44 | 0x200004,
		~0ULL,
		~3ULL,
		0x100000200000ULL,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		assert_int_equal(vplic_read(t.p, off[i]), 0);
		vplic_write(t.p, off[i], ~0U);
		if (vplic_unknown(t.p) != 2 * (i + 1))
			fail_msg("offset %lx is a register", (unsigned long)off[i]);
	}
	assert_int_equal(t.changes, 0);
}

static void test_mmio(void **state)
{
	u64 val = 5;

	(void)state;
	for (u64 off = 0; off < 16; off++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			enum err want = width == 4 && off % 4 == 0 ? OK : ERR_INVAL;

			assert_int_equal(vplic_mmio_ops.write(t.p, off, width, &val), want);
			assert_int_equal(vplic_mmio_ops.read(t.p, off, width, &val), want);
			val = 5;
		}
	}
	assert_int_equal(vplic_read(t.p, 4), 5);
}

static void test_reset(void **state)
{
	(void)state;
	listen(0, 10, 3);
	listen(1, 11, 3);
	listen(0, 12, 3);
	set_threshold(0, 1);
	virq_set(&t.line[10], true);
	virq_set(&t.line[11], true);
	virq_set(&t.line[12], true);
	assert_int_equal(claim(1), 11);
	assert_int_equal(claim(0), 10);
	assert_int_equal(claim(0), 12);
	virq_pulse(&t.line[12]);
	vplic_reset(t.p, NULL);
	assert_true(!t.ext[0] && !t.ext[1] && !vplic_ext(t.p, 0));
	assert_int_equal(vplic_read(t.p, reg_ctx(0, VPLIC_THRESHOLD)), 0);
	assert_int_equal(vplic_read(t.p, VPLIC_ENABLE), 0);
	assert_int_equal(vplic_read(t.p, 40), 0);
	/* The level lines that are high ask again, the edge is forgotten. */
	assert_int_equal(vplic_read(t.p, VPLIC_PENDING), 3 << 10);
	listen(0, 11, 1);
	assert_true(t.ext[0] && vplic_ext(t.p, 0));
	assert_int_equal(claim(0), 11);
	listen(0, 12, 1);
	virq_pulse(&t.line[12]);
	assert_int_equal(claim(0), 12);
	complete(0, 12);
	assert_int_equal(claim(0), 0);
}

/* Linux's driver disables a source while its handler runs, and completes through an instant of
 * being enabled. */
static void test_linux_eoi_masked(void **state)
{
	(void)state;
	listen(0, 10, 1);
	virq_set(&t.line[10], true);
	assert_int_equal(claim(0), 10);
	enable(0, 10, false);
	virq_set(&t.line[10], false);
	enable(0, 10, true);
	complete(0, 10);
	enable(0, 10, false);
	virq_set(&t.line[10], true);
	assert_true(pending(10) && !t.ext[0]);
	enable(0, 10, true);
	assert_int_equal(claim(0), 10);
}

/* A second model, of plain arrays and loops. */
static struct {
	u8 priority[1024];
	bool pending[1024], in_service[1024], latched[1024], high[1024];
	u8 threshold[CTX_MAX];
	bool enable[CTX_MAX][1024];
} ref;

static u32 ref_best(u32 ctx, u32 above)
{
	u32 best = 0;

	for (u32 s = 1; s <= t.ndev; s++)
		if (ref.pending[s] && ref.enable[ctx][s] && ref.priority[s] > above &&
		    (!best || ref.priority[s] > ref.priority[best]))
			best = s;
	return best;
}

static void ref_request(u32 s, bool edge)
{
	if (!ref.in_service[s])
		ref.pending[s] = true;
	else if (edge)
		ref.latched[s] = true;
}

static void ref_line(u32 s, bool level)
{
	bool was = ref.high[s];

	ref.high[s] = level;
	if (is_edge(s) ? level && !was : level)
		ref_request(s, is_edge(s));
}

static u32 ref_claim(u32 ctx)
{
	u32 s = ref_best(ctx, 0);

	if (s) {
		ref.pending[s] = false;
		ref.in_service[s] = true;
	}
	return s;
}

static void ref_complete(u32 ctx, u32 s)
{
	if (!s || s > t.ndev || !ref.enable[ctx][s] || !ref.in_service[s])
		return;
	ref.in_service[s] = false;
	ref.pending[s] = ref.latched[s] || (!is_edge(s) && ref.high[s]);
	ref.latched[s] = false;
}

static void ref_enable(u32 ctx, u32 n, u32 val)
{
	for (u32 b = 0; b < 32; b++)
		if (n * 32 + b && n * 32 + b <= t.ndev)
			ref.enable[ctx][n * 32 + b] = val >> b & 1;
}

static u32 ref_enable_word(u32 ctx, u32 n)
{
	u32 val = 0;

	for (u32 b = 0; b < 32; b++)
		val |= (u32)ref.enable[ctx][n * 32 + b] << b;
	return val;
}

static u32 ref_pending_word(u32 n)
{
	u32 val = 0;

	for (u32 b = 0; b < 32; b++)
		val |= (u32)ref.pending[n * 32 + b] << b;
	return val;
}

static u64 random_state;

static u32 rnd(u32 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (u32)(random_state >> 32) % below;
}

static void random_source(u32 s)
{
	u32 what = rnd(8);

	if (what < 2) {
		u32 v = rnd(12);

		ref.priority[s] = v & 7;
		set_priority(s, v);
	} else if (what < 3) {
		ref_request(s, true);
		virq_pulse(&t.line[s]);
	} else {
		ref_line(s, what & 1);
		virq_set(&t.line[s], what & 1);
	}
}

static void random_ctx(u32 ctx, u32 s)
{
	u32 n = rnd(t.ndev / 32 + 1), v;

	switch (rnd(6)) {
	case 0:
		v = rnd(10);
		ref.threshold[ctx] = v & 7;
		set_threshold(ctx, v);
		break;
	case 1:
		v = rnd(~0U) & rnd(~0U);
		ref_enable(ctx, n, v);
		vplic_write(t.p, reg_enable(ctx, n * 32), v);
		break;
	case 2:
	case 3: assert_int_equal(claim(ctx), ref_claim(ctx)); break;
	default:
		ref_complete(ctx, s);
		complete(ctx, s);
		break;
	}
	assert_int_equal(vplic_read(t.p, reg_enable(ctx, n * 32)), ref_enable_word(ctx, n));
	assert_int_equal(vplic_read(t.p, VPLIC_PENDING + n * 4), ref_pending_word(n));
}

static void check_ext(void)
{
	for (u32 c = 0; c < t.nctx; c++)
		if (t.ext[c] != (ref_best(c, ref.threshold[c]) != 0))
			fail_msg("context %u: interrupt %d", c, t.ext[c]);
}

static void run_random(u32 ndev, u32 nctx, unsigned int steps)
{
	make(ndev, nctx);
	memset(&ref, 0, sizeof(ref));
	for (unsigned int i = 0; i < steps; i++) {
		u32 s = 1 + rnd(ndev);

		if (rnd(2))
			random_source(s);
		else
			random_ctx(rnd(nctx), s);
		check_ext();
		assert_int_equal(vplic_read(t.p, s * 4), ref.priority[s]);
	}
	vplic_destroy(t.p);
}

static void test_random(void **state)
{
	(void)state;
	random_state = 88172645463325252ULL;
	run_random(1, 1, 20000);
	run_random(31, 2, 20000);
	run_random(32, 3, 20000);
	run_random(63, 1, 20000);
	run_random(64, 64, 3000);
	run_random(96, 4, 40000);
	run_random(96, 65, 5000);
	run_random(1023, 2, 10000);
	run_random(1023, 200, 400);
}

/* Any offset, any value: nothing but ERR_INVAL and counts. */
static void test_hostile(void **state)
{
	(void)state;
	random_state = 4101842887655102017ULL;
	for (unsigned int i = 0; i < 400000; i++) {
		u64 off = ((u64)rnd(~0U) << 32 | rnd(~0U)) >> rnd(64);
		u64 val = (u64)rnd(~0U) << 32 | rnd(~0U);
		unsigned int width = 1U << rnd(4);

		if (rnd(2))
			off = (off % vplic_size(t.p)) & ~3ULL;
		if (rnd(4) == 0)
			virq_set(&t.line[1 + rnd(96)], rnd(2));
		if (rnd(2))
			vplic_mmio_ops.write(t.p, off, width, &val);
		else
			vplic_mmio_ops.read(t.p, off, width, &val);
	}
	for (u32 c = 0; c < 2; c++)
		assert_int_equal(t.ext[c], vplic_ext(t.p, c));
}

/*
 * Two contexts claim the same sources while a device asks for service: nobody handles a source
 * that another has, and no request is lost. Hart 0 is the device.
 */
#define RACE_SOURCES 8
#define RACE_ROUNDS  1500

static u32 in_handler[RACE_SOURCES + 1], served[RACE_SOURCES + 1];
static u32 race_failures;
static bool race_over;

static void race_device(void)
{
	for (u32 round = 1; round <= RACE_ROUNDS; round++) {
		for (u32 s = 1; s <= RACE_SOURCES; s++) {
			if (is_edge(s))
				virq_pulse(&t.line[s]);
			else
				virq_set(&t.line[s], true);
		}
		for (u32 s = 1; s <= RACE_SOURCES; s++)
			while (arch_load_acquire(&served[s]) < round)
				arch_relax();
	}
	WRITE_ONCE(race_over, true);
}

static void race_handle(u32 ctx, u32 s)
{
	if (__atomic_exchange_n(&in_handler[s], 1, __ATOMIC_ACQ_REL))
		__atomic_fetch_add(&race_failures, 1, __ATOMIC_RELAXED);
	if (!is_edge(s))
		virq_set(&t.line[s], false);
	__atomic_store_n(&in_handler[s], 0, __ATOMIC_RELEASE);
	complete(ctx, s);
	__atomic_fetch_add(&served[s], 1, __ATOMIC_RELEASE);
}

static void race_hart(unsigned int hart)
{
	if (hart == 0) {
		race_device();
		return;
	}
	while (!READ_ONCE(race_over)) {
		u32 s = claim(hart - 1);

		if (s)
			race_handle(hart - 1, s);
		else
			arch_relax();
	}
}

static void test_two_claim(void **state)
{
	(void)state;
	for (u32 s = 1; s <= RACE_SOURCES; s++) {
		listen(0, s, 1 + s % 7);
		listen(1, s, 1 + s % 7);
	}
	memset(served, 0, sizeof(served));
	race_failures = 0;
	race_over = false;
	host_harts_run(3, race_hart);
	assert_int_equal(race_failures, 0);
	for (u32 s = 1; s <= RACE_SOURCES; s++)
		assert_int_equal(served[s], RACE_ROUNDS);
	assert_true(!t.ext[0] && !t.ext[1]);
}

#define with_plic(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		with_plic(test_connect),
		with_plic(test_level),
		with_plic(test_level_again),
		with_plic(test_level_not_retracted),
		with_plic(test_edge),
		with_plic(test_pulse_on_level),
		with_plic(test_order),
		with_plic(test_completion_rules),
		with_plic(test_registers),
		with_plic(test_unknown),
		with_plic(test_mmio),
		with_plic(test_reset),
		with_plic(test_linux_eoi_masked),
		cmocka_unit_test(test_random),
		with_plic(test_hostile),
		with_plic(test_two_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
