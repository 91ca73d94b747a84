/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/selftest/selftest.h"

#include "lib/check.h"
#include "lib/compiler.h"
#include "lib/log.h"

/* Each call takes some stack; the stack is used up long before the count is. */
__cold static unsigned int selftest_overflow(volatile unsigned int *depth)
{
	volatile unsigned int here = *depth + 1;

	return here ? selftest_overflow(&here) + here : 0;
}

void selftest_panic(const struct bootargs *b)
{
	volatile unsigned int depth = 0;

	if (b->panic == BOOTARGS_PANIC_NONE)
		return;
	log_info("panic= in the boot arguments: now it comes");
	if (b->panic == BOOTARGS_PANIC_TRAP)
		selftest_trap();
	if (b->panic == BOOTARGS_PANIC_OVERFLOW)
		(void)selftest_overflow(&depth);
	CHECK(b->panic == BOOTARGS_PANIC_NONE);
}
