/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/tree/bootargs.h"

#include <string.h>

#include "arch/riscv/ext.h"
#include "lib/check.h"

static const struct {
	const char *name;
	bool in_all;
} features[HIDE_FEATURES] = {
	[HIDE_HTINST] = {"htinst", true},
	[HIDE_HTVAL] = {"htval", true},
	[HIDE_VMIDLEN] = {"vmidlen", true},
	[HIDE_HENVCFG] = {"henvcfg", true},
	[HIDE_1G] = {"1g", true},
	[HIDE_2M] = {"2m", true},
	[HIDE_DBCN] = {"dbcn", true},
	[HIDE_SRST] = {"srst", true},
	/* Not in "all": it would leave one hart, and hide what goes wrong between several. */
	[HIDE_HSM] = {"hsm", false},
};

const char *bootargs_hide_name(enum hide_feature f, bool *in_all)
{
	CHECK(f < HIDE_FEATURES);
	*in_all = features[f].in_all;
	return features[f].name;
}

static bool is(const char *word, size_t n, const char *name)
{
	return strlen(name) == n && memcmp(word, name, n) == 0;
}

void bootargs_arch_hide_all(struct bootargs_arch *b)
{
	for (unsigned int f = 0; f < HIDE_FEATURES; f++)
		if (features[f].in_all)
			b->hidden |= (u32)BIT(f);
	ext_hide_all(&b->hidden_ext);
}

bool bootargs_arch_hide(struct bootargs_arch *b, const char *word, size_t n)
{
	for (unsigned int f = 0; f < HIDE_FEATURES; f++) {
		if (!is(word, n, features[f].name))
			continue;
		b->hidden |= (u32)BIT(f);
		return true;
	}
	return ext_hide(word, n, &b->hidden_ext);
}

static bool take_satp(struct bootargs_arch *b, const char *value, size_t n)
{
	if (is(value, n, "sv39"))
		b->satp_bits = 39;
	else if (is(value, n, "sv48"))
		b->satp_bits = 48;
	else if (is(value, n, "sv57"))
		b->satp_bits = 57;
	else
		return false;
	return true;
}

const struct bootargs_arch_key bootargs_arch_keys[] = {
	{"satp=", "satp= is sv39, sv48 or sv57, not", take_satp},
	{NULL, NULL, NULL},
};
