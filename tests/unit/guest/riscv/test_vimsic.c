/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt file model: each rule of the specification by itself, random instructions and MSIs
 * against a second model of plain arrays, and senders on other harts against a vCPU that enables,
 * claims, clears as Linux does, and moves its file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "guest/riscv/vimsic.h"
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

static struct {
	struct vimsic *f;
	u32 ids;
	u32 notified; /* atomic */
} t;

static void on_notify(void *arg)
{
	if (arg != &t)
		abort();
	__atomic_fetch_add(&t.notified, 1, __ATOMIC_RELEASE);
}

static const struct vimsic_ops ops = {.notify = on_notify};

static void make(u32 ids)
{
	memset(&t, 0, sizeof(t));
	t.ids = ids;
	assert_int_equal(vimsic_create(ids, &ops, &t, &t.f), OK);
}

static int setup(void **state)
{
	(void)state;
	make(VIMSIC_IDS_DEFAULT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vimsic_destroy(t.f);
	return 0;
}

/* One CSR instruction, as the assembler encodes it: rd is a0 unless noread, rs1 is a1 or x0. */
static enum err csr_insn(u32 funct3, u32 csr, u64 operand, bool noread, u64 *old)
{
	u64 regs[32] = {0};
	struct csr_insn i;
	bool imm = funct3 & 4;
	u32 src = imm ? (u32)operand : (operand || (funct3 & 3) == 1 ? 11 : 0);

	regs[11] = operand;
	assert_int_equal(
		decode_csr(csr << 20 | src << 15 | funct3 << 12 | (noread ? 0U : 10U << 7) | 0x73,
			   &i),
		OK);
	return vimsic_csr(t.f, &i, csr_insn_operand(&i, regs), old);
}

static u64 csr_do(u32 funct3, u32 csr, u64 operand)
{
	u64 old = 0x5a5a;

	assert_int_equal(csr_insn(funct3, csr, operand, false, &old), OK);
	return old;
}

#define RW 1
#define RS 2
#define RC 3

static void sel(u64 select)
{
	(void)csr_do(RW, VIMSIC_CSR_SISELECT, select);
}

static u64 reg_read(u64 select)
{
	sel(select);
	return csr_do(RS, VIMSIC_CSR_SIREG, 0);
}

static u64 reg_do(u32 funct3, u64 select, u64 val)
{
	sel(select);
	return csr_do(funct3, VIMSIC_CSR_SIREG, val);
}

static u64 eip_reg(u32 id)
{
	return VIMSIC_EIP0 + id / 64 * 2;
}

static u64 eie_reg(u32 id)
{
	return VIMSIC_EIE0 + id / 64 * 2;
}

static void enable(u32 id)
{
	(void)reg_do(RS, eie_reg(id), 1ULL << id % 64);
}

static bool pending(u32 id)
{
	return reg_read(eip_reg(id)) >> id % 64 & 1;
}

static u32 topei(void)
{
	u64 val = csr_do(RS, VIMSIC_CSR_STOPEI, 0);

	assert_int_equal(val >> 16, val & 0xffff);
	return (u32)(val >> 16);
}

static u32 claim(void)
{
	u64 val = csr_do(RW, VIMSIC_CSR_STOPEI, 0);

	assert_int_equal(val >> 16, val & 0xffff);
	return (u32)(val >> 16);
}

static void deliver(u64 on)
{
	(void)reg_do(RW, VIMSIC_EIDELIVERY, on);
}

static void threshold(u64 val)
{
	(void)reg_do(RW, VIMSIC_EITHRESHOLD, val);
}

static void test_create(void **state)
{
	static const u32 bad[] = {0, 1, 62, 64, 126, 128, 1000, 2046, 2048, 2111, ~0U};
	static const u32 good[] = {63, 127, 255, 1023, 2047};
	struct vimsic *f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(vimsic_create(bad[i], &ops, NULL, &f), ERR_RANGE);
	no_memory = true;
	assert_int_equal(vimsic_create(63, &ops, NULL, &f), ERR_NOMEM);
	no_memory = false;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(vimsic_create(good[i], &ops, NULL, &f), OK);
		vimsic_destroy(f);
	}
}

/* A send, the level, a claim. */
static void test_claim(void **state)
{
	(void)state;
	deliver(1);
	enable(70);
	assert_false(vimsic_ext(t.f));
	vimsic_msi(t.f, 70);
	assert_true(vimsic_ext(t.f) && pending(70));
	assert_int_equal(t.notified, 1);
	vimsic_msi(t.f, 70);
	assert_int_equal(topei(), 70);
	assert_true(pending(70));
	assert_int_equal(claim(), 70);
	assert_true(!vimsic_ext(t.f) && !pending(70));
	assert_int_equal(claim(), 0);
	assert_int_equal(topei(), 0);
}

/* Each form of a write to stopei claims, whatever it writes; forms that do not write do not. */
static void test_claim_forms(void **state)
{
	u64 old;

	(void)state;
	enable(9);
	for (u32 funct3 = 1; funct3 < 8; funct3++) {
		if (funct3 == 4)
			continue;
		vimsic_msi(t.f, 9);
		assert_int_equal(csr_do(funct3, VIMSIC_CSR_STOPEI, 21), 9 << 16 | 9);
		assert_false(pending(9));
		/* To x0: nobody learns of it, and still it is claimed. */
		vimsic_msi(t.f, 9);
		assert_int_equal(csr_insn(funct3, VIMSIC_CSR_STOPEI, 21, true, &old), OK);
		assert_false(pending(9));
		/* With x0 or immediate 0, set and clear only read. */
		vimsic_msi(t.f, 9);
		assert_int_equal(csr_do(funct3, VIMSIC_CSR_STOPEI, 0), 9 << 16 | 9);
		assert_int_equal(pending(9), (funct3 & 3) != 1);
	}
}

/* The lower the number the more urgent, and what is disabled does not count. */
static void test_order(void **state)
{
	static const u32 id[] = {200, 3, 64, 255, 63, 1}, want[] = {1, 3, 63, 64, 200, 255, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		enable(id[i]);
		vimsic_msi(t.f, id[i]);
	}
	vimsic_msi(t.f, 2);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(claim(), want[i]);
	assert_true(pending(2));
	enable(2);
	assert_int_equal(claim(), 2);
}

static void test_threshold(void **state)
{
	(void)state;
	deliver(1);
	enable(10);
	enable(200);
	vimsic_msi(t.f, 200);
	vimsic_msi(t.f, 10);
	threshold(10);
	assert_true(!vimsic_ext(t.f) && topei() == 0 && claim() == 0);
	assert_true(pending(10) && pending(200));
	threshold(11);
	assert_true(vimsic_ext(t.f));
	assert_int_equal(claim(), 10);
	assert_true(!vimsic_ext(t.f) && claim() == 0);
	threshold(200);
	assert_int_equal(claim(), 0);
	threshold(201);
	assert_int_equal(claim(), 200);
	/* A sender is told of nothing that the threshold holds back. */
	threshold(10);
	t.notified = 0;
	vimsic_msi(t.f, 10);
	vimsic_msi(t.f, 200);
	assert_int_equal(t.notified, 0);
	threshold(0);
	assert_int_equal(claim(), 10);
	/* Holds 0 to ids; more is none. */
	for (u64 v = 0; v <= 255; v++) {
		threshold(v);
		assert_int_equal(reg_read(VIMSIC_EITHRESHOLD), v);
	}
	threshold(256);
	assert_int_equal(reg_read(VIMSIC_EITHRESHOLD), 0);
	threshold(1ULL << 63 | 5);
	assert_int_equal(reg_read(VIMSIC_EITHRESHOLD), 0);
}

static void test_delivery(void **state)
{
	(void)state;
	enable(5);
	vimsic_msi(t.f, 5);
	assert_false(vimsic_ext(t.f));
	assert_int_equal(t.notified, 0);
	assert_int_equal(topei(), 5);
	deliver(1);
	assert_true(vimsic_ext(t.f));
	deliver(0x40000000); /* not there in a guest file */
	assert_int_equal(reg_read(VIMSIC_EIDELIVERY), 0);
	assert_false(vimsic_ext(t.f));
	assert_int_equal(reg_do(RS, VIMSIC_EIDELIVERY, 3), 0);
	assert_int_equal(reg_do(RC, VIMSIC_EIDELIVERY, 1), 1);
	assert_int_equal(reg_read(VIMSIC_EIDELIVERY), 0);
}

/* Identity 0, and those past the end: nothing happens, and no other bit is touched. */
static void test_bad_identity(void **state)
{
	static const u32 bad[] = {0, 256, 257, 2047, 2048, 1U << 16 | 5, ~0U};

	(void)state;
	deliver(1);
	for (u32 w = 0; w < 4; w++)
		(void)reg_do(RW, VIMSIC_EIE0 + 2 * w, ~0ULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		vimsic_msi(t.f, bad[i]);
		assert_int_equal(vimsic_unknown(t.f), i + 1);
	}
	assert_false(vimsic_ext(t.f));
	for (u32 w = 0; w < 32; w++)
		assert_int_equal(reg_read(VIMSIC_EIP0 + 2 * w), 0);
	vimsic_msi(t.f, 255);
	assert_int_equal(claim(), 255);
	assert_int_equal(t.notified, 1);
}

/* The arrays: bit 0 and what is past the identities are read-only 0; odd ones are not there. */
static void test_arrays(void **state)
{
	u64 old;

	(void)state;
	for (u64 base = VIMSIC_EIP0; base <= VIMSIC_EIE0; base += VIMSIC_EIE0 - VIMSIC_EIP0) {
		for (u32 k = 0; k < 64; k++) {
			u64 exists = k >= 8 ? 0 : (k ? ~0ULL : ~1ULL);

			sel(base + k);
			if (k % 2) {
				for (u32 funct3 = 1; funct3 < 4; funct3++)
					assert_int_equal(
						csr_insn(funct3, VIMSIC_CSR_SIREG, 1, false, &old),
						ERR_NOTSUP);
				assert_int_equal(csr_insn(RS, VIMSIC_CSR_SIREG, 0, false, &old),
						 ERR_NOTSUP);
				continue;
			}
			assert_int_equal(csr_do(RW, VIMSIC_CSR_SIREG, ~0ULL), 0);
			assert_int_equal(csr_do(RC, VIMSIC_CSR_SIREG, 0xf0), exists);
			assert_int_equal(csr_do(RS, VIMSIC_CSR_SIREG, 0x30), exists & ~0xf0ULL);
			assert_int_equal(csr_do(RW, VIMSIC_CSR_SIREG, 0), exists & ~0xc0ULL);
			assert_int_equal(csr_do(RS, VIMSIC_CSR_SIREG, 0), 0);
		}
	}
}

/* Which values of siselect name a register: the list of section 2.2 with chapter 3. */
static void test_select(void **state)
{
	u64 old;

	(void)state;
	for (u64 s = 0; s < 0x200; s++) {
		bool iprio = s >= 0x30 && s <= 0x3f, file = s >= 0x70 && s <= 0xff;
		bool odd_missing = iprio || s >= 0x80;
		bool is = (iprio || file) && !(odd_missing && s % 2);

		sel(s);
		assert_int_equal(csr_do(RS, VIMSIC_CSR_SISELECT, 0), s);
		assert_int_equal(vimsic_select(t.f), s);
		old = 1;
		if (csr_insn(RS, VIMSIC_CSR_SIREG, 0, false, &old) != (is ? OK : ERR_NOTSUP))
			fail_msg("siselect %lx", (unsigned long)s);
		assert_int_equal(csr_insn(RW, VIMSIC_CSR_SIREG, 0, false, &old),
				 is ? OK : ERR_NOTSUP);
		assert_int_equal(old, 0);
	}
	/* Reserved ones of the file and priorities read 0 and keep nothing. */
	for (u64 s = 0x30; s < 0x80; s++) {
		if ((s > 0x3e && s < 0x71) || s == 0x72 || (s < 0x40 && s % 2))
			continue;
		assert_int_equal(reg_do(RW, s, ~0ULL), 0);
		assert_int_equal(reg_read(s), 0);
	}
	/* Nine bits. */
	sel(~0ULL);
	assert_int_equal(csr_do(RW, VIMSIC_CSR_SISELECT, 1ULL << 63 | 0x70), 0x1ff);
	assert_int_equal(csr_do(RC, VIMSIC_CSR_SISELECT, 0x30), 0x70);
	assert_int_equal(csr_do(RS, VIMSIC_CSR_SISELECT, 0x80), 0x40);
	assert_int_equal(vimsic_select(t.f), 0xc0);
}

static void test_other_csrs(void **state)
{
	u64 old;

	(void)state;
	for (u32 csr = 0; csr < 4096; csr++) {
		bool is = csr == 0x150 || csr == 0x151 || csr == 0x15c;

		sel(VIMSIC_EIDELIVERY);
		assert_int_equal(csr_insn(RS, csr, 0, false, &old), is ? OK : ERR_NOTSUP);
	}
}

/* A set or clear of a pending bit by the guest leaves its neighbours; a read of x0 changes nothing. */
static void test_eip_by_guest(void **state)
{
	u64 old;

	(void)state;
	deliver(1);
	enable(7);
	vimsic_msi(t.f, 6);
	assert_int_equal(reg_do(RS, VIMSIC_EIP0, 1 << 7), 1 << 6);
	assert_true(vimsic_ext(t.f));
	assert_int_equal(reg_do(RC, VIMSIC_EIP0, 1 << 7), 1 << 6 | 1 << 7);
	assert_false(vimsic_ext(t.f));
	assert_int_equal(csr_insn(RW, VIMSIC_CSR_SIREG, 1 << 7, true, &old), OK);
	assert_true(vimsic_ext(t.f) && !pending(6));
}

static void test_mmio(void **state)
{
	u64 val;

	(void)state;
	enable(12);
	for (u64 off = 0; off < 4096; off++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			enum err want = width == 4 && off % 4 == 0 ? OK : ERR_INVAL;

			val = 12;
			assert_int_equal(vimsic_mmio_ops.write(t.f, off, width, &val), want);
			if (off) {
				val = 12U << 24;
				(void)vimsic_mmio_ops.write(t.f, off, width, &val);
			}
			assert_int_equal(claim(), want == OK && off == 0 ? 12 : 0);
			val = 1;
			assert_int_equal(vimsic_mmio_ops.read(t.f, off, width, &val), want);
			assert_int_equal(val, 0);
		}
	}
}

/* All registers of a file through its CSRs, as an independent reader sees them. */
static void read_all(struct vsfile_state *s)
{
	memset(s, 0, sizeof(*s));
	s->eidelivery = reg_read(VIMSIC_EIDELIVERY);
	s->eithreshold = reg_read(VIMSIC_EITHRESHOLD);
	for (u32 w = 0; w < 32; w++) {
		s->eip[w] = reg_read(VIMSIC_EIP0 + 2 * w);
		s->eie[w] = reg_read(VIMSIC_EIE0 + 2 * w);
	}
}

static void fill(void)
{
	deliver(1);
	threshold(99);
	for (u32 w = 0; w < 4; w++) {
		(void)reg_do(RW, VIMSIC_EIP0 + 2 * w, 0x0123456789abcdef * (w + 1));
		(void)reg_do(RW, VIMSIC_EIE0 + 2 * w, 0xfedcba9876543210 * (w + 1));
	}
}

static void test_export_import(void **state)
{
	static const struct vsfile_state empty;
	struct vsfile_state before, out, now;
	u32 late;

	(void)state;
	fill();
	read_all(&before);
	sel(0x123);
	vimsic_export(t.f, &out);
	assert_memory_equal(&out, &before, sizeof(out));
	assert_int_equal(vimsic_select(t.f), 0x123);
	read_all(&now);
	assert_memory_equal(&now, &empty, sizeof(now));
	assert_false(vimsic_ext(t.f));

	/* What comes late is pending, tells nobody, and can be taken out too: once. */
	for (late = 1; out.eip[0] >> late & 1; late++)
		;
	t.notified = 0;
	vimsic_msi(t.f, late);
	vimsic_msi(t.f, 255);
	assert_int_equal(t.notified, 0);
	before = out;
	before.eip[0] |= 1ULL << late;
	before.eip[3] |= 1ULL << 63;
	vimsic_export_pending(t.f, &out);
	assert_memory_equal(&out, &before, sizeof(out));
	vimsic_export_pending(t.f, &out);
	assert_memory_equal(&out, &before, sizeof(out));

	/* In again: pending bits are added, the rest is replaced. */
	for (late = 128; out.eip[2] >> late % 64 & 1; late++)
		;
	vimsic_msi(t.f, late);
	enable(131);
	threshold(7);
	vimsic_import(t.f, &out);
	before.eip[2] |= 1ULL << late % 64;
	read_all(&now);
	assert_memory_equal(&now, &before, sizeof(now));
	assert_true(vimsic_ext(t.f));
}

/* What a state says that a file cannot hold is left out. */
static void test_import_hostile(void **state)
{
	struct vsfile_state s, now;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	vimsic_import(t.f, &s);
	read_all(&now);
	assert_int_equal(now.eidelivery, 1);
	assert_int_equal(now.eithreshold, 0);
	for (u32 w = 0; w < 32; w++) {
		assert_int_equal(now.eip[w], w >= 4 ? 0 : (w ? ~0ULL : ~1ULL));
		assert_int_equal(now.eie[w], now.eip[w]);
	}
	assert_int_equal(claim(), 1);
}

static void test_reset(void **state)
{
	static const struct vsfile_state empty;
	struct vsfile_state now;

	(void)state;
	fill();
	vimsic_reset(t.f);
	assert_int_equal(vimsic_select(t.f), 0);
	read_all(&now);
	assert_memory_equal(&now, &empty, sizeof(now));
	assert_false(vimsic_ext(t.f));
}

/* siselect kept by the hart. */
static void test_sireg(void **state)
{
	struct csr_insn i;
	u64 old;

	(void)state;
	assert_int_equal(decode_csr(0x15159573, &i), OK); /* csrrw a0, sireg, a1 */
	sel(VIMSIC_EIE0);
	assert_int_equal(vimsic_sireg(t.f, VIMSIC_EITHRESHOLD, &i, 77, &old), OK);
	assert_int_equal(reg_read(VIMSIC_EITHRESHOLD), 77);
	assert_int_equal(reg_read(VIMSIC_EIE0), 0);
	assert_int_equal(vimsic_sireg(t.f, 0x200 + VIMSIC_EIE0, &i, 1, &old), ERR_NOTSUP);
	assert_int_equal(vimsic_sireg(t.f, ~0ULL, &i, 1, &old), ERR_NOTSUP);
	assert_int_equal(vimsic_sireg(t.f, 1ULL << 63 | VIMSIC_EIE0, &i, 1, &old), ERR_NOTSUP);
	assert_int_equal(reg_read(VIMSIC_EITHRESHOLD), 77);
}

/* A second model: an array entry an identity. */
static struct {
	bool ip[2048], ie[2048];
	u64 delivery, threshold, select;
} ref;

static u32 ref_top(void)
{
	for (u32 id = 1; id <= t.ids; id++)
		if (ref.ip[id] && ref.ie[id] && (!ref.threshold || id < ref.threshold))
			return id;
	return 0;
}

static u64 ref_bits(const bool *array, u32 w)
{
	u64 val = 0;

	for (u32 b = 0; b < 64; b++)
		val |= (u64)array[w * 64 + b] << b;
	return val;
}

static void ref_set_bits(bool *array, u32 w, u64 val)
{
	for (u32 b = 0; b < 64; b++)
		if (w * 64 + b && w * 64 + b <= t.ids)
			array[w * 64 + b] = val >> b & 1;
}

static u64 ref_apply(u32 funct3, u64 old, u64 val)
{
	if (funct3 == RW)
		return val;
	return funct3 == RS ? old | val : old & ~val;
}

/* What sireg reads; false: nothing is there. */
static bool ref_sireg(u32 funct3, u64 val, u64 *old)
{
	u64 s = ref.select, new;

	*old = 0;
	if (s >= 0x80 && s <= 0xff) {
		bool *array = s < 0xc0 ? ref.ip : ref.ie;
		u32 k = (u32)s % 64;

		if (k % 2)
			return false;
		*old = ref_bits(array, k / 2);
		ref_set_bits(array, k / 2, ref_apply(funct3, *old, val));
		return true;
	}
	if (s == 0x70) {
		*old = ref.delivery;
		ref.delivery = ref_apply(funct3, *old, val) & 1;
	} else if (s == 0x72) {
		*old = ref.threshold;
		new = ref_apply(funct3, *old, val);
		ref.threshold = new <= t.ids ? new : 0;
	}
	return (s >= 0x70 && s < 0x80) || (s >= 0x30 && s < 0x40 && s % 2 == 0);
}

static u64 random_state;

static u64 rnd(u64 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 16) % below;
}

static u64 random_value(void)
{
	u64 v = random_state * 0x9e3779b97f4a7c15ULL;

	switch (rnd(5)) {
	case 0: return 0;
	case 1: return rnd(t.ids + 3);
	case 2: return 1ULL << rnd(64);
	case 3: return v & v >> 7 & v >> 13;
	default: return v;
	}
}

static void random_msi(void)
{
	u32 id = (u32)rnd(8) ? (u32)rnd(t.ids + 1) : (u32)random_value(), was = t.notified;
	bool is = id && id <= t.ids, rises = false;

	if (is) {
		rises = !ref.ip[id] && ref.ie[id] && ref.delivery &&
			(!ref.threshold || id < ref.threshold);
		ref.ip[id] = true;
	}
	vimsic_msi(t.f, id);
	assert_int_equal(t.notified - was, rises);
}

static void random_select(void)
{
	static const u16 often[] = {0x70, 0x72, 0x80, 0x82, 0xc0, 0xc2};

	ref.select = rnd(3) ? often[rnd(6)] : (rnd(2) ? 0x80 + rnd(0x80) : rnd(0x200));
	sel(ref.select);
}

static void random_sireg(void)
{
	u32 funct3 = 1 + (u32)rnd(3);
	u64 val = random_value(), want, got = 0;
	bool is = ref_sireg(funct3, val, &want);

	assert_int_equal(csr_insn(funct3, VIMSIC_CSR_SIREG, val, false, &got),
			 is ? OK : ERR_NOTSUP);
	if (is)
		assert_int_equal(got, want);
}

static void random_stopei(void)
{
	u32 funct3 = 1 + (u32)rnd(3), id = ref_top();
	u64 val = rnd(2);

	assert_int_equal(csr_do(funct3, VIMSIC_CSR_STOPEI, val), id << 16 | id);
	if (funct3 == RW || val)
		ref.ip[id] = false;
}

static void random_move(void)
{
	struct vsfile_state s;

	vimsic_export(t.f, &s);
	for (u32 w = 0; w < 32; w++) {
		assert_int_equal(s.eip[w], ref_bits(ref.ip, w));
		assert_int_equal(s.eie[w], ref_bits(ref.ie, w));
	}
	assert_int_equal(s.eidelivery, ref.delivery);
	assert_int_equal(s.eithreshold, ref.threshold);
	if (rnd(2)) {
		vimsic_msi(t.f, 1 + (u32)rnd(t.ids));
		vimsic_export_pending(t.f, &s);
		for (u32 w = 0; w < 32; w++)
			ref_set_bits(ref.ip, w, s.eip[w]);
	}
	vimsic_import(t.f, &s);
}

static void run_random(u32 ids, unsigned int steps)
{
	make(ids);
	memset(&ref, 0, sizeof(ref));
	for (unsigned int i = 0; i < steps; i++) {
		switch (rnd(12)) {
		case 0:
		case 1:
		case 2:
		case 3: random_msi(); break;
		case 4:
		case 5: random_select(); break;
		case 6:
		case 7:
		case 8: random_sireg(); break;
		case 9:
		case 10: random_stopei(); break;
		default: random_move(); break;
		}
		assert_int_equal(vimsic_ext(t.f), ref.delivery && ref_top());
	}
	vimsic_destroy(t.f);
}

static void test_random(void **state)
{
	(void)state;
	random_state = 88172645463325252ULL;
	run_random(63, 60000);
	run_random(127, 40000);
	run_random(255, 40000);
	run_random(2047, 10000);
}

/*
 * Senders on two harts against the vCPU. Each sender owns half of the identities, and sends one anew
 * when the vCPU has served the last: so every MSI is served once, and none twice. The vCPU sleeps
 * unless it was notified: an MSI that notifies nobody hangs the test.
 */
#define RACE_IDS    127
#define RACE_ROUNDS 400

static u32 sent[RACE_IDS + 1], served[RACE_IDS + 1];
static u64 payload[RACE_IDS + 1]; /* plain: the MSI orders it */
static u32 race_failures, senders_left;

static void race_sender(u32 first)
{
	for (u32 round = 1; round <= RACE_ROUNDS; round++) {
		for (u32 id = first; id <= RACE_IDS; id += 2) {
			while (arch_load_acquire(&served[id]) != round - 1)
				arch_relax();
			payload[id] = round;
			__atomic_store_n(&sent[id], round, __ATOMIC_RELAXED);
			vimsic_msi(t.f, id);
		}
	}
	for (u32 id = first; id <= RACE_IDS; id += 2)
		while (arch_load_acquire(&served[id]) != RACE_ROUNDS)
			arch_relax();
	__atomic_fetch_sub(&senders_left, 1, __ATOMIC_RELEASE);
}

static void race_serve(u32 id)
{
	u32 n = served[id] + 1;

	if (__atomic_load_n(&sent[id], __ATOMIC_RELAXED) != n || payload[id] != n)
		__atomic_fetch_add(&race_failures, 1, __ATOMIC_RELAXED);
	arch_store_release(&served[id], n);
}

/* Waits for a notification, as a vCPU in WFI does, and takes it. */
static bool race_wait(void)
{
	while (!__atomic_exchange_n(&t.notified, 0, __ATOMIC_ACQUIRE)) {
		if (!arch_load_acquire(&senders_left))
			return false;
		arch_relax();
	}
	return true;
}

static struct csr_insn race_insn(u32 word)
{
	struct csr_insn i;

	if (decode_csr(word, &i))
		abort();
	return i;
}

static u64 race_csr(const struct csr_insn *i, u64 select, u64 operand)
{
	u64 old;

	vimsic_set_select(t.f, select);
	if (vimsic_csr(t.f, i, operand, &old))
		abort();
	return old;
}

static void race_claims(void)
{
	struct csr_insn claim_insn = race_insn(0x15c01573);

	for (;;) {
		u32 id = (u32)race_csr(&claim_insn, 0, 0) >> 16;

		if (!id)
			return;
		race_serve(id);
	}
}

/* Masks all, and opens again: what came meanwhile is found by the look after it, as notify was for
 * nobody. */
static void race_mask(void)
{
	struct csr_insn write = race_insn(0x15159573);

	for (u32 w = 0; w < 2; w++)
		race_csr(&write, VIMSIC_EIE0 + 2 * w, 0);
	for (u32 w = 0; w < 2; w++)
		race_csr(&write, VIMSIC_EIE0 + 2 * w, ~0ULL);
	if (vimsic_ext(t.f))
		race_claims();
}

/* Takes pending bits as Linux's driver does when it moves a vector: by csrrc of eip. */
static void race_clear(u32 w)
{
	struct csr_insn clear = race_insn(0x1515b573);
	u64 old = race_csr(&clear, VIMSIC_EIP0 + 2 * w, 0xff00ff00ff00ff00);

	for (old &= 0xff00ff00ff00ff00; old; old &= old - 1)
		race_serve(w * 64 + (u32)__builtin_ctzll(old));
}

/* Moves the file out and in again; late MSIs are collected in between. */
static void race_move(void)
{
	struct vsfile_state s;

	vimsic_export(t.f, &s);
	vimsic_export_pending(t.f, &s);
	vimsic_import(t.f, &s);
	if (vimsic_ext(t.f))
		race_claims();
}

static void race_vcpu(void)
{
	for (u32 n = 0; race_wait(); n++) {
		if (vimsic_ext(t.f))
			race_claims();
		switch (n % 4) {
		case 0: race_mask(); break;
		case 1: race_clear(n / 4 % 2); break;
		case 2: race_move(); break;
		default: break;
		}
	}
}

static void race_hart(unsigned int hart)
{
	if (hart == 0)
		race_vcpu();
	else
		race_sender(hart);
}

static void race_open(void)
{
	static const struct vsfile_state open = {.eidelivery = 1, .eie = {~0ULL, ~0ULL}};

	make(RACE_IDS);
	vimsic_import(t.f, &open);
	memset(sent, 0, sizeof(sent));
	memset(served, 0, sizeof(served));
	race_failures = 0;
	senders_left = 2;
}

static void race_check(void)
{
	assert_int_equal(race_failures, 0);
	for (u32 id = 1; id <= RACE_IDS; id++)
		assert_int_equal(served[id], RACE_ROUNDS);
	assert_false(vimsic_ext(t.f));
	vimsic_destroy(t.f);
}

static void test_senders(void **state)
{
	(void)state;
	race_open();
	host_harts_run(3, race_hart);
	race_check();
}

/* Two that claim at the same time: each MSI is had by one of them. */
static u32 in_handler[RACE_IDS + 1];

static void claim_hart(unsigned int hart)
{
	struct csr_insn claim_insn = race_insn(0x15c01573);

	if (hart >= 2) {
		race_sender(hart - 1);
		return;
	}
	while (arch_load_acquire(&senders_left)) {
		u64 old;
		u32 id;

		if (vimsic_csr(t.f, &claim_insn, 0, &old))
			abort();
		id = (u32)old >> 16;
		if (!id) {
			arch_relax();
			continue;
		}
		if (__atomic_exchange_n(&in_handler[id], 1, __ATOMIC_ACQ_REL))
			__atomic_fetch_add(&race_failures, 1, __ATOMIC_RELAXED);
		arch_store_release(&in_handler[id], 0);
		race_serve(id);
	}
}

static void test_two_claim(void **state)
{
	(void)state;
	race_open();
	host_harts_run(4, claim_hart);
	race_check();
}

#define with_file(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		with_file(test_claim),
		with_file(test_claim_forms),
		with_file(test_order),
		with_file(test_threshold),
		with_file(test_delivery),
		with_file(test_bad_identity),
		with_file(test_arrays),
		with_file(test_select),
		with_file(test_other_csrs),
		with_file(test_eip_by_guest),
		with_file(test_mmio),
		with_file(test_export_import),
		with_file(test_import_hostile),
		with_file(test_reset),
		with_file(test_sireg),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_two_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
