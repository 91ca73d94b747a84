/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suite's hooks inside the hypervisor, on RISC-V: hyp/riscv/selftest/conformance.h under other names.
 */
#include <string.h>

#include "entry/run.h"
#include "hyp/riscv/selftest/conformance.h"
#include "hyp/sched/thread.h"
#include "lib/check.h"
#include "tests/conformance/conformance.h"

_Static_assert(CONFORMANCE_VCPUS == CONFORMANCE_VCPUS_MAX,
	       "hyp/riscv/selftest/conformance.h has others");

DECLARE_PER_HART(u64, early_answers); /* sbi/early.c */

static void print(const char *line)
{
	arch_console_write(line, strlen(line));
	arch_console_write("\n", 1);
}

static struct arch_vcpu *guest(unsigned int n, enum conformance_guest what)
{
	static const enum conformance_code codes[GUESTS] = {
		[GUEST_SPINS] = CODE_SPIN,   [GUEST_ASKS] = CODE_ECALL, [GUEST_FAULTS] = CODE_LOAD,
		[GUEST_LOST] = CODE_NOWHERE, [GUEST_WAITS] = CODE_WFI,	[GUEST_EARLY] = CODE_BASE,
		[GUEST_KEEPS] = CODE_CSRS,
	};

	return conformance_vcpu(n, codes[what]);
}

static enum conformance_why why(const struct arch_vcpu *v)
{
	if (v->exit.scause & SCAUSE_IRQ)
		return WHY_INTERRUPT;
	switch (v->exit.scause) {
	case EXC_ECALL_VS: return WHY_ASKED;
	case EXC_LOAD_GUEST_PAGE: return WHY_FAULT;
	case EXC_INSN_GUEST_PAGE: return WHY_LOST;
	case EXC_VIRTUAL_INSN: return WHY_WAIT;
	default: return WHY_OTHER;
	}
}

static bool kept(const struct arch_vcpu *v)
{
	return v->x[14] == 0;
}

static u64 early(void)
{
	return this_hart(early_answers);
}

static void burn(u64 ticks)
{
	u64 until = arch_clock() + ticks;

	while (arch_clock() < until)
		arch_relax();
}

/* Beside VMs a yield costs slices of theirs: there is one when a slice of this hart is over. */
static void pause_beside_vms(void)
{
	if (entry_work_take(ENTRY_WORK_RESCHED))
		thread_yield();
	else
		arch_relax();
}

static struct conformance_port hyp_port = {
	.name = "limen on RISC-V",
	.print = print,
	.guest = guest,
	.take_hart = conformance_take_hart,
	.leave_hart = conformance_leave_hart,
	.why = why,
	.intact = conformance_intact,
	.resume = conformance_resume,
	.progress = conformance_rounds,
	.kept = kept,
	.early = early,
	.tick = conformance_tick_after,
	.burn = burn,
	.host_note = conformance_host_note,
	.host_wrong = conformance_host_wrong,
	.call_keeps = conformance_call_keeps,
	.start = conformance_start,
	.running = conformance_running,
	.pause = thread_yield,
	.yield = thread_yield,
};

unsigned int conformance_main(bool beside_vms)
{
	if (beside_vms) {
		hyp_port.pause = pause_beside_vms;
		hyp_port.busy = true;
	}
	if (conformance_init()) {
		print("Bail out! no memory or no G-stage for the guests");
		return 1;
	}
	conformance_set_tick(conformance_tick);
	return conformance_run(&hyp_port);
}
