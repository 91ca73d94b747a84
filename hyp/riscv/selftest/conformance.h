/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the conformance suite (tests/conformance/) needs of this machine, beyond the architecture
 * contract: vCPUs with a few instructions of guest code in a page of their own, run through the real
 * world switch; the hart's timer; and threads on other harts. tests/conformance/hyp_port.c makes the
 * suite's table of hooks of it.
 */
#ifndef HYP_RISCV_SELFTEST_CONFORMANCE_H
#define HYP_RISCV_SELFTEST_CONFORMANCE_H

#include "arch/riscv/vcpu.h"
#include "lib/err.h"

#define CONFORMANCE_VCPUS_MAX 2

/* The loops of guest code. Each adds 1 to a0 a round and stores it. */
enum conformance_code {
	CODE_SPIN,
	CODE_ECALL, /* with an extension that no server has */
	CODE_LOAD,  /* from where nothing is mapped */
	CODE_WFI,
	CODE_BASE,    /* some calls of SBI BASE, then one as above */
	CODE_CSRS,    /* values in VS CSRs and registers; a4 is not 0 once one was not kept */
	CODE_NOWHERE, /* no code: pc is where nothing is mapped */
	CODES,
};

/* Memory and a G-stage for the guests. Once; ERR_NOMEM, ERR_NOTSUP. */
enum err conformance_init(void);

/* vCPU n anew, at the beginning of that code, with base_calls for CODE_BASE; in no hart. */
struct arch_vcpu *conformance_vcpu(unsigned int n, enum conformance_code code);

/* As vcpu_take_hart() in guest/, with everything fenced; and out again. Interrupts off. */
void conformance_take_hart(struct arch_vcpu *v);
void conformance_leave_hart(struct arch_vcpu *v);

/* sepc is at an instruction of the guest's that does what scause says, and hstatus and sstatus say that
 * the trap came from it. */
bool conformance_intact(const struct arch_vcpu *v);

/* Behind the instruction it stopped at; from nowhere, to CODE_ECALL. */
void conformance_resume(struct arch_vcpu *v);

/* Rounds so far. */
u64 conformance_rounds(const struct arch_vcpu *v);

/* fn is called in the timer interrupt of this hart once the clock has gone on by ticks. */
void conformance_set_tick(void (*fn)(void));
void conformance_tick_after(u64 ticks);

/* What is the hypervisor's in the CSRs and registers, and what of it has changed (NULL: nothing).
 * Interrupts off. */
void conformance_host_note(void);
const char *conformance_host_wrong(void);

/* Calls fn(arg). Have the registers that a call keeps come back as they were? */
bool conformance_call_keeps(void (*fn)(void *arg), void *arg);

/* Runs fn(arg) in a thread of that hart. */
void conformance_start(unsigned int hart, void (*fn)(void *arg), void *arg);
bool conformance_running(unsigned int hart);

/* Runs the suite, beside VMs or not, and returns how many of its tests failed. In a thread on hart 0, all
 * harts up; tests/conformance/hyp_port.c defines it. */
unsigned int conformance_main(bool beside_vms);

#endif
