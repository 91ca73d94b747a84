/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of CSRs and the table of extensions, held against each other: nothing is offered to a guest
 * whose state would be lost or hidden, or has no row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/csr_table.h"
#include "arch/riscv/csrs.h"
#include "arch/riscv/ext.h"
#include "arch/riscv/regs.h"

#define STR(name) #name
#define DESCRIBE(how, guest, hart, ext, when, value) \
	{STR(guest), CSR_##guest, CSR_##hart, EXT_##ext, CSR_HOW_##how},

static const struct {
	const char *name;
	u16 guest, hart;
	enum ext ext;
	enum csr_how how;
} rows[] = {CSR_TABLE(DESCRIBE)};

#define for_each_row(i) for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)

static bool has_row(enum ext e, enum csr_how how)
{
	for_each_row(i) if (rows[i].ext == e && rows[i].how == how) return true;
	return false;
}

static void nothing_hidden_is_offered(void **state)
{
	(void)state;
	for_each_row(i)
	{
		if (rows[i].how == CSR_HOW_LOST || rows[i].how == CSR_HOW_HIDDEN)
			assert_false(ext_row(rows[i].ext)->offer);
	}
}

/* What an extension says of its state is what the rows do with it. */
static void state_has_rows(void **state)
{
	unsigned int e;

	(void)state;
	for_each_ext(e)
	{
		const struct ext_row *r = ext_row(e);

		if (!r->offer)
			continue;
		if (r->state & EXT_STATE_CSRS)
			assert_true(has_row(e, CSR_HOW_SWITCHED));
		else
			assert_true(e == EXT_I || !has_row(e, CSR_HOW_SWITCHED));
		if (r->state & EXT_STATE_FP)
			assert_true(has_row(EXT_F, CSR_HOW_FP));
		if (r->state & EXT_STATE_VECTOR)
			assert_true(has_row(EXT_ZVE32X, CSR_HOW_VECTOR));
		if (has_row(e, CSR_HOW_FP))
			assert_true(r->state & EXT_STATE_FP);
		if (has_row(e, CSR_HOW_VECTOR))
			assert_true(r->state & EXT_STATE_VECTOR);
	}
}

/* A bit of henvcfg or hstateen0 that a guest gets lets it reach a CSR, or changes what it has: of those
 * that are known, none shows what is hidden. */
static void no_guest_is_shown_what_is_lost(void **state)
{
#define LOST_BIT(how, guest, hart, ext, when, value) \
	assert_int_equal(ext_hstateen0_all() & (value), 0);
	(void)state;
	CSR_LOST(LOST_BIT)
	assert_int_equal(ext_henvcfg_all() & (BIT(2) | BIT(3)), 0); /* LPE, SSE */
}

/* By number: one fate alone, but for what F has and Zfinx as well. */
static void one_row_each(void **state)
{
	(void)state;
	for_each_row(i) for (unsigned int j = 0; j < i; j++)
	{
		if (rows[i].guest == rows[j].guest)
			assert_int_equal(rows[i].guest, CSR_fcsr);
	}
}

/* A guest's number is of U-mode or S-mode, and the hart has the same, or one of VS-mode; limen's own are
 * of the hypervisor. */
static void numbers_are_of_their_level(void **state)
{
	(void)state;
	for_each_row(i)
	{
		unsigned int guest = rows[i].guest >> 8 & 3, hart = rows[i].hart >> 8 & 3;

		assert_int_not_equal(guest, 3);
		assert_true(rows[i].guest == rows[i].hart || (guest == 1 && hart == 2));
		assert_int_equal(guest == 2, rows[i].how == CSR_HOW_INWARD ||
						     rows[i].how == CSR_HOW_CONSTANT ||
						     rows[i].how == CSR_HOW_EACH_RUN);
	}
}

/* All that is switched has a name for who looks at a vCPU from outside. */
static void switched_has_a_name(void **state)
{
	struct arch_vcpu v = {0};
	u64 val;

	(void)state;
	for_each_row(i)
	{
		if (rows[i].how == CSR_HOW_SWITCHED || rows[i].how == CSR_HOW_SPACE)
			assert_int_equal(vcpu_reg_get(&v, rows[i].name, &val), OK);
	}
}

static u16 has;

static bool hart_has(unsigned int n)
{
	assert_true(!csr_is_known(n));
	return n == has;
}

/* A CSR that no row has is found, wherever it is, but for a vendor's; one that has a row is not asked for. */
static void the_unknown_is_found(void **state)
{
	(void)state;
	for (has = 1; has < 0xa00; has++) {
		bool asked = (has >> 8 & 3) < 2 && (has < 0x5c0 || has >= 0x900) && has < 0x9c0;

		assert_int_equal(csr_find_unknown(hart_has), asked && !csr_is_known(has) ? has : 0);
	}
	assert_true(csr_is_known(CSR_jvt) && !csr_is_known(0x5a9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_hidden_is_offered),
		cmocka_unit_test(state_has_rows),
		cmocka_unit_test(no_guest_is_shown_what_is_lost),
		cmocka_unit_test(one_row_each),
		cmocka_unit_test(numbers_are_of_their_level),
		cmocka_unit_test(switched_has_a_name),
		cmocka_unit_test(the_unknown_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
