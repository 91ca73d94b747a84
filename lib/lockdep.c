/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/lockdep.h"

DEFINE_PER_HART(struct lockdep_hart, lockdep_hart);
