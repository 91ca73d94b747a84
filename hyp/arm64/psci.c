/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware calls, and with them the end of the machine (hyp/machine/reset.h). SYSTEM_OFF carries no
 * status: the last line says how it went. Semihosting would carry one, but a guest could use it as well.
 */
#include "hyp/arm64/psci.h"

#include "arch/arch.h"
#include "hyp/console/tracedump.h"
#include "hyp/machine/reset.h"
#include "lib/log.h"

#define PSCI_CPU_ON	  0xc4000003
#define PSCI_SYSTEM_OFF	  0x84000008
#define PSCI_SYSTEM_RESET 0x84000009

/* Firmware keeps x18 to x30 (SMC Calling Convention, DEN 0028). */
static s64 smc(u64 function, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = function;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"x4", "x5", "x6", "x7", "x8",
			   "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return (s64)x0;
}

s64 psci_cpu_on(u64 mpidr, u64 entry, u64 context)
{
	return smc(PSCI_CPU_ON, mpidr, entry, context);
}

void machine_halt(void)
{
	arch_irq_off();
	for (;;)
		__asm__ volatile("wfi");
}

void machine_power_off(bool failed)
{
	tracedump_all();
	log_report("the machine ends: %s", failed ? "failed" : "well");
	(void)smc(PSCI_SYSTEM_OFF, 0, 0, 0);
	machine_halt();
}

void machine_reboot(void)
{
	(void)smc(PSCI_SYSTEM_RESET, 0, 0, 0);
	machine_halt();
}
