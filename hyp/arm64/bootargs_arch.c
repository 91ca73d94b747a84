/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "hyp/tree/bootargs.h"

/* Nothing can be hidden. */
bool bootargs_arch_hide(struct bootargs_arch *b, const char *word, size_t n)
{
	(void)b;
	(void)word;
	(void)n;
	return false;
}

void bootargs_arch_hide_all(struct bootargs_arch *b)
{
	(void)b;
}

static bool take_guests(struct bootargs_arch *b, const char *value, size_t n)
{
	if (n != 4)
		return false;
	if (!memcmp(value, "test", 4))
		b->guests = BOOTARGS_GUESTS_TEST;
	else if (!memcmp(value, "demo", 4))
		b->guests = BOOTARGS_GUESTS_DEMO;
	else
		return false;
	return true;
}

const struct bootargs_arch_key bootargs_arch_keys[] = {
	{"guests=", "guests= is test or demo, not", take_guests},
	{NULL, NULL, NULL},
};
