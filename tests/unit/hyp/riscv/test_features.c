/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What harts are found to have, and which are like the boot hart. Two harts whose CSRs are a table: a
 * register that is not there traps, one that is keeps the bits it has. Firmware is a word: does it turn
 * updating of A and D bits on when it is asked, on which hart?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/ext.h"
#include "arch/riscv/gstage.h"
#include "arch/riscv/vcpu.h"
#include "hyp/tree/platform.h"
#include "lib/log.h"

#define ADUE BIT(61)

/* ---- the harts ------------------------------------------------------------------------------------ */

enum reg {
	R_hstatus,
	R_hgatp,
	R_vsatp,
	R_henvcfg,
	R_senvcfg,
	R_hstateen0,
	R_sstateen0,
	R_vsiselect,
	R_hvictl,
	R_stimecmp,
	R_vstimecmp,
	R_stopi,
	R_scountovf,
	R_hvien,
	R_sie,
	R_fcsr,
	R_vlenb,
	R_sstatus,
	REGS,
};

static struct {
	bool absent[REGS];
	u64 keeps[REGS], value[REGS];
	u64 vs_modes, g_modes; /* masks of MODE */
	bool firmware_obeys;
	unsigned int unknown; /* a CSR that limen does not know; 0: none */
	unsigned int asked;
} model[2];
static unsigned int here;
static struct isa_set tree; /* what all harts' ISA texts have in common */

static void model_write(enum reg r, u64 v)
{
	u64 modes = r == R_hgatp ? model[here].g_modes : model[here].vs_modes;

	if ((r == R_hgatp || r == R_vsatp) && v >> 60 && !(modes >> (v >> 60) & 1))
		return;
	model[here].value[r] = v & model[here].keeps[r];
}

static u64 model_read(enum reg r)
{
	return model[here].value[r];
}

static bool model_try_write(enum reg r, u64 v)
{
	if (!model[here].absent[r])
		model_write(r, v);
	return !model[here].absent[r];
}

static bool model_try_read(enum reg r, unsigned long *v)
{
	*v = model[here].absent[r] ? 0 : model_read(r);
	return !model[here].absent[r];
}

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear
#define csr_read(name)	   model_read(R_##name)
#define csr_write(name, v) model_write(R_##name, v)
#define csr_set(name, v)   model_write(R_##name, model_read(R_##name) | (v))
#define csr_clear(name, v) model_write(R_##name, model_read(R_##name) & ~(u64)(v))
#define ARCH_RISCV_PROBE_H
#define csr_try_read(name, v)  model_try_read(R_##name, v)
#define csr_try_write(name, v) model_try_write(R_##name, v)

/* ---- what features.c has of others ---------------------------------------------------------------- */

#define ARCH_RISCV_IMSIC_H
#define imsic_csrs_there() true
#define ARCH_RISCV_HFENCE_H
#define hfence_gvma_all() ((void)0)
#define hfence_vvma_all() ((void)0)
#define SBI_FW_H
#include "arch/riscv/sbi.h"

struct vcpu_features vcpu_features;

static int fw_feature_set(u32 feature, u64 value)
{
	assert_int_equal(feature, SBI_FWFT_PTE_AD_HW_UPDATING);
	assert_int_equal(value, 1);
	model[here].asked++;
	if (!model[here].firmware_obeys)
		return ERR_NOTSUP;
	model[here].keeps[R_henvcfg] |= ADUE;
	return OK;
}

static bool page_source_alloc(void *ctx, unsigned int order, hpa_t *out)
{
	(void)ctx, (void)order;
	*out = HPA(0x80400000);
	return true;
}

static void page_free(hpa_t hpa, unsigned int order)
{
	(void)hpa, (void)order;
}

#define PAGE_SHIFT 12
#define HYP_MEM_PAGE_H
#include "hyp/riscv/features.c"

void hartisa_common(const struct platform *p, struct isa_set *out)
{
	(void)p;
	*out = tree;
}

const struct platform_hart *platform_find_hart(const struct platform *p, u64 id)
{
	(void)p, (void)id;
	return NULL;
}

void clock_init(u64 hz, bool sstc)
{
	(void)hz, (void)sstc;
}

bool csr_number_there(unsigned int n)
{
	(void)n;
	return false;
}

/* A CSR that limen does not know. */
unsigned int csr_find_unknown(bool (*there)(unsigned int n))
{
	(void)there;
	return model[here].unknown;
}

bool cache_init(u64 block)
{
	(void)block;
	return true;
}

bool cache_try(void)
{
	return true;
}

bool counts_readable(void)
{
	return true;
}

u8 hpm_probe(void)
{
	return 48;
}

/* ---- runs ----------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	memset(model, 0, sizeof(model));
	for (here = 0; here < 2; here++) {
		memset(model[here].keeps, 0xff, sizeof(model[here].keeps));
		model[here].keeps[R_henvcfg] &= ~ADUE; /* menvcfg's is 0 */
		model[here].vs_modes = model[here].g_modes = 7UL << SATP_MODE_SV39;
		model[here].keeps[R_vlenb] = 0;
		model[here].value[R_vlenb] = 16;
		model[here].firmware_obeys = true;
	}
	here = 0;
	tree = (struct isa_set){0};
	for (unsigned int e = EXT_NONE + 1; e < EXT_COUNT; e++)
		isa_add(&tree, e);
	memset(&features, 0, sizeof(features));
	return 0;
}

static struct platform plat;
static struct bootargs args;

/* The boot hart's features are found, and the other hart is looked at. */
static const char *second_hart(void)
{
	const char *why = NULL;

	here = 0;
	assert_int_equal(features_init(&plat, 0, &args, &why), OK);
	here = 1;
	return features_check_hart();
}

static void equal_harts(void **state)
{
	(void)state;
	assert_null(second_hart());
}

/* Each register that is switched with a vCPU, on one of the two alone. */
static void a_register_less_or_more(void **state)
{
	static const struct {
		enum reg reg;
		const char *less, *more; /* NULL: does no harm */
	} row[] = {
		{R_senvcfg, "senvcfg", "the same CSRs of guests"},
		{R_vsiselect, "vsiselect", "the same CSRs of guests"},
		{R_hvictl, "hvictl", NULL},
		{R_hstateen0, "hstateen0", NULL},
		{R_sstateen0, "hstateen0", NULL},
		{R_henvcfg, "henvcfg", NULL},
		{R_vstimecmp, "vstimecmp", NULL},
		{R_fcsr, "floating point", NULL},
		{R_vlenb, "the same vector length", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		for (unsigned int which = 0; which < 2; which++) {
			const char *want = which ? row[i].less : row[i].more, *got;

			setup(state);
			model[which].absent[row[i].reg] = true;
			got = second_hart();
			if (want)
				assert_string_equal(got, want);
			else
				assert_null(got);
		}
}

/* Also where Ssaia is hidden, or the tree does not have it: a guest may reach the registers. */
static void registers_of_what_is_hidden(void **state)
{
	(void)state;
	isa_del(&tree, EXT_SSAIA);
	isa_del(&tree, EXT_SMAIA);
	isa_add(&args.arch.hidden_ext, EXT_SSAIA);
	model[1].absent[R_vsiselect] = true;
	assert_string_equal(second_hart(), "vsiselect");
	setup(state);
	model[1].absent[R_hvictl] = true;
	assert_string_equal(second_hart(), "hvictl");
	isa_del(&args.arch.hidden_ext, EXT_SSAIA);
}

static void modes_of_both_stages(void **state)
{
	(void)state;
	model[1].vs_modes = BIT(SATP_MODE_SV39);
	assert_string_equal(second_hart(), "the same modes of vsatp");
	assert_int_equal(features.vs_modes, 7UL << SATP_MODE_SV39);
	/* A guest that chose Sv48 there could not go on here. */
	setup(state);
	model[0].vs_modes = BIT(SATP_MODE_SV39);
	assert_string_equal(second_hart(), "the same modes of vsatp");
	setup(state);
	model[1].g_modes = BIT(SATP_MODE_SV39);
	assert_string_equal(second_hart(), "the same G-stage modes");
	setup(state);
	model[0].g_modes = BIT(SATP_MODE_SV39);
	assert_null(second_hart());
	assert_int_equal(model[1].value[R_vsatp], 0);
	assert_int_equal(model[1].value[R_hgatp], 0);
}

/* On a hart with state enables it is hidden. */
static void what_nothing_hides(void **state)
{
	(void)state;
	model[1].unknown = 0x5a8;
	assert_null(second_hart());
	setup(state);
	model[0].absent[R_hstateen0] = model[1].absent[R_hstateen0] = true;
	assert_null(second_hart());
	setup(state);
	model[0].absent[R_hstateen0] = model[1].absent[R_hstateen0] = true;
	model[1].unknown = 0x5a8;
	assert_string_equal(second_hart(), "a state enable for CSR 0x5a8");
}

static bool guest_gets_svadu(void)
{
	struct isa_set guest;

	ext_offer(&features.harts, ~0U, &guest);
	return isa_has(&guest, EXT_SVADU);
}

/* Firmware has updating off until it is asked; on each hart. */
static void updating_is_asked_for(void **state)
{
	(void)state;
	assert_null(second_hart());
	assert_true(model[0].asked && model[1].asked);
	assert_true(guest_gets_svadu());
	setup(state);
	model[0].firmware_obeys = model[1].firmware_obeys = false;
	assert_null(second_hart());
	assert_false(guest_gets_svadu());
	/* A word of it is not enough, on one hart neither. */
	setup(state);
	model[1].firmware_obeys = false;
	assert_string_equal(second_hart(), "what henvcfg enables");
}

/* Nor is it asked for what no hart has, or an argument hides. */
static void updating_is_left_alone(void **state)
{
	(void)state;
	isa_del(&tree, EXT_SVADU);
	assert_null(second_hart());
	assert_int_equal(model[0].asked + model[1].asked, 0);
	setup(state);
	isa_add(&args.arch.hidden_ext, EXT_SVADU);
	assert_null(second_hart());
	assert_int_equal(model[0].asked + model[1].asked, 0);
	isa_del(&args.arch.hidden_ext, EXT_SVADU);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(equal_harts, setup),
		cmocka_unit_test_setup(a_register_less_or_more, setup),
		cmocka_unit_test_setup(registers_of_what_is_hidden, setup),
		cmocka_unit_test_setup(modes_of_both_stages, setup),
		cmocka_unit_test_setup(what_nothing_hides, setup),
		cmocka_unit_test_setup(updating_is_asked_for, setup),
		cmocka_unit_test_setup(updating_is_left_alone, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
