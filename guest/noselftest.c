/* SPDX-License-Identifier: BSD-2-Clause */
/* In a release image, what stands in for guest/lifecycle.c. */
#include "guest/lifecycle.h"

void lifecycle_start(void)
{
}
