/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In a release image, what stands in for the self-tests: whoever asks for one is told in a line
 * where it is, and the boot goes on. The Makefile links this file or the architecture's conformance.c,
 * hyp/selftest/torture.c and the suite, never both.
 */
#include "hyp/selftest/selftest.h"
#include "hyp/selftest/torture.h"
#include "lib/log.h"

static void tell(const char *argument)
{
	log_warn("boot arguments: %s: this image has no self-tests (make limen BUILD=selftest)",
		 argument);
}

void selftest_conformance(const struct bootargs *b)
{
	if (b->selftest_conformance || b->selftest_lifecycle)
		tell("selftest=");
}

void selftest_start(void)
{
}

void torture_init(const struct bootargs *b)
{
	if (b->torture != BOOTARGS_TORTURE_NONE)
		tell("torture=");
}

void torture_start(void)
{
}
