/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's part of the arch contract. On its own, because a build with the host architecture
 * has another.
 */
#include "arch/arch.h"
#include "hyp/console/console.h"

void arch_console_write(const char *s, size_t n)
{
	console_write_raw(s, n);
}
