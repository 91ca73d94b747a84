/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC model: each rule of the specification by itself, what Linux's drivers do, random accesses
 * and lines against a second model that is as simple as can be, and harts that claim and send at the
 * same time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "guest/riscv/vaplic.h"
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

#define HART_MAX 70
#define MSI_MAX	 4096

struct msi {
	u32 hart, guest, eiid;
};

static struct {
	struct vaplic *p;
	struct virq_line line[VAPLIC_SOURCES_MAX + 1];
	u32 sources, harts, geilen;
	bool ext[HART_MAX];
	unsigned int changes; /* calls of set_ext */
	struct msi msi[MSI_MAX];
	u32 msis; /* since they were last looked at */
} t;

static void on_ext(void *arg, u32 hart, bool level)
{
	assert_ptr_equal(arg, &t);
	assert_true(hart < t.harts);
	assert_true(arch_irqs_off());
	assert_true(t.ext[hart] != level);
	t.ext[hart] = level;
	t.changes++;
}

static void on_msi(void *arg, u32 hart, u32 guest, u32 eiid)
{
	assert_ptr_equal(arg, &t);
	assert_true(hart < t.harts && guest <= t.geilen && eiid <= 0x7ff);
	assert_true(arch_irqs_off());
	assert_true(t.msis < MSI_MAX);
	t.msi[t.msis++] = (struct msi){hart, guest, eiid};
}

static const struct vaplic_ops both = {on_ext, on_msi};
static const struct vaplic_ops direct_only = {on_ext, NULL};
static const struct vaplic_ops msi_only = {NULL, on_msi};

static void make(u32 sources, u32 harts, u32 geilen, const struct vaplic_ops *ops)
{
	struct vaplic_config c = {sources, harts, geilen, ops, &t};

	memset(&t, 0, sizeof(t));
	t.sources = sources;
	t.harts = harts;
	t.geilen = geilen;
	assert_int_equal(vaplic_create(&c, &t.p), OK);
	for (u32 s = 1; s <= sources; s++)
		assert_int_equal(vaplic_connect(t.p, &t.line[s], s, VIRQ_LEVEL), OK);
}

static int setup(void **state)
{
	(void)state;
	make(VAPLIC_SOURCES_DEFAULT, 2, 0, &both);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vaplic_destroy(t.p);
	return 0;
}

static u32 rd(u64 off)
{
	return vaplic_read(t.p, off);
}

static void wr(u64 off, u32 val)
{
	vaplic_write(t.p, off, val);
}

static u64 idc(u32 hart, u32 reg)
{
	return VAPLIC_IDC + (u64)hart * VAPLIC_IDC_STRIDE + reg;
}

static u64 sourcecfg(u32 s)
{
	return VAPLIC_SOURCECFG + 4UL * s;
}

static u64 target(u32 s)
{
	return VAPLIC_TARGET + 4UL * s;
}

static bool bit(u64 block, u32 s)
{
	return rd(block + s / 32 * 4) >> s % 32 & 1;
}

static bool pending(u32 s)
{
	return bit(VAPLIC_SETIP, s);
}

static u32 claim(u32 hart)
{
	return rd(idc(hart, VAPLIC_CLAIMI)) >> 16;
}

static void high(u32 s)
{
	virq_set(&t.line[s], true);
}

static void low(u32 s)
{
	virq_set(&t.line[s], false);
}

/* A source that is enabled for a hart; delivery is on. */
static void listen(u32 hart, u32 s, enum vaplic_mode mode, u32 priority)
{
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_IE);
	wr(idc(hart, VAPLIC_IDELIVERY), 1);
	wr(sourcecfg(s), mode);
	wr(target(s), hart << 18 | priority);
	wr(VAPLIC_SETIENUM, s);
}

/* The same for MSIs with this identity. */
static void listen_msi(u32 hart, u32 s, enum vaplic_mode mode, u32 eiid)
{
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_IE | VAPLIC_DOMAINCFG_DM);
	wr(sourcecfg(s), mode);
	wr(target(s), hart << 18 | eiid);
	wr(VAPLIC_SETIENUM, s);
}

/* How many MSIs came since the last call; all have to be of that hart and identity. */
static u32 msis(u32 hart, u32 eiid)
{
	u32 n = t.msis;

	for (u32 i = 0; i < n; i++)
		if (t.msi[i].hart != hart || t.msi[i].guest || t.msi[i].eiid != eiid)
			fail_msg("MSI %u to hart %u, guest %u", t.msi[i].eiid, t.msi[i].hart,
				 t.msi[i].guest);
	t.msis = 0;
	return n;
}

static enum err create(u32 sources, u32 harts, u32 geilen, const struct vaplic_ops *ops,
		       struct vaplic **p)
{
	struct vaplic_config c = {sources, harts, geilen, ops, NULL};

	return vaplic_create(&c, p);
}

static void test_create(void **state)
{
	static const struct vaplic_ops none = {NULL, NULL};
	struct vaplic *p;

	(void)state;
	assert_int_equal(create(0, 1, 0, &both, &p), ERR_RANGE);
	assert_int_equal(create(VAPLIC_SOURCES_MAX + 1, 1, 0, &both, &p), ERR_RANGE);
	assert_int_equal(create(1, 0, 0, &both, &p), ERR_RANGE);
	assert_int_equal(create(1, VAPLIC_HARTS_MAX + 1, 0, &both, &p), ERR_RANGE);
	assert_int_equal(create(1, 1, VAPLIC_GEILEN_MAX + 1, &both, &p), ERR_RANGE);
	assert_int_equal(create(1, 1, 0, &none, &p), ERR_INVAL);
	no_memory = true;
	assert_int_equal(create(96, 4, 0, &both, &p), ERR_NOMEM);
	no_memory = false;
	assert_int_equal(create(96, 4, 0, &both, &p), OK);
	assert_int_equal(vaplic_size(p), 0x5000);
	vaplic_destroy(p);
	assert_int_equal(create(1023, 512, 63, &direct_only, &p), OK);
	assert_int_equal(vaplic_size(p), 0x8000);
	vaplic_destroy(p);
	assert_int_equal(create(96, 4, 0, &msi_only, &p), OK);
	assert_int_equal(vaplic_size(p), 0x4000);
	vaplic_destroy(p);
}

static void test_connect(void **state)
{
	struct virq_line line;

	(void)state;
	assert_int_equal(vaplic_connect(t.p, &line, 0, VIRQ_LEVEL), ERR_RANGE);
	assert_int_equal(vaplic_connect(t.p, &line, 97, VIRQ_LEVEL), ERR_RANGE);
	assert_int_equal(vaplic_connect(t.p, &line, 1, VIRQ_LEVEL), ERR_BUSY);
	listen(0, 1, VAPLIC_LEVEL1, 1);
	high(1);
	assert_true(t.ext[0]);
	vaplic_disconnect(t.p, &t.line[1]);
	assert_false(t.ext[0]);
	high(1);
	assert_false(pending(1));
	assert_int_equal(vaplic_connect(t.p, &line, 1, VIRQ_LEVEL), OK);
	virq_set(&line, true);
	assert_true(t.ext[0]);
}

/* domaincfg: fixed bits, what is writable, and what the operations there are fix. */
static void test_domaincfg(void **state)
{
	(void)state;
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000000);
	wr(VAPLIC_DOMAINCFG, ~0U);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000104);
	/* A byte twice, for who does not know the byte order yet: section 4.5.1. */
	wr(VAPLIC_DOMAINCFG, 0x04000004);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000004);
	vaplic_destroy(t.p);
	make(96, 2, 0, &direct_only);
	wr(VAPLIC_DOMAINCFG, ~0U);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000100);
	vaplic_destroy(t.p);
	make(96, 2, 0, &msi_only);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000004);
	wr(VAPLIC_DOMAINCFG, 0x100);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000104);
	wr(idc(0, VAPLIC_IDELIVERY), 1);
	assert_int_equal(rd(idc(0, VAPLIC_IDELIVERY)), 0);
	assert_int_equal(vaplic_unknown(t.p), 2);
	vaplic_reset(t.p);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000004);
}

static void test_sourcecfg(void **state)
{
	static const u32 reads_as[] = {0, 1, 0, 0, 4, 5, 6, 7};

	(void)state;
	for (u32 v = 0; v < 8; v++) {
		wr(sourcecfg(5), v);
		assert_int_equal(rd(sourcecfg(5)), reads_as[v]);
		wr(sourcecfg(5), 0xfffffbf8 | v);
		assert_int_equal(rd(sourcecfg(5)), reads_as[v]);
		/* Delegation: there is nobody to delegate to. */
		wr(sourcecfg(5), 0x400 | v);
		assert_int_equal(rd(sourcecfg(5)), 0);
	}
	/* A reserved mode takes an active source out. */
	wr(sourcecfg(5), 1);
	wr(VAPLIC_SETIPNUM, 5);
	wr(VAPLIC_SETIENUM, 5);
	wr(sourcecfg(5), 2);
	assert_true(!pending(5) && !bit(VAPLIC_SETIE, 5) && rd(target(5)) == 0);
}

/* What is inactive is read-only 0, and zero again after it was active. */
static void test_inactive(void **state)
{
	(void)state;
	wr(VAPLIC_SETIP, ~0U);
	wr(VAPLIC_SETIPNUM, 3);
	wr(VAPLIC_SETIPNUM_LE, 3);
	wr(VAPLIC_SETIE, ~0U);
	wr(VAPLIC_SETIENUM, 3);
	wr(target(3), ~0U);
	high(3);
	assert_int_equal(rd(VAPLIC_SETIP) | rd(VAPLIC_SETIE) | rd(target(3)), 0);
	assert_int_equal(rd(VAPLIC_IN_CLRIP), 0);
	wr(sourcecfg(3), VAPLIC_DETACHED);
	assert_int_equal(rd(VAPLIC_IN_CLRIP), 0);
	assert_int_equal(rd(VAPLIC_SETIP) | rd(VAPLIC_SETIE), 0);
	assert_int_equal(rd(target(3)), 1);
	wr(VAPLIC_SETIP, ~0U);
	wr(VAPLIC_SETIE, ~0U);
	wr(target(3), ~0U);
	assert_int_equal(rd(VAPLIC_SETIP), 8);
	assert_int_equal(rd(VAPLIC_SETIE), 8);
	assert_int_equal(rd(target(3)), 0xfffc0007);
	wr(sourcecfg(3), VAPLIC_INACTIVE);
	assert_int_equal(rd(VAPLIC_SETIP) | rd(VAPLIC_SETIE) | rd(target(3)), 0);
	/* It does not keep what it had. */
	wr(sourcecfg(3), VAPLIC_EDGE1);
	assert_int_equal(rd(VAPLIC_SETIP) | rd(VAPLIC_SETIE), 0);
	assert_int_equal(rd(target(3)), 1);
}

static void test_rectified(void **state)
{
	(void)state;
	high(40);
	for (u32 mode = 0; mode < 8; mode++) {
		wr(sourcecfg(40), mode);
		wr(sourcecfg(41), mode);
		assert_int_equal(bit(VAPLIC_IN_CLRIP, 40), mode == 4 || mode == 6);
		assert_int_equal(bit(VAPLIC_IN_CLRIP, 41), mode == 5 || mode == 7);
	}
}

static void test_bits(void **state)
{
	(void)state;
	for (u32 s = 1; s <= 96; s++)
		wr(sourcecfg(s), VAPLIC_DETACHED);
	for (u32 n = 0; n < 4; n++) {
		wr(VAPLIC_SETIE + 4 * n, ~0U);
		wr(VAPLIC_SETIP + 4 * n, ~0U);
	}
	for (u64 block = VAPLIC_SETIP; block <= VAPLIC_SETIE;
	     block += VAPLIC_SETIE - VAPLIC_SETIP) {
		assert_int_equal(rd(block), 0xfffffffe);
		assert_int_equal(rd(block + 4), 0xffffffff);
		assert_int_equal(rd(block + 12), 1);
	}
	wr(VAPLIC_CLRIE + 4, 0xf);
	wr(VAPLIC_CLRIENUM, 63);
	assert_int_equal(rd(VAPLIC_SETIE + 4), 0x7ffffff0);
	wr(VAPLIC_IN_CLRIP + 4, 0xf0);
	wr(VAPLIC_CLRIPNUM, 63);
	assert_int_equal(rd(VAPLIC_SETIP + 4), 0x7fffff0f);
	wr(VAPLIC_SETIPNUM, 63);
	wr(VAPLIC_SETIPNUM_LE, 36);
	wr(VAPLIC_SETIENUM, 63);
	assert_int_equal(rd(VAPLIC_SETIP + 4), 0xffffff1f);
	assert_int_equal(rd(VAPLIC_SETIE + 4), 0xfffffff0);
	/* Those read 0; numbers that are no source do nothing. */
	assert_int_equal(rd(VAPLIC_CLRIE) | rd(VAPLIC_SETIPNUM) | rd(VAPLIC_CLRIPNUM) |
				 rd(VAPLIC_SETIENUM) | rd(VAPLIC_CLRIENUM) | rd(VAPLIC_SETIPNUM_LE),
			 0);
	for (u64 off = VAPLIC_SETIPNUM; off <= VAPLIC_CLRIENUM; off += 0x100) {
		wr(off, 0);
		wr(off, 97);
		wr(off, 1024);
		wr(off, 63 | 1U << 16);
		wr(off, ~0U);
	}
	assert_int_equal(rd(VAPLIC_SETIP + 4), 0xffffff1f);
	assert_int_equal(rd(VAPLIC_SETIE + 4), 0xfffffff0);
	assert_int_equal(vaplic_unknown(t.p), 0);
}

/* Direct mode: the pending bit is the rectified input, whatever is written or claimed. */
static void test_direct_level(void **state)
{
	(void)state;
	listen(0, 10, VAPLIC_LEVEL1, 1);
	wr(VAPLIC_SETIPNUM, 10);
	assert_true(!t.ext[0] && !pending(10));
	high(10);
	assert_true(t.ext[0] && !t.ext[1] && pending(10));
	assert_int_equal(rd(idc(0, VAPLIC_TOPI)), 10 << 16 | 1);
	assert_int_equal(rd(idc(0, VAPLIC_CLAIMI)), 10 << 16 | 1);
	assert_true(t.ext[0] && pending(10));
	wr(VAPLIC_IN_CLRIP, 1 << 10);
	wr(VAPLIC_CLRIPNUM, 10);
	assert_true(t.ext[0] && pending(10));
	assert_int_equal(claim(0), 10);
	low(10);
	assert_true(!t.ext[0] && !pending(10));
	assert_int_equal(claim(0), 0);
	virq_pulse(&t.line[10]);
	assert_true(!t.ext[0] && !pending(10));
	/* Active low. */
	wr(sourcecfg(10), VAPLIC_LEVEL0);
	assert_true(t.ext[0]);
	high(10);
	assert_false(t.ext[0]);
}

static void test_direct_edge(void **state)
{
	(void)state;
	listen(0, 10, VAPLIC_EDGE1, 1);
	high(10);
	assert_int_equal(claim(0), 10);
	assert_int_equal(claim(0), 0);
	high(10);
	low(10);
	assert_int_equal(claim(0), 0);
	high(10);
	low(10);
	assert_true(t.ext[0]);
	assert_int_equal(claim(0), 10);
	virq_pulse(&t.line[10]);
	virq_pulse(&t.line[10]);
	assert_int_equal(claim(0), 10);
	assert_int_equal(claim(0), 0);
	/* Falling edges; a change of mode makes none. */
	high(10);
	assert_int_equal(claim(0), 10);
	wr(sourcecfg(10), VAPLIC_EDGE0);
	assert_int_equal(claim(0), 0);
	low(10);
	assert_int_equal(claim(0), 10);
	high(10);
	assert_int_equal(claim(0), 0);
	virq_pulse(&t.line[10]);
	assert_int_equal(claim(0), 10);
	/* By register, and detached, where the wire has no say. */
	wr(VAPLIC_SETIPNUM, 10);
	wr(VAPLIC_CLRIPNUM, 10);
	assert_false(t.ext[0]);
	wr(sourcecfg(10), VAPLIC_DETACHED);
	virq_pulse(&t.line[10]);
	assert_false(t.ext[0]);
	wr(VAPLIC_SETIPNUM, 10);
	assert_int_equal(claim(0), 10);
}

/* Smallest priority number first, then smallest identity; the threshold counts for signal, topi and
 * claim alike. */
static void test_direct_order(void **state)
{
	static const u32 source[] = {4, 8, 32, 64, 95}, priority[] = {3, 7, 1, 7, 0};
	static const u32 want[] = {32, 95, 4, 8, 64, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(source); i++) {
		listen(1, source[i], VAPLIC_EDGE1, priority[i]);
		virq_pulse(&t.line[source[i]]);
	}
	assert_int_equal(rd(target(95)), 1 << 18 | 1); /* 0 became 1 */
	wr(idc(1, VAPLIC_ITHRESHOLD), 1);
	assert_true(!t.ext[1] && claim(1) == 0);
	wr(idc(1, VAPLIC_ITHRESHOLD), 0xfffffff3);
	assert_int_equal(rd(idc(1, VAPLIC_ITHRESHOLD)), 3);
	assert_int_equal(claim(1), 32);
	assert_int_equal(claim(1), 95);
	assert_int_equal(claim(1), 0);
	assert_false(t.ext[1]);
	wr(idc(1, VAPLIC_ITHRESHOLD), 0);
	virq_pulse(&t.line[95]);
	virq_pulse(&t.line[32]);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(claim(1), want[i]);
	assert_false(t.ext[0] || t.ext[1]);
	/* The other hart, and none. */
	wr(idc(0, VAPLIC_IDELIVERY), 1);
	virq_pulse(&t.line[4]);
	wr(target(4), 0 << 18 | 2);
	assert_true(t.ext[0] && !t.ext[1]);
	wr(target(4), 2 << 18 | 2);
	assert_true(!t.ext[0] && !t.ext[1]);
	wr(target(4), 0x3fffU << 18 | 2);
	assert_int_equal(rd(target(4)), 0xfffc0002);
	wr(target(4), 1 << 18 | 2);
	assert_int_equal(claim(1), 4);
}

static void test_direct_gates(void **state)
{
	(void)state;
	listen(0, 10, VAPLIC_LEVEL1, 1);
	high(10);
	wr(idc(0, VAPLIC_IDELIVERY), 0xfffffffe);
	assert_false(t.ext[0]);
	assert_int_equal(rd(idc(0, VAPLIC_TOPI)), 10 << 16 | 1);
	wr(idc(0, VAPLIC_IDELIVERY), 1);
	assert_true(t.ext[0]);
	wr(VAPLIC_DOMAINCFG, 0);
	assert_false(t.ext[0]);
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_IE);
	assert_true(t.ext[0]);
	wr(VAPLIC_CLRIENUM, 10);
	assert_false(t.ext[0]);
	assert_int_equal(rd(idc(0, VAPLIC_TOPI)), 0);
}

/* A spurious interrupt by iforce; a claim of nothing takes it back, one of something does not. */
static void test_iforce(void **state)
{
	(void)state;
	listen(0, 10, VAPLIC_EDGE1, 1);
	wr(idc(0, VAPLIC_IFORCE), 3);
	assert_int_equal(rd(idc(0, VAPLIC_IFORCE)), 1);
	assert_true(t.ext[0]);
	virq_pulse(&t.line[10]);
	assert_int_equal(claim(0), 10);
	assert_true(t.ext[0] && rd(idc(0, VAPLIC_IFORCE)) == 1);
	assert_int_equal(rd(idc(0, VAPLIC_TOPI)), 0);
	assert_true(t.ext[0]);
	assert_int_equal(claim(0), 0);
	assert_true(!t.ext[0] && rd(idc(0, VAPLIC_IFORCE)) == 0);
	wr(idc(1, VAPLIC_IFORCE), 1);
	assert_false(t.ext[1]);
	wr(idc(1, VAPLIC_IDELIVERY), 1);
	assert_true(t.ext[1]);
	wr(idc(1, VAPLIC_TOPI), 0);
	wr(idc(1, VAPLIC_CLAIMI), 0);
	assert_true(t.ext[1]);
}

/* MSI mode: one MSI, then silence until the line has fallen and risen. */
static void test_msi_level(void **state)
{
	(void)state;
	listen_msi(1, 10, VAPLIC_LEVEL1, 77);
	high(10);
	assert_int_equal(msis(1, 77), 1);
	assert_false(pending(10));
	high(10);
	assert_int_equal(msis(1, 77), 0);
	low(10);
	high(10);
	assert_int_equal(msis(1, 77), 1);
	/* The handler is done and the line is still high: Linux writes setipnum at the end. */
	wr(VAPLIC_SETIPNUM_LE, 10);
	assert_int_equal(msis(1, 77), 1);
	wr(VAPLIC_SETIP, 1 << 10);
	assert_int_equal(msis(1, 77), 1);
	/* The line fell while the handler ran. */
	low(10);
	wr(VAPLIC_SETIPNUM_LE, 10);
	wr(VAPLIC_SETIP, 1 << 10);
	assert_true(msis(1, 77) == 0 && !pending(10));
	assert_false(t.ext[0] || t.ext[1]);
}

/* The line falls before the MSI could be sent: it never is. */
static void test_msi_level_dropped(void **state)
{
	(void)state;
	listen_msi(1, 10, VAPLIC_LEVEL1, 77);
	wr(VAPLIC_CLRIENUM, 10);
	high(10);
	assert_true(pending(10));
	low(10);
	assert_false(pending(10));
	wr(VAPLIC_SETIENUM, 10);
	assert_int_equal(msis(1, 77), 0);
	/* Masked while it rises, and open again: sent late, once. */
	wr(VAPLIC_CLRIENUM, 10);
	high(10);
	wr(VAPLIC_SETIENUM, 10);
	assert_int_equal(msis(1, 77), 1);
	/* The same with the whole domain; clrip takes back what waits, setip brings it again. */
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_DM);
	low(10);
	high(10);
	assert_true(msis(1, 77) == 0 && pending(10));
	wr(VAPLIC_CLRIPNUM, 10);
	assert_true(!pending(10) && bit(VAPLIC_IN_CLRIP, 10));
	wr(VAPLIC_SETIPNUM, 10);
	assert_true(msis(1, 77) == 0 && pending(10));
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_DM | VAPLIC_DOMAINCFG_IE);
	assert_int_equal(msis(1, 77), 1);
}

static void test_msi_edge(void **state)
{
	(void)state;
	listen_msi(0, 10, VAPLIC_EDGE1, 2047);
	high(10);
	high(10);
	assert_int_equal(msis(0, 2047), 1);
	low(10);
	virq_pulse(&t.line[10]);
	virq_pulse(&t.line[10]);
	assert_int_equal(msis(0, 2047), 2);
	wr(VAPLIC_CLRIENUM, 10);
	virq_pulse(&t.line[10]);
	virq_pulse(&t.line[10]);
	wr(VAPLIC_SETIENUM, 10);
	assert_int_equal(msis(0, 2047), 1);
	wr(VAPLIC_SETIPNUM, 10);
	assert_int_equal(msis(0, 2047), 1);
	/* A pulse on a level source is seen once. */
	wr(sourcecfg(10), VAPLIC_LEVEL1);
	assert_int_equal(msis(0, 2047), 0);
	virq_pulse(&t.line[10]);
	assert_int_equal(msis(0, 2047), 1);
}

/* A change of mode by which the rectified input of a level source rises: it asks, once. */
static void test_msi_mode_change(void **state)
{
	(void)state;
	listen_msi(0, 10, VAPLIC_LEVEL1, 9);
	wr(VAPLIC_CLRIENUM, 10);
	high(10);
	wr(VAPLIC_CLRIPNUM, 10);
	wr(sourcecfg(10), VAPLIC_LEVEL1);
	assert_false(pending(10));
	wr(sourcecfg(10), VAPLIC_EDGE1);
	wr(sourcecfg(10), VAPLIC_LEVEL1);
	assert_false(pending(10)); /* was high before, and after */
	wr(sourcecfg(10), VAPLIC_LEVEL0);
	assert_false(pending(10));
	wr(sourcecfg(10), VAPLIC_LEVEL1);
	assert_true(pending(10));
	/* What is not asserted cannot be pending. */
	wr(sourcecfg(10), VAPLIC_LEVEL0);
	assert_false(pending(10));
	/* A pending edge stays through a change of edges. */
	wr(sourcecfg(10), VAPLIC_EDGE1);
	wr(VAPLIC_SETIPNUM, 10);
	wr(sourcecfg(10), VAPLIC_EDGE0);
	assert_true(pending(10));
	wr(VAPLIC_SETIENUM, 10);
	assert_int_equal(msis(0, 9), 1);
}

/* Targets: fields of each mode, hart and guest that do not exist, and what a change of DM leaves. */
static void test_msi_target(void **state)
{
	(void)state;
	vaplic_destroy(t.p);
	make(96, 3, 2, &both);
	listen_msi(0, 10, VAPLIC_EDGE1, 0);
	wr(target(10), ~0U);
	assert_int_equal(rd(target(10)), 0xfffc37ff);
	virq_pulse(&t.line[10]); /* hart 16383 */
	wr(target(10), 3 << 18 | 5);
	virq_pulse(&t.line[10]);
	wr(target(10), 2 << 18 | 3 << 12 | 5);
	virq_pulse(&t.line[10]);
	assert_int_equal(t.msis, 0);
	assert_false(pending(10));
	wr(target(10), 2 << 18 | 2 << 12 | 5);
	virq_pulse(&t.line[10]);
	assert_int_equal(t.msis, 1);
	assert_true(t.msi[0].hart == 2 && t.msi[0].guest == 2 && t.msi[0].eiid == 5);
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_IE);
	assert_int_equal(rd(target(10)), 1);
	wr(target(10), ~0U);
	assert_int_equal(rd(target(10)), 0xfffc0007);
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_IE | VAPLIC_DOMAINCFG_DM);
	assert_int_equal(rd(target(10)), 0);
	/* EIID 0 is sent as it is: the file takes no identity 0. */
	t.msis = 0;
	virq_pulse(&t.line[10]);
	assert_int_equal(msis(0, 0), 1);
	vaplic_destroy(t.p);
	make(96, 3, 0, &both);
	listen_msi(0, 10, VAPLIC_EDGE1, 0);
	wr(target(10), ~0U);
	assert_int_equal(rd(target(10)), 0xfffc07ff); /* no H: no Guest Index */
}

static void test_dm_switch(void **state)
{
	(void)state;
	listen(0, 10, VAPLIC_LEVEL1, 1);
	listen(0, 11, VAPLIC_EDGE1, 1);
	wr(idc(0, VAPLIC_IFORCE), 1);
	high(10);
	assert_true(t.ext[0]);
	/* To MSIs: the signal falls, the level that is high is sent, to the default target. */
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_IE | VAPLIC_DOMAINCFG_DM);
	assert_true(!t.ext[0] && msis(0, 0) == 1);
	assert_int_equal(rd(idc(0, VAPLIC_TOPI)), 0);
	assert_int_equal(claim(0), 0);
	assert_int_equal(rd(idc(0, VAPLIC_IFORCE)), 0);
	/* And back: pending is the level again, of 11 only the default target is left. */
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_IE);
	assert_true(t.ext[0] && pending(10));
	assert_int_equal(claim(0), 10);
	low(10);
	virq_pulse(&t.line[11]);
	assert_int_equal(claim(0), 11);
	assert_int_equal(t.msis, 0);
}

static void test_genmsi(void **state)
{
	(void)state;
	wr(VAPLIC_GENMSI, 1 << 18 | 5);
	assert_true(rd(VAPLIC_GENMSI) == 0 && t.msis == 0);
	/* Whatever IE says; what was sent before is there before. */
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_DM);
	wr(VAPLIC_GENMSI, 1 << 18 | 3 << 12 | 1 << 11 | 5);
	assert_int_equal(rd(VAPLIC_GENMSI), 1 << 18 | 5); /* never busy */
	assert_int_equal(msis(1, 5), 1);
	listen_msi(1, 10, VAPLIC_EDGE1, 7);
	virq_pulse(&t.line[10]);
	wr(VAPLIC_GENMSI, 1 << 18 | 6);
	assert_true(t.msis == 2 && t.msi[0].eiid == 7 && t.msi[1].eiid == 6);
	wr(VAPLIC_GENMSI, 2 << 18 | 6);
	assert_int_equal(t.msis, 2);
	wr(VAPLIC_DOMAINCFG, 0);
	assert_int_equal(rd(VAPLIC_GENMSI), 0);
}

static void test_unknown(void **state)
{
	static const u64 off[] = {
		97 * 4,
		0x1000,
		0x1bc0,
		0x1bc4,
		0x1bc8,
		0x1bcc,
		0x1bfc,
		0x1c10,
		0x1c80,
		0x1cd8,
		0x1ce0,
		0x1d10,
		0x1e7c,
		0x1ffc,
		0x2004,
		0x2008,
		0x2ffc,
		0x3000 + 97 * 4,
		0x3ffc,
		0x400c,
		0x4014,
		0x4040,
		0x4ffc,
		0x4008000,
		1,
		0x4001,
		0x4002,
		~0ULL,
		~3ULL,
		1ULL << 32,
		1ULL << 32 | 0x4000,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		assert_int_equal(rd(off[i]), 0);
		wr(off[i], ~0U);
		if (vaplic_unknown(t.p) != 2 * (i + 1))
			fail_msg("offset %lx is a register", (unsigned long)off[i]);
	}
	assert_int_equal(t.changes + t.msis, 0);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000000);
}

static void test_mmio(void **state)
{
	u64 val = 5;

	(void)state;
	for (u64 off = 0; off < 16; off++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			enum err want = width == 4 && off % 4 == 0 ? OK : ERR_INVAL;

			assert_int_equal(vaplic_mmio_ops.write(t.p, off, width, &val), want);
			assert_int_equal(vaplic_mmio_ops.read(t.p, off, width, &val), want);
			val = 5;
		}
	}
	assert_int_equal(rd(sourcecfg(1)), 5);
}

static void test_reset(void **state)
{
	(void)state;
	listen(0, 10, VAPLIC_LEVEL1, 3);
	listen(1, 11, VAPLIC_EDGE1, 3);
	wr(idc(1, VAPLIC_IFORCE), 1);
	wr(idc(1, VAPLIC_ITHRESHOLD), 5);
	high(10);
	virq_pulse(&t.line[11]);
	assert_true(t.ext[0] && t.ext[1]);
	vaplic_reset(t.p);
	assert_true(!t.ext[0] && !t.ext[1] && !vaplic_ext(t.p, 0) && !vaplic_ext(t.p, 1));
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000000);
	for (u32 s = 1; s <= 96; s++)
		assert_int_equal(rd(sourcecfg(s)) | rd(target(s)), 0);
	for (u32 n = 0; n < 4; n++)
		assert_int_equal(rd(VAPLIC_SETIP + 4 * n) | rd(VAPLIC_SETIE + 4 * n), 0);
	for (u32 reg = 0; reg <= VAPLIC_ITHRESHOLD; reg += 4)
		assert_int_equal(rd(idc(0, reg)) | rd(idc(1, reg)), 0);
	/* The line is still high. */
	listen(0, 10, VAPLIC_LEVEL1, 3);
	assert_true(t.ext[0] && vaplic_ext(t.p, 0));
	wr(VAPLIC_DOMAINCFG, VAPLIC_DOMAINCFG_DM);
	vaplic_reset(t.p);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000000);
}

/* A second model, of plain arrays and loops: the tables of sections 4.5 to 4.8, one after the other. */
static struct {
	bool dm, ie;
	u32 genmsi;
	struct {
		u32 sm, target;
		bool wire, ip, ie;
	} s[1024];
	struct {
		bool delivery, force;
		u32 threshold;
	} h[HART_MAX];
	struct msi msi[MSI_MAX];
	u32 msis;
} ref;

static bool ref_rect(u32 s)
{
	switch (ref.s[s].sm) {
	case 4:
	case 6: return ref.s[s].wire;
	case 5:
	case 7: return !ref.s[s].wire;
	default: return false;
	}
}

static bool ref_is_level(u32 s)
{
	return ref.s[s].sm == 6 || ref.s[s].sm == 7;
}

static u32 ref_topi(u32 hart)
{
	u32 best = 0, best_prio = 256;

	if (ref.dm)
		return 0;
	for (u32 s = 1; s <= t.sources; s++) {
		u32 prio = ref.s[s].target & 0xff;

		if (!ref.s[s].ip || !ref.s[s].ie || ref.s[s].target >> 18 != hart)
			continue;
		if (ref.h[hart].threshold && prio >= ref.h[hart].threshold)
			continue;
		if (prio < best_prio) {
			best = s;
			best_prio = prio;
		}
	}
	return best ? best << 16 | best_prio : 0;
}

static bool ref_ext(u32 hart)
{
	return !ref.dm && ref.ie && ref.h[hart].delivery && (ref.h[hart].force || ref_topi(hart));
}

static void ref_send(u32 hart, u32 guest, u32 eiid)
{
	if (hart < t.harts && guest <= t.geilen)
		ref.msi[ref.msis++] = (struct msi){hart, guest, eiid};
}

/* What holds at any time, and what is sent because of it. */
static void ref_settle(void)
{
	for (u32 s = 1; s <= t.sources; s++) {
		if (ref_is_level(s) && !ref.dm)
			ref.s[s].ip = ref_rect(s);
		if (ref_is_level(s) && ref.dm && !ref_rect(s))
			ref.s[s].ip = false;
		if (ref.dm && ref.ie && ref.s[s].ip && ref.s[s].ie) {
			ref.s[s].ip = false;
			ref_send(ref.s[s].target >> 18, ref.s[s].target >> 12 & 0x3f,
				 ref.s[s].target & 0x7ff);
		}
	}
}

static void ref_wire(u32 s, bool level)
{
	bool was = ref_rect(s);

	ref.s[s].wire = level;
	if (!was && ref_rect(s))
		ref.s[s].ip = true;
	ref_settle();
}

static void ref_setip(u32 s)
{
	if (s == 0 || s > t.sources || ref.s[s].sm == 0)
		return;
	if (!ref_is_level(s) || (ref.dm && ref_rect(s)))
		ref.s[s].ip = true;
	ref_settle();
}

static void ref_clrip(u32 s)
{
	if (s == 0 || s > t.sources)
		return;
	ref.s[s].ip = false;
	ref_settle();
}

static void ref_setie(u32 s, bool on)
{
	if (s == 0 || s > t.sources || ref.s[s].sm == 0)
		return;
	ref.s[s].ie = on;
	ref_settle();
}

static u32 ref_default_target(void)
{
	return ref.dm ? 0 : 1;
}

static void ref_sourcecfg(u32 s, u32 val)
{
	bool was = ref_rect(s);
	u32 old = ref.s[s].sm;

	ref.s[s].sm = val & 0x400 || (val & 7) == 2 || (val & 7) == 3 ? 0 : val & 7;
	if (!ref.s[s].sm) {
		ref.s[s].ip = ref.s[s].ie = false;
		ref.s[s].target = 0;
	} else if (!old) {
		ref.s[s].target = ref_default_target();
	}
	if (ref_is_level(s) && !was && ref_rect(s))
		ref.s[s].ip = true;
	ref_settle();
}

static void ref_target(u32 s, u32 val)
{
	u32 guests = t.geilen == 0 ? 0 : (t.geilen == 1 ? 1 : (t.geilen < 4 ? 3 : 7));

	if (!ref.s[s].sm)
		return;
	if (ref.dm)
		ref.s[s].target = val & (0xfffc0000 | guests << 12 | 0x7ff);
	else
		ref.s[s].target = (val & 0xfffc0000) | (val & 7 ? val & 7 : 1);
	ref_settle();
}

static void ref_domaincfg(u32 val)
{
	bool dm = val & 4;

	ref.ie = val & 0x100;
	if (dm != ref.dm) {
		ref.dm = dm;
		ref.genmsi = 0;
		for (u32 s = 1; s <= t.sources; s++)
			if (ref.s[s].sm)
				ref.s[s].target = ref_default_target();
	}
	ref_settle();
}

static void ref_genmsi(u32 val)
{
	if (!ref.dm)
		return;
	ref.genmsi = val & 0xfffc07ff;
	ref_send(val >> 18, 0, val & 0x7ff);
}

static u32 ref_claim(u32 hart)
{
	u32 top = ref_topi(hart);

	if (top)
		ref.s[top >> 16].ip = false;
	else
		ref.h[hart].force = false;
	ref_settle();
	return top;
}

static u64 random_state;

static u32 rnd(u32 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (u32)(random_state >> 32) % below;
}

/* A target that mostly names somebody who exists. */
static u32 random_target(void)
{
	return rnd(t.harts + (rnd(8) == 0)) << 18 | rnd(t.geilen + 2) << 12 | rnd(2048);
}

static void random_word(u32 s)
{
	u32 n = s / 32, v = rnd(~0U) & rnd(~0U), what = rnd(4);
	static const u64 block[] = {VAPLIC_SETIP, VAPLIC_IN_CLRIP, VAPLIC_SETIE, VAPLIC_CLRIE};

	for (u32 b = 0; b < 32; b++) {
		if (!(v >> b & 1))
			continue;
		if (what == 0)
			ref_setip(n * 32 + b);
		else if (what == 1)
			ref_clrip(n * 32 + b);
		else
			ref_setie(n * 32 + b, what == 2);
	}
	wr(block[what] + 4 * n, v);
}

static void random_number(u32 s)
{
	u32 v = rnd(16) ? s : rnd(2048);

	switch (rnd(5)) {
	case 0:
		ref_setip(v);
		wr(VAPLIC_SETIPNUM, v);
		break;
	case 1:
		ref_setip(v);
		wr(VAPLIC_SETIPNUM_LE, v);
		break;
	case 2:
		ref_clrip(v);
		wr(VAPLIC_CLRIPNUM, v);
		break;
	case 3:
		ref_setie(v, true);
		wr(VAPLIC_SETIENUM, v);
		break;
	default:
		ref_setie(v, false);
		wr(VAPLIC_CLRIENUM, v);
		break;
	}
}

static void random_source(u32 s)
{
	u32 v;

	switch (rnd(8)) {
	case 0:
		v = rnd(16) ? rnd(8) : rnd(~0U);
		ref_sourcecfg(s, v);
		wr(sourcecfg(s), v);
		break;
	case 1:
		v = random_target();
		ref_target(s, v);
		wr(target(s), v);
		break;
	case 2: random_word(s); break;
	case 3: random_number(s); break;
	case 4:
		ref_wire(s, !ref.s[s].wire);
		ref_wire(s, !ref.s[s].wire);
		virq_pulse(&t.line[s]);
		break;
	default:
		v = rnd(2);
		ref_wire(s, v);
		virq_set(&t.line[s], v);
		break;
	}
}

static void random_domain(u32 hart)
{
	u32 v = rnd(~0U);

	switch (rnd(12)) {
	case 0:
		v = (rnd(4) ? 0x100 : 0) | (rnd(8) ? (ref.dm ? 4 : 0) : rnd(8));
		ref_domaincfg(v);
		wr(VAPLIC_DOMAINCFG, v);
		break;
	case 1:
		v = random_target();
		ref_genmsi(v);
		wr(VAPLIC_GENMSI, v);
		break;
	case 2:
	case 3:
		ref.h[hart].delivery = v & 1;
		wr(idc(hart, VAPLIC_IDELIVERY), v);
		break;
	case 4:
		ref.h[hart].force = v & 1;
		wr(idc(hart, VAPLIC_IFORCE), v);
		break;
	case 5:
		ref.h[hart].threshold = v & 7;
		wr(idc(hart, VAPLIC_ITHRESHOLD), v);
		break;
	default: assert_int_equal(rd(idc(hart, VAPLIC_CLAIMI)), ref_claim(hart)); break;
	}
}

static void check_words(u32 n)
{
	u32 ip = 0, ie = 0, in = 0;

	for (u32 b = 0; b < 32 && n * 32 + b <= t.sources; b++) {
		ip |= (u32)ref.s[n * 32 + b].ip << b;
		ie |= (u32)ref.s[n * 32 + b].ie << b;
		in |= (u32)ref_rect(n * 32 + b) << b;
	}
	assert_int_equal(rd(VAPLIC_SETIP + 4 * n), ip);
	assert_int_equal(rd(VAPLIC_SETIE + 4 * n), ie);
	assert_int_equal(rd(VAPLIC_IN_CLRIP + 4 * n), in);
}

static void check_msis(void)
{
	assert_int_equal(t.msis, ref.msis);
	assert_memory_equal(t.msi, ref.msi, t.msis * sizeof(t.msi[0]));
	t.msis = ref.msis = 0;
}

static void check(u32 s, u32 hart)
{
	for (u32 h = 0; h < t.harts; h++)
		if (t.ext[h] != ref_ext(h))
			fail_msg("hart %u: interrupt %d", h, t.ext[h]);
	check_msis();
	check_words(s / 32);
	assert_int_equal(rd(sourcecfg(s)), ref.s[s].sm);
	assert_int_equal(rd(target(s)), ref.s[s].target);
	assert_int_equal(rd(VAPLIC_DOMAINCFG), 0x80000000 | (u32)ref.ie << 8 | (u32)ref.dm << 2);
	assert_int_equal(rd(VAPLIC_GENMSI), ref.genmsi);
	assert_int_equal(rd(idc(hart, VAPLIC_TOPI)), ref_topi(hart));
	assert_int_equal(rd(idc(hart, VAPLIC_IFORCE)), ref.h[hart].force);
	assert_int_equal(rd(idc(hart, VAPLIC_IDELIVERY)), ref.h[hart].delivery);
	assert_int_equal(rd(idc(hart, VAPLIC_ITHRESHOLD)), ref.h[hart].threshold);
}

static void run_random(u32 sources, u32 harts, u32 geilen, unsigned int steps)
{
	make(sources, harts, geilen, &both);
	memset(&ref, 0, sizeof(ref));
	for (unsigned int i = 0; i < steps; i++) {
		u32 s = 1 + rnd(sources), hart = rnd(harts);

		if (rnd(3))
			random_source(s);
		else
			random_domain(hart);
		check(s, hart);
	}
	vaplic_destroy(t.p);
}

static void test_random(void **state)
{
	(void)state;
	random_state = 88172645463325252ULL;
	run_random(1, 1, 0, 20000);
	run_random(31, 2, 0, 20000);
	run_random(32, 3, 1, 20000);
	run_random(63, 1, 7, 20000);
	run_random(64, 65, 0, 2000);
	run_random(96, 4, 2, 20000);
	run_random(1023, 2, 0, 1500);
}

/* Any offset, any value: nothing but ERR_INVAL and counts. */
static void test_hostile(void **state)
{
	(void)state;
	random_state = 4101842887655102017ULL;
	for (unsigned int i = 0; i < 400000; i++) {
		u64 off = ((u64)rnd(~0U) << 32 | rnd(~0U)) >> rnd(64);
		u64 val = ((u64)rnd(~0U) << 32 | rnd(~0U)) >> rnd(64);
		unsigned int width = 1U << rnd(4);

		t.msis = 0;
		if (rnd(2))
			off = (off % vaplic_size(t.p)) & ~3ULL;
		if (rnd(4) == 0)
			virq_set(&t.line[1 + rnd(96)], rnd(2));
		if (rnd(2))
			vaplic_mmio_ops.write(t.p, off, width, &val);
		else
			vaplic_mmio_ops.read(t.p, off, width, &val);
	}
	for (u32 h = 0; h < 2; h++)
		assert_int_equal(t.ext[h], vaplic_ext(t.p, h));
}

/*
 * Two harts claim the same edge sources while a device pulses them and a third moves them between
 * the harts: nobody handles a source that another has, and no request is lost. Hart 0 is the device.
 */
#define RACE_SOURCES 8
#define RACE_ROUNDS  1000

static u32 in_handler[RACE_SOURCES + 1], served[RACE_SOURCES + 1];
static u32 race_failures;
static bool race_over;

static void race_device(void)
{
	for (u32 round = 1; round <= RACE_ROUNDS; round++) {
		for (u32 s = 1; s <= RACE_SOURCES; s++)
			virq_pulse(&t.line[s]);
		for (u32 s = 1; s <= RACE_SOURCES; s++) {
			wr(target(s), (round + s) % 2 << 18 | 1);
			while (arch_load_acquire(&served[s]) < round)
				arch_relax();
		}
	}
	WRITE_ONCE(race_over, true);
}

static void race_claimer(u32 hart)
{
	while (!READ_ONCE(race_over)) {
		u32 s = claim(hart);

		if (!s) {
			arch_relax();
			continue;
		}
		if (__atomic_exchange_n(&in_handler[s], 1, __ATOMIC_ACQ_REL))
			__atomic_fetch_add(&race_failures, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&in_handler[s], 0, __ATOMIC_RELEASE);
		__atomic_fetch_add(&served[s], 1, __ATOMIC_RELEASE);
	}
}

static void race_hart(unsigned int hart)
{
	if (hart == 0)
		race_device();
	else
		race_claimer(hart - 1);
}

static void race_ext(void *arg, u32 hart, bool level)
{
	(void)arg;
	(void)hart;
	(void)level;
}

static void race_start(void)
{
	memset(served, 0, sizeof(served));
	race_failures = 0;
	race_over = false;
}

static void test_two_claim(void **state)
{
	static const struct vaplic_ops ops = {race_ext, NULL};

	(void)state;
	make(RACE_SOURCES, 2, 0, &ops);
	for (u32 s = 1; s <= RACE_SOURCES; s++)
		listen(s % 2, s, VAPLIC_EDGE1, 1 + s % 7);
	race_start();
	host_harts_run(3, race_hart);
	assert_int_equal(race_failures, 0);
	for (u32 s = 1; s <= RACE_SOURCES; s++)
		assert_int_equal(served[s], RACE_ROUNDS);
	vaplic_destroy(t.p);
}

/*
 * Level lines that go to a hart by MSIs, as Linux handles them: the handler serves one request of the
 * device, which keeps its line high while it has more, and ends by writing setipnum. Each request is
 * served, whenever the line rises or falls meanwhile.
 */
static u32 msi_pending[RACE_SOURCES + 1]; /* the interrupt file: a bit for each source */
static u32 wanted[RACE_SOURCES + 1], line_lock[RACE_SOURCES + 1];

static void race_msi(void *arg, u32 hart, u32 guest, u32 eiid)
{
	(void)arg;
	(void)hart;
	(void)guest;
	__atomic_store_n(&msi_pending[eiid], 1, __ATOMIC_RELEASE);
}

/* The device's own lock keeps its line in step with what it wants. */
static void device_change(u32 s, int by)
{
	while (__atomic_exchange_n(&line_lock[s], 1, __ATOMIC_ACQUIRE))
		arch_relax();
	wanted[s] += (u32)by;
	virq_set(&t.line[s], wanted[s] != 0);
	__atomic_store_n(&line_lock[s], 0, __ATOMIC_RELEASE);
}

static void level_device(void)
{
	for (u32 round = 1; round <= RACE_ROUNDS; round++) {
		for (u32 s = 1; s <= RACE_SOURCES; s++)
			for (u32 n = 0; n <= s % 3; n++)
				device_change(s, 1);
		if (round % 4)
			continue;
		for (u32 s = 1; s <= RACE_SOURCES; s++)
			while (arch_load_acquire(&served[s]) < round * (s % 3 + 1))
				arch_relax();
	}
	WRITE_ONCE(race_over, true);
}

static void level_driver(void)
{
	while (!READ_ONCE(race_over)) {
		for (u32 s = 1; s <= RACE_SOURCES; s++) {
			if (!__atomic_exchange_n(&msi_pending[s], 0, __ATOMIC_ACQUIRE))
				continue;
			if (rd(VAPLIC_IN_CLRIP) >> s & 1) {
				device_change(s, -1);
				__atomic_fetch_add(&served[s], 1, __ATOMIC_RELEASE);
			}
			wr(VAPLIC_SETIPNUM_LE, s);
		}
		arch_relax();
	}
}

static void level_hart(unsigned int hart)
{
	if (hart == 0)
		level_device();
	else
		level_driver();
}

static void test_level_msi_race(void **state)
{
	static const struct vaplic_ops ops = {NULL, race_msi};

	(void)state;
	make(RACE_SOURCES, 1, 0, &ops);
	for (u32 s = 1; s <= RACE_SOURCES; s++)
		listen_msi(0, s, VAPLIC_LEVEL1, s);
	race_start();
	memset(msi_pending, 0, sizeof(msi_pending));
	host_harts_run(2, level_hart);
	for (u32 s = 1; s <= RACE_SOURCES; s++)
		assert_int_equal(served[s], RACE_ROUNDS * (s % 3 + 1));
	vaplic_destroy(t.p);
}

#define with_aplic(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		with_aplic(test_connect),
		with_aplic(test_domaincfg),
		with_aplic(test_sourcecfg),
		with_aplic(test_inactive),
		with_aplic(test_rectified),
		with_aplic(test_bits),
		with_aplic(test_direct_level),
		with_aplic(test_direct_edge),
		with_aplic(test_direct_order),
		with_aplic(test_direct_gates),
		with_aplic(test_iforce),
		with_aplic(test_msi_level),
		with_aplic(test_msi_level_dropped),
		with_aplic(test_msi_edge),
		with_aplic(test_msi_mode_change),
		with_aplic(test_msi_target),
		with_aplic(test_dm_switch),
		with_aplic(test_genmsi),
		with_aplic(test_unknown),
		with_aplic(test_mmio),
		with_aplic(test_reset),
		cmocka_unit_test(test_random),
		with_aplic(test_hostile),
		cmocka_unit_test(test_two_claim),
		cmocka_unit_test(test_level_msi_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
