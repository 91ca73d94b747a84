// SPDX-License-Identifier: BSD-2-Clause
/*
 * SBI SRST: what is refused (SBI v3.0, chapter 10), then the shutdown that ends every guest.
 *
 * # expect: pass
 * # harts: 2
 */
#include "rt.h"

static long reset(u64 type, u64 reason)
{
	return sbi(SBI_EXT_SRST, 0, type, reason).error;
}

static void bad_types(void)
{
	static const u64 types[] = {3, 0x1000, 0xefffffff, 0x7fffffff};

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		T_EQ(reset(types[i], 0), SBI_ERR_INVALID_PARAM);
	/* vendor's own: not there, or not known */
	T_OK(reset(0xf0000000, 0) < 0);
	T_OK(reset(0xffffffff, 0) < 0);
}

static void bad_reasons(void)
{
	static const u64 reasons[] = {2, 0x1000, 0xdfffffff};

	SKIP_IF(bare(), "OpenSBI does not look at the reason");
	for (u64 type = 0; type < 3; type++)
		for (unsigned int i = 0; i < ARRAY_SIZE(reasons); i++)
			T_EQ(reset(type, reasons[i]), SBI_ERR_INVALID_PARAM);
}

/* Type and reason are uint32_t: bits above are not part of them. */
static void wide_arguments(void)
{
	u64 junk = 0xdeadbeefUL << 32;

	T_EQ(reset(junk | 3, 0), SBI_ERR_INVALID_PARAM);
	T_EQ(reset(junk | 3, junk), SBI_ERR_INVALID_PARAM);
	if (!bare())
		T_EQ(reset(junk, junk | 2), SBI_ERR_INVALID_PARAM);
}

/* The other hart runs while the machine goes off: it must not keep it alive. */
static void spin(u64 arg)
{
	(void)arg;
	for (;;)
		;
}

static void leave_one_running(void)
{
	SKIP_IF(hart_count() < 2, "one hart");
	T_EQ(hart_start(1, spin, 0), 0);
	T_OK(wait_for(sbi_hart_status(harts[1].id).value == HSM_STARTED, 20000));
}

const struct test guest_tests[] = {
	{"unknown types are invalid parameters", bad_types},
	{"unknown reasons are invalid parameters", bad_reasons},
	{"bits above a type's and a reason's 32", wide_arguments},
	{"another hart is left running", leave_one_running},
	{NULL, NULL},
};
