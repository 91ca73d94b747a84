/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands in for the small VMs in an image without self-tests: the linker prefers theirs.
 */
#include "hyp/arm64/selftest/guests.h"
#include "lib/log.h"

__weak void selftest_guests(const struct bootargs *b)
{
	if (b->arch.guests != BOOTARGS_GUESTS_NONE)
		log_warn("boot arguments: guests=: this image has no self-tests (make limen "
			 "BUILD=selftest)");
}
