/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of one input, taken one after the other by a fuzzer that makes decisions of them. Behind the
 * end all are 0, and input_left() says so.
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stdio.h>
#include <stdlib.h>

#include "lib/types.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const u8 *input_at;
static size_t input_left;

static inline void input_begin(const u8 *data, size_t size)
{
	input_at = data;
	input_left = size;
}

static inline u64 input_bytes(unsigned int n)
{
	u64 v = 0;

	for (; n && input_left; n--, input_left--)
		v = v << 8 | *input_at++;
	return v;
}

/* Below n; n is not 0. */
static inline u64 input_below(u64 n)
{
	return input_bytes(n <= 256 ? 1 : n <= 65536 ? 2 : 8) % n;
}

#define require(c)                                                                      \
	do {                                                                            \
		if (!(c)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #c); \
			abort();                                                        \
		}                                                                       \
	} while (0)

#endif
