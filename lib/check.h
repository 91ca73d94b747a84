/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of limen's own invariants. A failed one panics, so no guest, config, device tree or
 * payload may ever reach one: what those do wrong is an error code or vm_fail().
 * DCHECK() is compiled always and evaluated in debug builds only.
 */
#ifndef LIB_CHECK_H
#define LIB_CHECK_H

#include "arch/arch.h"

#ifndef LIMEN_DEBUG
#define LIMEN_DEBUG 0
#endif

#define CHECK(c)                                                             \
	do {                                                                 \
		if (unlikely(!(c)))                                          \
			arch_panic(__FILE__, __LINE__, "check failed: " #c); \
	} while (0)

#define DCHECK(c)                                                            \
	do {                                                                 \
		if (LIMEN_DEBUG && unlikely(!(c)))                           \
			arch_panic(__FILE__, __LINE__, "check failed: " #c); \
	} while (0)

#define panic(why) arch_panic(__FILE__, __LINE__, why)

#endif
