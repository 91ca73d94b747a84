/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler calls for __builtin_ctzl(), in place of libgcc's, which takes three times as long.
 *
 * Any context in which an ordinary function may run; not noinstr.
 */
#include "lib/bits.h"

int __ctzdi2(u64 x);

int __ctzdi2(u64 x)
{
	return (int)bits_lowest(x);
}
