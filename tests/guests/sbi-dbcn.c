// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI DBCN: write, write_byte, read, and memory that is not the guest's (SBI v3.0, chapter 12).
 *
 * # expect: pass
 * # harts: 1
 * # also: dbcn: hello
 */
#include "rt.h"

#include <string.h>

static struct sbiret dbcn(u64 fid, u64 n, u64 lo, u64 hi)
{
	return sbi(SBI_EXT_DBCN, fid, n, lo, hi);
}

/* Writes it all, however many calls that takes. */
static void write_all(const char *s, u64 len)
{
	int turns = 0;

	while (len && turns++ < 100000) {
		struct sbiret r = dbcn(DBCN_WRITE, len, (u64)s, 0);

		if (!T_EQ(r.error, 0) || !T_OK(r.value >= 0 && (u64)r.value <= len))
			return;
		s += r.value;
		len -= (u64)r.value;
	}
	T_EQ(len, 0);
}

static void write_text(void)
{
	write_all("# dbcn: hello\n", 14);
}

/* A line over many pages comes out, too. */
static void write_long(void)
{
	static char text[9000];

	memset(text, '.', sizeof(text));
	memcpy(text, "# long ", 7);
	for (unsigned int i = 99; i < sizeof(text); i += 100)
		memcpy(text + i, "\n#", 2);
	text[sizeof(text) - 1] = '\n';
	write_all(text, sizeof(text));
}

static void write_bytes(void)
{
	for (const char *s = "# bytes\n"; *s; s++) {
		struct sbiret r = dbcn(DBCN_WRITE_BYTE, (u8)*s, 0, 0);

		T_EQ(r.error, 0);
		T_EQ(r.value, 0);
	}
}

static void nothing(void)
{
	static char buf[8];

	for (u64 fid = DBCN_WRITE; fid <= DBCN_READ; fid++) {
		struct sbiret r = dbcn(fid, 0, (u64)buf, 0);

		T_EQ(r.error, 0);
		T_EQ(r.value, 0);
	}
}

/* Nobody types: the read must not wait. */
static void read_some(void)
{
	static char buf[64];
	u64 t = now();
	struct sbiret r;

	memset(buf, 0x55, sizeof(buf));
	r = dbcn(DBCN_READ, 32, (u64)buf, 0);
	T_EQ(r.error, 0);
	T_OK(r.value >= 0 && r.value <= 32);
	T_OK(now() - t < ms(1000));
	for (unsigned int i = (u64)r.value < 32 ? (u64)r.value : 32; i < sizeof(buf); i++)
		T_EQ(buf[i], 0x55);
}

static void expect_invalid(u64 n, u64 lo, u64 hi)
{
	for (u64 fid = DBCN_WRITE; fid <= DBCN_READ; fid++) {
		struct sbiret r = dbcn(fid, n, lo, hi);

		if (r.error != SBI_ERR_INVALID_PARAM)
			test_fail("function %lu of %lu bytes at 0x%lx, high 0x%lx: error %ld", fid,
				  n, lo, hi, r.error);
	}
}

static void bad_memory(void)
{
	u64 end = machine.ram_base + machine.ram_size;

	SKIP_IF(bare(), "OpenSBI knows no end of memory");
	expect_invalid(1, 0, 0);
	expect_invalid(1, 0x1000, 0);
	expect_invalid(16, 0x40000000, 0);
	expect_invalid(1, machine.ram_base - 1, 0);
	expect_invalid(2, machine.ram_base - 1, 0);
	expect_invalid(1, end, 0);
	expect_invalid(1, ~0UL, 0);
	expect_invalid(8, machine.uart ? machine.uart : 0x10000000, 0);
}

static void crossing(void)
{
	u64 end = machine.ram_base + machine.ram_size;

	SKIP_IF(bare(), "OpenSBI knows no end of memory");
	expect_invalid(2, end - 1, 0);
	expect_invalid(8192, end - 4096, 0);
	expect_invalid(machine.ram_size + 1, machine.ram_base, 0);
	/* up to the last byte is right */
	T_EQ(dbcn(DBCN_READ, 0, end, 0).error & ~SBI_ERR_INVALID_PARAM, 0);
	*(volatile char *)(end - 1) = '#';
	write_all((char *)(end - 1), 1);
	write_all("\n", 1);
}

static void wrap_around(void)
{
	SKIP_IF(bare(), "OpenSBI knows no end of memory");
	expect_invalid(~0UL, machine.ram_base, 0);
	expect_invalid(0 - machine.ram_base + 16, machine.ram_base, 0);
	expect_invalid(~0UL - 4095, machine.ram_base + 0x200000, 0);
	expect_invalid(1UL << 63, machine.ram_base, 0);
}

static void high_half(void)
{
	SKIP_IF(bare(), "OpenSBI's answer depends on the domain");
	expect_invalid(1, machine.ram_base, 1);
	expect_invalid(1, machine.ram_base, ~0UL);
	expect_invalid(1, (u64)machine.ram_base + 0x200000, 1UL << 32);
}

const struct test guest_tests[] = {
	{"write", write_text},
	{"write over page boundaries", write_long},
	{"write_byte", write_bytes},
	{"zero bytes", nothing},
	{"read does not wait", read_some},
	{"outside memory", bad_memory},
	{"across the end of memory", crossing},
	{"ranges that wrap round", wrap_around},
	{"the high half of the address", high_half},
	{NULL, NULL},
};
