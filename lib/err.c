/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/err.h"

#include "lib/types.h"

const char *err_name(enum err e)
{
	static const char *const names[] = {
		"ok",
		"invalid argument",
		"out of memory",
		"out of range",
		"not found",
		"exists",
		"busy",
		"fault",
		"not supported",
		"try again",
		"timed out",
		"canceled",
		"bad format",
		"wrong hash",
	};
	unsigned int i = (unsigned int)-(int)e;

	return i < ARRAY_SIZE(names) ? names[i] : "unknown error";
}
