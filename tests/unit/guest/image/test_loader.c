/* SPDX-License-Identifier: BSD-2-Clause */
/* Load plans: each format, where things go, each way to be wrong, damaged images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "guest/image/loader.h"
#include "guest/mem/gmap.h"
#include "tests/unit/fdt_maker.h"

#define BASE GMAP_RAM_BASE
#define DTB  KIB(64)

static const struct loader_env env256 = {
	.ram_base = {BASE},
	.ram_size = MIB(256),
	.dtb_room = DTB,
	.initrd_size = 5000,
};

/* Images are made of these, written at offsets of the formats' own definition. */
static void put(u8 *at, u64 value, size_t size)
{
	memcpy(at, &value, size);
}

static size_t make_linux(u8 *image, u64 text_offset, u64 image_size)
{
	memset(image, 0, 4096);
	put(image + 0x08, text_offset, 8);
	put(image + 0x10, image_size, 8);
	put(image + 0x20, 2, 4);
	memcpy(image + 0x30, "RISCV\0\0\0RSC\x05", 12);
	return 4096;
}

struct segment {
	u32 type;
	u64 offset, vaddr, paddr, filesz, memsz;
};

static size_t make_elf(u8 *image, u64 entry, const struct segment *s, unsigned int n)
{
	unsigned int i;

	memset(image, 0, 4096);
	memcpy(image, "\177ELF\2\1\1", 7);
	put(image + 16, 2, 2);
	put(image + 18, 243, 2);
	put(image + 20, 1, 4);
	put(image + 24, entry, 8);
	put(image + 32, 64, 8);
	put(image + 52, 64, 2);
	put(image + 54, 56, 2);
	put(image + 56, n, 2);
	for (i = 0; i < n; i++) {
		u8 *h = image + 64 + 56 * (size_t)i;

		put(h, s[i].type, 4);
		put(h + 8, s[i].offset, 8);
		put(h + 16, s[i].vaddr, 8);
		put(h + 24, s[i].paddr, 8);
		put(h + 32, s[i].filesz, 8);
		put(h + 40, s[i].memsz, 8);
	}
	return 4096;
}

/* What every plan promises: all within the RAM and the image, nothing over another. */
static void check_promises(const struct loader_plan *p, const struct loader_env *env, size_t size)
{
	struct {
		u64 at, size;
	} r[LOADER_SEGS_MAX + 2];
	unsigned int i, j, n = 0;
	bool entry_loaded = false;

	assert_in_range(p->segs, 1, LOADER_SEGS_MAX);
	for (i = 0; i < p->segs; i++) {
		const struct loader_seg *s = &p->seg[i];

		assert_true(s->memsz > 0 && s->filesz <= s->memsz);
		assert_true(s->src <= size && s->filesz <= size - s->src);
		entry_loaded |= p->entry.a >= s->dest.a && p->entry.a - s->dest.a < s->filesz;
		r[n].at = s->dest.a;
		r[n++].size = s->memsz;
	}
	assert_true(entry_loaded);
	assert_true(p->dtb_room == env->dtb_room);
	assert_true(IS_ALIGNED(p->dtb.a, 4096));
	r[n].at = p->dtb.a;
	r[n++].size = p->dtb_room;
	assert_true(p->initrd_size == env->initrd_size);
	if (p->initrd_size) {
		assert_true(IS_ALIGNED(p->initrd.a, 4096));
		r[n].at = p->initrd.a;
		r[n++].size = p->initrd_size;
	}
	for (i = 0; i < n; i++) {
		assert_true(r[i].at >= env->ram_base.a);
		assert_true(r[i].at - env->ram_base.a <= env->ram_size);
		assert_true(r[i].size <= env->ram_size - (r[i].at - env->ram_base.a));
		for (j = 0; j < i; j++)
			assert_true(r[i].at >= r[j].at + r[j].size ||
				    r[j].at >= r[i].at + r[i].size);
	}
}

static void test_linux(void **state)
{
	static u8 image[4096];
	struct loader_plan p;
	struct errline e;
	size_t size = make_linux(image, MIB(2), MIB(20));

	(void)state;
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), OK);
	assert_int_equal(p.kind, LOADER_LINUX);
	assert_string_equal(loader_kind_name(p.kind), "Linux Image");
	assert_int_equal(p.segs, 1);
	assert_true(p.seg[0].src == 0 && p.seg[0].filesz == 4096 && p.seg[0].memsz == MIB(20));
	assert_true(p.seg[0].dest.a == BASE + MIB(2));
	assert_true(p.entry.a == BASE + MIB(2));
	assert_true(p.dtb.a == BASE + MIB(256) - DTB);
	assert_true(p.initrd.a == p.dtb.a - 8192);
	check_promises(&p, &env256, size);

	/* An offset Linux could not live with is not taken; zero is one it can. */
	size = make_linux(image, 0x80000, MIB(20));
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), OK);
	assert_true(p.entry.a == BASE + MIB(2));
	size = make_linux(image, 0, MIB(20));
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), OK);
	assert_true(p.entry.a == BASE);
	/* A header that knows less than the file has. */
	size = make_linux(image, MIB(2), 0);
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), OK);
	assert_true(p.seg[0].memsz == 4096);
}

static void test_raw(void **state)
{
	static const u8 image[100] = {0x13};
	struct loader_env env = env256;
	struct loader_plan p;
	struct errline e;

	(void)state;
	env.initrd_size = 0;
	assert_int_equal(loader_plan(image, sizeof(image), &env, &p, &e), OK);
	assert_int_equal(p.kind, LOADER_RAW);
	assert_true(p.entry.a == BASE + MIB(2));
	assert_true(p.seg[0].dest.a == p.entry.a && p.seg[0].memsz == 100);
	assert_true(p.initrd_size == 0);
	check_promises(&p, &env, sizeof(image));
	/* Shorter than any header. */
	assert_int_equal(loader_plan("\177EL", 3, &env, &p, &e), OK);
	assert_int_equal(p.kind, LOADER_RAW);
	check_promises(&p, &env, 3);
}

static void test_elf(void **state)
{
	static const struct segment s[] = {
		{1, 0x200, 0xffffffc000000000, BASE, 0x100, 0x100},
		{6, 0, 0, 0, 0x1000, 0x1000}, /* PT_PHDR: not loaded */
		{1, 0x300, 0xffffffc000001000, BASE + 0x1000, 0x80, 0x2000},
		{1, 0x300, 0, 0, 0, 0},				      /* takes no place */
		{1, 0, 0xffffffc000003000, BASE + 0x3000, 0, 0x1000}, /* zeros alone */
	};
	static u8 image[4096];
	struct loader_plan p;
	struct errline e;
	size_t size = make_elf(image, 0xffffffc000000010, s, ARRAY_SIZE(s));

	(void)state;
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), OK);
	assert_int_equal(p.kind, LOADER_ELF);
	assert_int_equal(p.segs, 3);
	assert_true(p.entry.a == BASE + 0x10);
	assert_true(p.seg[1].src == 0x300 && p.seg[1].filesz == 0x80 && p.seg[1].memsz == 0x2000);
	assert_true(p.seg[1].dest.a == BASE + 0x1000);
	check_promises(&p, &env256, size);
	/* The entry as a physical address. */
	size = make_elf(image, BASE + 0x1020, s, ARRAY_SIZE(s));
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), OK);
	assert_true(p.entry.a == BASE + 0x1020);
	/* A position-independent one is taken as it lies. */
	put(image + 16, 3, 2);
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), OK);
}

/* The tree and the initrd go round what a segment takes at the end of RAM. */
static void test_goes_round(void **state)
{
	static const struct segment s[] = {
		{1, 0x200, BASE + MIB(255), BASE + MIB(255), 0x100, MIB(1)},
		{1, 0x200, BASE + MIB(255) - DTB - 4096, BASE + MIB(255) - DTB - 4096, 0x100,
		 0x200},
	};
	static u8 image[4096];
	struct loader_plan p;
	struct errline e;
	size_t size = make_elf(image, BASE + MIB(255), s, 2);

	(void)state;
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), OK);
	assert_true(p.dtb.a == BASE + MIB(255) - DTB);
	assert_true(p.initrd.a == BASE + MIB(255) - DTB - 4096 - 8192);
	check_promises(&p, &env256, size);
}

static void expect_elf(u64 entry, const struct segment *s, unsigned int n, enum err err,
		       const char *line)
{
	static u8 image[4096];
	struct loader_plan p;
	struct errline e;
	size_t size = make_elf(image, entry, s, n);

	assert_int_equal(loader_plan(image, size, &env256, &p, &e), err);
	assert_string_equal(e.text, line);
}

static void test_elf_segment_errors(void **state)
{
	static const struct {
		struct segment s;
		enum err err;
		const char *line;
	} cases[] = {
		{{1, 0, BASE, BASE, 0x101, 0x100}, ERR_FORMAT, "ELF segment 0: p_filesz > p_memsz"},
		{{1, 0xf01, BASE, BASE, 0x100, 0x100},
		 ERR_FORMAT,
		 "ELF segment 0: its bytes are not in the file: cut off?"},
		{{1, 0xffffffffffffff00, BASE, BASE, 0x100, 0x100},
		 ERR_FORMAT,
		 "ELF segment 0: its bytes are not in the file: cut off?"},
		{{1, 0, BASE, BASE - 1, 0x100, 0x100},
		 ERR_RANGE,
		 "wants to be at 0x7fffffff, but the RAM is 262144 KiB at 0x80000000"},
		{{1, 0, BASE, 0xffffffffffffff80, 0x100, 0x100},
		 ERR_RANGE,
		 "wants to be at 0xffffffffffffff80, but the RAM is 262144 KiB at 0x80000000"},
		{{1, 0, BASE, BASE + MIB(256) - 0xff, 0x100, 0x100},
		 ERR_NOMEM,
		 "needs 1 KiB at 0x8fffff01, but the RAM of 262144 KiB ends before that"},
		{{1, 0, BASE, BASE, 0x100, 0xffffffffffffffff},
		 ERR_NOMEM,
		 "needs 18014398509481984 KiB at 0x80000000, but the RAM of 262144 KiB ends before "
		 "that"},
		{{1, 0, BASE + 1, BASE + 1, 0x100, 0x100},
		 ERR_FORMAT,
		 "ELF entry 0x80000000 is in no loaded segment"},
		{{1, 0, BASE, BASE, 0, 0x100},
		 ERR_FORMAT,
		 "ELF entry 0x80000000 is in no loaded segment"},
		{{2, 0, BASE, BASE, 0x100, 0x100}, ERR_FORMAT, "an ELF file with nothing to load"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		expect_elf(BASE, &cases[i].s, 1, cases[i].err, cases[i].line);
}

static void test_elf_many_segments(void **state)
{
	struct segment s[LOADER_SEGS_MAX + 1];
	static u8 image[4096];
	struct loader_plan p;
	struct errline e;
	unsigned int i;

	(void)state;
	for (i = 0; i <= LOADER_SEGS_MAX; i++)
		s[i] = (struct segment){1, 0, BASE + i * 0x100, BASE + i * 0x100, 0x100, 0x100};
	assert_int_equal(
		loader_plan(image, make_elf(image, BASE, s, LOADER_SEGS_MAX), &env256, &p, &e), OK);
	check_promises(&p, &env256, 4096);
	expect_elf(BASE, s, LOADER_SEGS_MAX + 1, ERR_NOTSUP, "more than 16 segments to load");
	s[1].paddr = BASE + 0xff;
	expect_elf(BASE, s, 2, ERR_FORMAT, "two segments overlap at 0x800000ff");
}

static void test_elf_header_errors(void **state)
{
	static const struct {
		size_t at, size;
		u64 value;
		enum err err;
		const char *line;
	} cases[] = {
		{4, 1, 1, ERR_NOTSUP,
		 "an ELF file of class 1, data 1, machine 243; give 64-bit little-endian RISC-V "
		 "(2, "
		 "1, 243)"},
		{5, 1, 2, ERR_NOTSUP,
		 "an ELF file of class 2, data 2, machine 243; give 64-bit little-endian RISC-V "
		 "(2, "
		 "1, 243)"},
		{18, 2, 62, ERR_NOTSUP,
		 "an ELF file of class 2, data 1, machine 62; give 64-bit little-endian RISC-V (2, "
		 "1, 243)"},
		{16, 2, 1, ERR_NOTSUP, "an ELF file of type 1; give an executable"},
		{54, 2, 32, ERR_FORMAT, "an ELF file with e_phentsize 32"},
		{32, 8, 4096 - 55, ERR_FORMAT,
		 "an ELF file whose program headers are not in it: cut off?"},
		{32, 8, 0xffffffffffffffff, ERR_FORMAT,
		 "an ELF file whose program headers are not in it: cut off?"},
		{56, 2, 0xffff, ERR_FORMAT,
		 "an ELF file whose program headers are not in it: cut off?"},
		{56, 2, 0, ERR_FORMAT, "an ELF file with nothing to load"},
	};
	static const struct segment s = {1, 0, BASE, BASE, 0x100, 0x100};
	static u8 image[4096];
	struct loader_plan p;
	struct errline e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = make_elf(image, BASE, &s, 1);

		put(image + cases[i].at, cases[i].value, cases[i].size);
		assert_int_equal(loader_plan(image, size, &env256, &p, &e), cases[i].err);
		assert_string_equal(e.text, cases[i].line);
	}
	assert_int_equal(loader_plan(image, 63, &env256, &p, &e), ERR_FORMAT);
	assert_string_equal(e.text, "an ELF file of 63 bytes: cut off");
}

static void test_other_errors(void **state)
{
	static const u8 zboot[64] = "MZ\0\0zimg";
	static u8 image[4096];
	struct loader_plan p;
	struct errline e;
	size_t size;

	(void)state;
	assert_int_equal(loader_plan("", 0, &env256, &p, &e), ERR_FORMAT);
	assert_int_equal(loader_plan("\x1f\x8b\x08", 3, &env256, &p, &e), ERR_NOTSUP);
	assert_non_null(strstr(e.text, "gunzip"));
	assert_int_equal(loader_plan(zboot, sizeof(zboot), &env256, &p, &e), ERR_NOTSUP);
	size = make_linux(image, MIB(2), MIB(20));
	image[0x18] = 1;
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), ERR_NOTSUP);
	assert_string_equal(e.text, "a big-endian Linux Image");
	size = make_linux(image, 0xffffffffffe00000, MIB(20));
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), ERR_NOMEM);
	size = make_linux(image, MIB(2), MIB(254) + 1);
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), ERR_NOMEM);
	assert_string_equal(e.text, "needs 260097 KiB at 0x80200000, but the RAM of 262144 KiB "
				    "ends before that");
	size = make_linux(image, MIB(2), 0xffffffffffffffff);
	assert_int_equal(loader_plan(image, size, &env256, &p, &e), ERR_NOMEM);
}

static void test_no_room(void **state)
{
	static u8 image[4096];
	struct loader_env env = env256;
	struct loader_plan p;
	struct errline e;
	size_t size;

	(void)state;
	/* The kernel takes all but what the tree needs, then a byte more. */
	env.initrd_size = 0;
	size = make_linux(image, MIB(2), MIB(254) - DTB);
	assert_int_equal(loader_plan(image, size, &env, &p, &e), OK);
	check_promises(&p, &env, size);
	size = make_linux(image, 0, MIB(256) - DTB + 1);
	assert_int_equal(loader_plan(image, size, &env, &p, &e), ERR_NOMEM);
	assert_string_equal(e.text, "leaves no 64 KiB for the device tree in 262144 KiB of RAM");
	/* The initrd may use what is below the kernel. */
	env.initrd_size = MIB(2);
	size = make_linux(image, MIB(2), MIB(254) - DTB);
	assert_int_equal(loader_plan(image, size, &env, &p, &e), OK);
	assert_true(p.initrd.a == BASE);
	check_promises(&p, &env, size);
	env.initrd_size = MIB(2) + 1;
	assert_int_equal(loader_plan(image, size, &env, &p, &e), ERR_NOMEM);
	assert_string_equal(e.text, "leaves no 2049 KiB for the initrd in 262144 KiB of RAM");
	env.initrd_size = 0xffffffffffffffff;
	assert_int_equal(loader_plan(image, size, &env, &p, &e), ERR_NOMEM);
	env.initrd_size = 0;
	env.ram_size = MIB(2);
	size = make_linux(image, MIB(4), 4096);
	assert_int_equal(loader_plan(image, size, &env, &p, &e), ERR_NOMEM);
	assert_string_equal(e.text, "text_offset 0x400000 is beyond the RAM of 2048 KiB");
}

/* A damaged image gives an error or a plan that keeps all promises; nothing is read beyond it. */
static void damage(const u8 *image, size_t size, size_t headers)
{
	u64 random = 0xd1342543de82ef95UL;
	struct loader_plan p;
	struct guarded g;
	struct errline e;
	size_t i;

	guarded_open(&g, size);
	for (i = 1; i < size; i++) {
		if (!loader_plan(guarded_copy(&g, image, i), i, &env256, &p, &e))
			check_promises(&p, &env256, i);
	}
	for (i = 0; i < headers * 8 + 30000; i++) {
		u8 *copy = guarded_copy(&g, image, size);

		if (i < headers * 8)
			copy[i / 8] ^= (u8)(1U << i % 8);
		else
			maker_damage(copy, headers, &random);
		if (!loader_plan(copy, size, &env256, &p, &e))
			check_promises(&p, &env256, size);
	}
	guarded_close(&g);
}

static void test_damaged(void **state)
{
	static const struct segment s[] = {
		{1, 0x200, BASE, BASE, 0x100, 0x100},
		{1, 0x300, BASE + 0x1000, BASE + 0x1000, 0x80, 0x2000},
		{1, 0, BASE + MIB(200), BASE + MIB(200), 0, 0x1000},
	};
	static u8 image[4096];

	(void)state;
	make_elf(image, BASE, s, ARRAY_SIZE(s));
	damage(image, 0x380, 64 + 3 * 56);
	make_linux(image, MIB(2), MIB(20));
	damage(image, 256, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_goes_round),
		cmocka_unit_test(test_elf_segment_errors),
		cmocka_unit_test(test_elf_many_segments),
		cmocka_unit_test(test_elf_header_errors),
		cmocka_unit_test(test_other_errors),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
