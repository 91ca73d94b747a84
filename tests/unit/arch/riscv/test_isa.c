/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISA strings and lists, and what the extension table makes of them for guests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/ext.h"

#define ALL_STATES (EXT_STATE_FP | EXT_STATE_VECTOR | EXT_STATE_CSRS)

/* As QEMU 10.0 writes them for -cpu rv64 and -cpu max. */
static const char qemu_rv64[] =
	"rv64imafdch_zic64b_zicbom_zicbop_zicboz_ziccamoa_ziccif_zicclsm_ziccrse_zicntr_zicsr_"
	"zifencei_zihintntl_zihintpause_zihpm_zmmul_za64rs_zaamo_zalrsc_zawrs_zfa_zca_zcd_zba_zbb_"
	"zbc_zbs_shcounterenw_shgatpa_shtvala_shvsatpa_shvstvala_shvstvecd_ssccptr_sscounterenw_"
	"sstc_sstvala_sstvecd_ssu64xl_svadu_svvptc";
static const char qemu_max[] =
	"rv64imafdcbvh_zic64b_zicbom_zicbop_zicboz_ziccamoa_ziccif_zicclsm_ziccrse_zicfilp_zicfiss_"
	"zicond_zicntr_zicsr_zifencei_zihintntl_zihintpause_zihpm_zimop_zmmul_za64rs_zaamo_zabha_"
	"zacas_zama16b_zalrsc_zawrs_zfa_zfbfmin_zfh_zfhmin_zca_zcb_zcd_zcmop_zba_zbb_zbc_zbkb_zbkc_"
	"zbkx_zbs_zk_zkn_zknd_zkne_zknh_zkr_zks_zksed_zksh_zkt_ztso_zvbb_zvbc_zve32f_zve32x_zve64f_"
	"zve64d_zve64x_zvfbfmin_zvfbfwma_zvfh_zvfhmin_zvkb_zvkg_zvkn_zvknc_zvkned_zvkng_zvknha_"
	"zvknhb_zvks_zvksc_zvksed_zvksg_zvksh_zvkt_sha_smaia_smstateen_ssaia_sscofpmf_ssnpm_"
	"ssstateen_sstc_svadu_svinval_svnapot_svpbmt_svvptc";

static struct isa_set parse(const char *s)
{
	size_t n = strlen(s);
	struct isa_set set;
	char *copy = malloc(n); /* no NUL: what is past the end must not be read */

	memcpy(copy, s, n);
	assert_int_equal(isa_parse_string(copy, n, &set), OK);
	free(copy);
	return set;
}

/* The set as a string without what every i brings in. */
static void expect(const char *isa, const char *want)
{
	struct isa_set set = parse(isa);
	char text[ISA_TEXT_MAX];

	isa_del(&set, EXT_ZICSR);
	isa_del(&set, EXT_ZIFENCEI);
	isa_del(&set, EXT_ZICNTR);
	isa_del(&set, EXT_ZIHPM);
	assert_int_equal(isa_build_string(&set, text, sizeof(text)), OK);
	assert_string_equal(text, want);
}

static void test_string(void **state)
{
	(void)state;
	expect("rv64i", "rv64i");
	expect("rv64im", "rv64im_zmmul");
	expect("RV64IM", "rv64im_zmmul");
	expect("rv64imac", "rv64imac_zmmul_zaamo_zalrsc_zca");
	expect("rv64i2p1m2p0", "rv64im_zmmul");
	expect("rv64i2m", "rv64im_zmmul");
	expect("rv64i2_m3p0_zba", "rv64im_zmmul_zba");
	expect("rv64ip", "rv64i");
	expect("rv64i2p", "rv64i");
	expect("rv64i_zba1p0_zbb1", "rv64i_zba_zbb");
	expect("rv64i_zba1p0_zbb_", "rv64i_zba_zbb");
	expect("rv64i__zbb", "rv64i_zbb");
	expect("rv64izba", "rv64i_zba");
	expect("rv64i_Sstc_SVINVAL", "rv64i_sstc_svinval");
	expect("rv64imsu", "rv64im_zmmul");
	expect("rv64imsu_sstc", "rv64im_zmmul_sstc");
	expect("rv64i_supm_zbb", "rv64i_zbb");
	expect("rv64i_xacme2p0_zbb", "rv64i_zbb");
	expect("rv64ixm_zbb", "rv64i_zbb");
	expect("rv64i_zb-b_zbs", "rv64i_zbs");
	expect("rv64i\x80m!_zbs", "rv64im_zmmul_zbs");
	expect("rv64i_zb", "rv64i");
	expect("rv64i_zbbb", "rv64i");
	expect("rv64i_za64rs", "rv64i_za64rs");
	expect("rv64i_za64rs1p0", "rv64i_za64rs");
	expect("rv64i_zve64x1p0", "rv64i_zve32x_zve64x");
	expect("rv64i_zb\0b_zbs", "rv64i");
	expect("rv64ib", "rv64i_zba_zbb_zbs");
	expect("rv64i_zkn", "rv64i_zbkb_zbkc_zbkx_zknd_zkne_zknh");
	expect("rv64i_zks", "rv64i_zbkb_zbkc_zbkx_zksed_zksh");
	expect("rv64i_z", "rv64i");
	expect("rv64i_z1p0", "rv64i");
	expect("rv64i1234567890123456789012345678901234567890m", "rv64im_zmmul");
}

static void test_g(void **state)
{
	struct isa_set g = parse("rv64gc"), long_g = parse("rv64imafdc_zicsr_zifencei");

	(void)state;
	assert_true(isa_equal(&g, &long_g));
	expect("rv64gc", "rv64imafdc_zmmul_zaamo_zalrsc_zca_zcd");
}

static void test_implied(void **state)
{
	struct isa_set s = parse("rv64imafdcv");
	static const u8 want[] = {EXT_ZVE64D, EXT_ZVE64F, EXT_ZVE64X,	EXT_ZVE32F, EXT_ZVE32X,
				  EXT_ZCD,    EXT_ZICSR,  EXT_ZIFENCEI, EXT_ZICNTR, EXT_ZIHPM};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_true(isa_has(&s, want[i]));
	s = parse("rv64imafdcv_zvkng_zvbb_zvfh_zfh");
	assert_true(isa_has(&s, EXT_ZVKNED) && isa_has(&s, EXT_ZVKNHA) && isa_has(&s, EXT_ZVKG));
	assert_true(isa_has(&s, EXT_ZVFHMIN) && isa_has(&s, EXT_ZFHMIN) && isa_has(&s, EXT_ZVKB));
	s = parse("rv64id");
	assert_true(isa_has(&s, EXT_F));
}

static void test_string_bad(void **state)
{
	static const struct {
		const char *s;
		enum err e;
	} bad[] = {
		{"", ERR_FORMAT},
		{"r", ERR_FORMAT},
		{"rv64", ERR_FORMAT},
		{"riscv", ERR_FORMAT},
		{"rv32imac", ERR_NOTSUP},
		{"rv128i", ERR_NOTSUP},
		{"rv64e", ERR_NOTSUP},
		{"rv64mi", ERR_NOTSUP},
		{"xv64i", ERR_FORMAT},
		{"rv6\0"
		 "4i",
		 ERR_FORMAT},
	};
	struct isa_set s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&s, 0xff, sizeof(s));
		assert_int_equal(isa_parse_string(bad[i].s, strlen(bad[i].s), &s), bad[i].e);
		assert_true(isa_empty(&s));
	}
	assert_int_equal(isa_parse_string("rv64imac", 4, &s), ERR_FORMAT);
}

static enum err parse_list(const char *base, const char *list, size_t n, struct isa_set *s)
{
	char *copy = malloc(n ? n : 1);
	enum err e;

	memcpy(copy, list, n);
	e = isa_parse_list(base, copy, n, s);
	free(copy);
	return e;
}

#define LIST(base, list, s) parse_list(base, list, sizeof(list), s)

static void test_list(void **state)
{
	struct isa_set s;
	char text[ISA_TEXT_MAX];

	(void)state;
	assert_int_equal(LIST("rv64i", "i\0m\0zicsr\0\0what\0svade", &s), OK);
	assert_int_equal(isa_build_string(&s, text, sizeof(text)), OK);
	assert_string_equal(text, "rv64im_zicsr_zmmul_svade");
	assert_int_equal(LIST(NULL, "i", &s), OK);
	assert_int_equal(LIST("rv32i", "i", &s), ERR_NOTSUP);
	assert_int_equal(LIST("rv64i", "m\0a", &s), ERR_NOTSUP);
	assert_int_equal(parse_list("rv64i", "i\0m", 3, &s), ERR_FORMAT);
	assert_int_equal(parse_list("rv64i", "", 0, &s), ERR_FORMAT);
}

/* Any bytes: nothing outside of the buffer is touched, and it ends. */
static void test_noise(void **state)
{
	static const char alphabet[] = "rv64imafdcbhsuzxp_0129\0kntg-Z";
	u64 seed = 42;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t n = (size_t)(i % 40);
		char *s = malloc(5 + n);
		struct isa_set set;

		memcpy(s, "rv64i", 5);
		for (size_t k = 0; k < n; k++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			s[5 + k] = alphabet[(seed >> 33) % sizeof(alphabet)];
		}
		assert_int_equal(isa_parse_string(s, 5 + n, &set), OK);
		assert_true(isa_has(&set, EXT_I));
		(void)!isa_parse_list(NULL, s, 5 + n, &set);
		free(s);
	}
}

/* Names come out in the order of the naming chapter: single letters, Z by category, S by name. */
static void test_order(void **state)
{
	static const char categories[] = "imafdqlcbkjtpvnh";
	unsigned int e;

	(void)state;
	for (e = EXT_NONE + 2; e < EXT_COUNT; e++) {
		const char *a = ext_row(e - 1)->name, *b = ext_row(e)->name;

		assert_true(strlen(a) <= strlen(b) || strlen(a) > 1);
		if (strlen(b) == 1)
			assert_true(strchr("imafdqlcbkjtpvh", *a) < strchr("imafdqlcbkjtpvh", *b));
		else if (strlen(a) > 1 && *a == *b && *a == 'z' && a[1] != b[1])
			assert_true(strchr(categories, a[1]) < strchr(categories, b[1]));
		else if (strlen(a) > 1 && *a == *b)
			assert_true(strcmp(a, b) < 0);
		else if (strlen(a) > 1)
			assert_true(*a == 'z' && *b == 's');
	}
}

static void test_table(void **state)
{
	unsigned int e, n;

	(void)state;
	for_each_ext(e)
	{
		const struct ext_row *r = ext_row(e);

		assert_true(strnlen(r->name, EXT_NAME_MAX) < EXT_NAME_MAX);
		assert_int_equal(ext_find(r->name, strlen(r->name)), e);
		assert_int_equal(ext_find(r->name, strlen(r->name) - 1) == e, 0);
		/* What is offered needs and implies only what can be offered too. */
		for (n = 0; n < EXT_LIST_MAX && r->needs[n]; n++)
			assert_true(!r->offer || ext_row(r->needs[n])->offer);
		/* An offered row that touches f or v says so. */
		if (!strncmp(r->name, "zv", 2) || !strcmp(r->name, "v"))
			assert_int_equal(r->state, EXT_STATE_VECTOR);
		if ((r->offer && !strncmp(r->name, "zf", 2)) || !strcmp(r->name, "f") ||
		    !strcmp(r->name, "d"))
			assert_int_equal(r->state, EXT_STATE_FP);
	}
	assert_int_equal(ext_find("", 0), EXT_NONE);
	assert_int_equal(ext_find("zbax", 4), EXT_NONE);
}

static const u8 never[] = {EXT_H,     EXT_ZICFILP,   EXT_ZICFISS,   EXT_ZKR,  EXT_SMAIA,
			   EXT_SSNPM, EXT_SMSTATEEN, EXT_SSSTATEEN, EXT_ZIHPM};

static struct ext_hart hart(const char *isa)
{
	return (struct ext_hart){parse(isa), ~(u64)0, ~(u64)0};
}

static void test_offer_max(void **state)
{
	struct ext_hart h = hart(qemu_max);
	struct isa_set guest, without;
	char text[ISA_TEXT_MAX];

	(void)state;
	ext_offer(&h, ALL_STATES, &guest);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		assert_true(isa_has(&h.isa, never[i]));
		assert_false(isa_has(&guest, never[i]));
	}
	without = h.isa;
	isa_subtract(&without, &guest);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		isa_del(&without, never[i]);
	assert_true(isa_empty(&without));
	assert_int_equal(isa_build_string(&guest, text, sizeof(text)), OK);
	assert_string_equal(
		text,
		"rv64imafdcv_zicbom_zicbop_zicboz_ziccrse_zicntr_zicond_zicsr_zifencei_zihintntl_"
		"zihintpause_zimop_zmmul_za64rs_zaamo_zabha_zacas_zalrsc_zawrs_zfa_zfbfmin_zfh_"
		"zfhmin_zca_zcb_zcd_zcmop_zba_zbb_zbc_zbkb_zbkc_zbkx_zbs_zknd_zkne_zknh_zksed_zksh_"
		"zkt_ztso_zvbb_zvbc_zve32f_zve32x_zve64d_zve64f_zve64x_zvfbfmin_zvfbfwma_zvfh_"
		"zvfhmin_zvkb_zvkg_zvkned_zvknha_zvknhb_zvksed_zvksh_zvkt_ssaia_sscofpmf_sstc_svade_"
		"svadu_svinval_svnapot_svpbmt_svvptc");
}

/* A guest's set read back from the text made of it is the same set. */
static void test_round_trip(void **state)
{
	struct ext_hart h = hart(qemu_rv64);
	struct isa_set guest, again;
	char text[ISA_TEXT_MAX];
	size_t n;

	(void)state;
	ext_offer(&h, ALL_STATES, &guest);
	assert_int_equal(isa_build_list(&guest, text, sizeof(text), &n), OK);
	assert_int_equal(isa_parse_list("rv64i", text, n, &again), OK);
	assert_true(isa_equal(&guest, &again));
	assert_int_equal(isa_build_string(&guest, text, sizeof(text)), OK);
	assert_int_equal(isa_parse_string(text, sizeof(text), &again), OK);
	isa_del(&again, EXT_ZIHPM); /* which i brings in by itself */
	assert_true(isa_equal(&guest, &again));
}

static void test_states(void **state)
{
	struct ext_hart h = hart(qemu_max);
	struct isa_set guest;

	(void)state;
	ext_offer(&h, EXT_STATE_FP | EXT_STATE_CSRS, &guest);
	assert_int_equal(ext_states(&guest), EXT_STATE_FP | EXT_STATE_CSRS);
	assert_true(isa_has(&guest, EXT_D) && isa_has(&guest, EXT_ZFH) &&
		    isa_has(&guest, EXT_SSTC));
	ext_offer(&h, EXT_STATE_VECTOR, &guest);
	assert_true(isa_has(&guest, EXT_ZVE64X) && isa_has(&guest, EXT_ZVKNED));
	assert_false(isa_has(&guest, EXT_V) || isa_has(&guest, EXT_ZVE32F));
	assert_false(isa_has(&guest, EXT_ZCD));
	ext_offer(&h, 0, &guest);
	assert_int_equal(ext_states(&guest), 0);
	assert_true(isa_has(&guest, EXT_C) && isa_has(&guest, EXT_ZBA));
}

/* Bit positions written out, from the specification. */
static void test_henvcfg(void **state)
{
	struct ext_hart h = hart(qemu_max);
	struct isa_set guest, one = {{0}};

	(void)state;
	ext_offer(&h, ALL_STATES, &guest);
	assert_int_equal(ext_henvcfg(&guest), 0xe0000000000000d0ULL);
	assert_int_equal(ext_henvcfg(&guest), ext_henvcfg_all());
	assert_int_equal(ext_hstateen0(&guest), 0x5c00000000000000ULL);
	assert_int_equal(ext_hstateen0_all(), 0x5c00000000000000ULL);
	isa_del(&guest, EXT_SSAIA);
	assert_int_equal(ext_hstateen0(&guest), 0x4000000000000000ULL);
	assert_int_equal(ext_henvcfg(&one), 0);
	isa_add(&one, EXT_SSTC);
	assert_int_equal(ext_henvcfg(&one), 1ULL << 63);
	isa_add(&one, EXT_SVPBMT);
	assert_int_equal(ext_henvcfg(&one), 3ULL << 62);
	assert_int_equal(ext_henvcfg_of(EXT_SVADU), 1ULL << 61);
	assert_int_equal(ext_henvcfg_of(EXT_ZICBOM), 0x50);
	assert_int_equal(ext_henvcfg_of(EXT_ZICBOZ), 0x80);
	assert_int_equal(ext_row(EXT_SSAIA)->stateen, 7 << 2);
	assert_int_equal(ext_row(EXT_SSSTATEEN)->stateen, 1 << 7);
	assert_int_equal(ext_hcounteren(&guest), 7);
	isa_del(&guest, EXT_ZICNTR);
	assert_int_equal(ext_hcounteren(&guest), 2);
}

/* What the hart's henvcfg does not take is not offered: CBIE must stick as well as CBCFE. */
static void test_refused(void **state)
{
	struct ext_hart h = hart(qemu_max);
	struct isa_set guest;

	(void)state;
	h.henvcfg = 0;
	ext_offer(&h, ALL_STATES, &guest);
	assert_int_equal(ext_henvcfg(&guest), 0);
	assert_false(isa_has(&guest, EXT_SSTC) || isa_has(&guest, EXT_ZICBOM));
	assert_true(isa_has(&guest, EXT_ZICBOP));
	h.henvcfg = 0x40;
	ext_offer(&h, ALL_STATES, &guest);
	assert_false(isa_has(&guest, EXT_ZICBOM));
	h.henvcfg = 0x50;
	ext_offer(&h, ALL_STATES, &guest);
	assert_true(isa_has(&guest, EXT_ZICBOM));
}

static void expect_svade(const char *isa, u64 henvcfg, bool svade, bool svadu)
{
	struct ext_hart h = hart(isa);
	struct isa_set guest;

	h.henvcfg = henvcfg;
	ext_offer(&h, ALL_STATES, &guest);
	assert_int_equal(isa_has(&guest, EXT_SVADE), svade);
	assert_int_equal(isa_has(&guest, EXT_SVADU), svadu);
}

static void test_svade(void **state)
{
	(void)state;
	expect_svade("rv64i_svade_svadu", ~(u64)0, true, true);
	expect_svade("rv64i_svade_svadu", 0, true, false);
	expect_svade("rv64i_svadu", ~(u64)0, true, true);
	expect_svade("rv64i_svadu", 0, false, false);
	expect_svade("rv64i_svade", ~(u64)0, true, false);
}

/* What a guest has to ask for is off when its hart starts; Svadu alone is always on. */
static void test_start(void **state)
{
	struct isa_set guest = {0};

	(void)state;
	isa_add(&guest, EXT_SSTC);
	isa_add(&guest, EXT_SVADU);
	assert_int_equal(ext_henvcfg_start(&guest), 5ULL << 61);
	isa_add(&guest, EXT_SVADE);
	assert_int_equal(ext_henvcfg(&guest), 5ULL << 61);
	assert_int_equal(ext_henvcfg_start(&guest), 1ULL << 63);
	isa_add(&guest, EXT_ZICFILP);
	isa_add(&guest, EXT_ZICFISS);
	assert_int_equal(ext_henvcfg_start(&guest), 1ULL << 63);
}

static void test_common(void **state)
{
	struct ext_hart a = hart("rv64imafdc_zba_sstc"), b = hart("rv64imac_zba_zbb_svpbmt");
	struct isa_set guest;

	(void)state;
	b.henvcfg = 1ULL << 62;
	ext_hart_common(&a, &b);
	assert_int_equal(a.henvcfg, 1ULL << 62);
	ext_offer(&a, ALL_STATES, &guest);
	assert_true(isa_has(&guest, EXT_ZBA) && isa_has(&guest, EXT_C));
	assert_false(isa_has(&guest, EXT_ZBB) || isa_has(&guest, EXT_D));
	assert_false(isa_has(&guest, EXT_SSTC) || isa_has(&guest, EXT_ZCD));
}

/* A hart with the CSRs in a list that 0 ends. */
static bool there(unsigned int csr, void *arg)
{
	for (const u16 *has = arg; *has; has++)
		if (*has == csr)
			return true;
	return false;
}

static void test_probe(void **state)
{
	u16 half[] = {0x600, 0x14d, 0}, full[] = {0x600, 0x14d, 0x24d, 0x60c, 0xdb0, 0x250, 0};
	struct isa_set s = parse("rv64imac_sstc");

	(void)state;
	ext_probe(&s, there, half);
	assert_true(isa_has(&s, EXT_H) && isa_has(&s, EXT_M));
	assert_false(isa_has(&s, EXT_SSTC));
	s = parse("rv64imach_sscofpmf");
	ext_probe(&s, there, full);
	assert_true(isa_has(&s, EXT_SSTC) && isa_has(&s, EXT_SSSTATEEN) && isa_has(&s, EXT_SSAIA));
	assert_false(isa_has(&s, EXT_SSCOFPMF));
}

static bool hide(const char *name, struct isa_set *hidden)
{
	return ext_hide(name, strlen(name), hidden);
}

static void test_hide(void **state)
{
	struct isa_set s = parse(qemu_max), hidden = {{0}};
	unsigned int e;

	(void)state;
	assert_false(hide("", &hidden) || hide("i", &hidden) || hide("h", &hidden));
	assert_false(hide("zicsr", &hidden) || hide("zve64d", &hidden) || hide("nope", &hidden));
	assert_true(isa_empty(&hidden));
	assert_true(hide("v", &hidden));
	ext_apply_hidden(&s, &hidden);
	for_each_ext(e) if (isa_has(&s, e)) assert_false(ext_row(e)->state & EXT_STATE_VECTOR);
	assert_true(isa_has(&s, EXT_D) && isa_has(&s, EXT_SMSTATEEN));
	assert_true(hide("stateen", &hidden) && hide("f", &hidden));
	ext_apply_hidden(&s, &hidden);
	assert_false(isa_has(&s, EXT_SMSTATEEN) || isa_has(&s, EXT_SSSTATEEN));
	assert_false(isa_has(&s, EXT_D) || isa_has(&s, EXT_ZCD) || isa_has(&s, EXT_ZFA));
}

/* What hide=all leaves still runs a stock kernel and user land. */
static void test_hide_all(void **state)
{
	struct ext_hart h = hart(qemu_max);
	struct isa_set hidden = {{0}}, guest;
	char text[ISA_TEXT_MAX];

	(void)state;
	ext_hide_all(&hidden);
	ext_apply_hidden(&h.isa, &hidden);
	ext_offer(&h, ALL_STATES, &guest);
	assert_int_equal(isa_build_string(&guest, text, sizeof(text)), OK);
	assert_string_equal(text, "rv64imafdc_zicntr_zicsr_zifencei_zmmul_zaamo_zalrsc_zca_zcd");
}

/* Every length that is too short is refused, and nothing past it is written. */
static void test_build_bound(void **state)
{
	struct isa_set all;
	unsigned int e;
	size_t len, need = 0;

	(void)state;
	memset(&all, 0, sizeof(all));
	for_each_ext(e) isa_add(&all, e);
	for (size_t n = 0; n <= ISA_TEXT_MAX; n++) {
		char *buf = malloc(n ? n : 1);
		enum err e1 = isa_build_string(&all, buf, n);

		if (e1 != OK)
			assert_true(e1 == ERR_RANGE && (n == 0 || buf[0] == '\0'));
		else
			assert_true(strlen(buf) < n);
		if (isa_build_list(&all, buf, n, &len) == OK) {
			need = need ? need : n;
			assert_int_equal(len, need);
		} else {
			assert_true(need == 0 && len == 0);
		}
		free(buf);
	}
	assert_true(need > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_string),	  cmocka_unit_test(test_g),
		cmocka_unit_test(test_implied),	  cmocka_unit_test(test_string_bad),
		cmocka_unit_test(test_list),	  cmocka_unit_test(test_noise),
		cmocka_unit_test(test_order),	  cmocka_unit_test(test_table),
		cmocka_unit_test(test_offer_max), cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_states),	  cmocka_unit_test(test_henvcfg),
		cmocka_unit_test(test_refused),	  cmocka_unit_test(test_svade),
		cmocka_unit_test(test_start),	  cmocka_unit_test(test_common),
		cmocka_unit_test(test_probe),	  cmocka_unit_test(test_hide),
		cmocka_unit_test(test_hide_all),  cmocka_unit_test(test_build_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
