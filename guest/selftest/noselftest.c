/* SPDX-License-Identifier: BSD-2-Clause */
/* In a release image, what stands in for guest/selftest/lifecycle.c. */
#include "guest/selftest/lifecycle.h"

void lifecycle_start(void)
{
}
