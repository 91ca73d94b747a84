/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's firmware: Power State Coordination Interface (DEN 0022), by SMC.
 */
#ifndef HYP_ARM64_PSCI_H
#define HYP_ARM64_PSCI_H

#include "lib/types.h"

/* Turns on the processor of that affinity, at the physical address entry with context in x0. Returns 0, or
 * PSCI's own error. Any context. */
s64 psci_cpu_on(u64 mpidr, u64 entry, u64 context);

#endif
