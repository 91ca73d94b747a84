/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suite's hooks inside limen at EL2: guests of a few instructions, run through the real world switch.
 *
 * Owns two vCPUs and the second stage they share, VMID 1: one page of code and one of data, at CODE_GPA and
 * DATA_GPA. The machine ends afterwards: nothing is given back.
 */
#include <string.h>

#include "arch/arm64/cache.h"
#include "arch/arm64/pt.h"
#include "arch/arm64/trap.h"
#include "arch/arm64/vcpu.h"
#include "entry/run.h"
#include "hyp/machine/reset.h"
#include "hyp/mem/kmem.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "hyp/selftest/selftest.h"
#include "lib/irq.h"
#include "lib/trace.h"
#include "tests/conformance/conformance.h"

#define CODE_GPA    0x80000000UL
#define DATA_GPA    0x80001000UL
#define NOWHERE_GPA 0x80002000UL
#define VMID	    1UL
#define JUNK	    0x5a5a5a5a00UL
#define BAD_REG	    4 /* x4: not 0 once something was not kept */

/* x0: rounds, x1: where they are shown, x2: a value of its own, x3: nothing is there, x5: a function that
 * nobody has. */
#define ROUND "add x0, x0, #1\n str x0, [x1]\n"
#define ASK   "mov x19, x0\n mov x0, x5\n hvc #0\n mov x0, x19\n"
#define EARLY "movz x0, #0x8000, lsl #16\n hvc #0\n"

/*
 * The guest that keeps: x3 is x2 and 16 a round. x<n> is x3 + n, and x3 itself is in sp, in all of floating
 * point, and in these; the flags are the round's lowest four bits, the masks of interrupts its lowest two. x0
 * and x6 are what it looks with.
 */
#define HOLDING \
	"7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30"
#define VECTORS                                                                                      \
	"0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, " \
	"25, 26, 27, 28, 29, 30, 31"
#define VALUES_OF_EL0(R) R(sp_el0) R(tpidr_el0) R(tpidrro_el0) R(cntv_cval_el0)
#define VALUES_OF_EL1(R) R(tpidr_el1) R(elr_el1) R(far_el1) R(esr_el1) R(contextidr_el1)
#define VALUES_OF_MMU(R) R(mair_el1) R(ttbr0_el1) R(ttbr1_el1)
#define VALUES(R)	 VALUES_OF_EL0(R) VALUES_OF_EL1(R) VALUES_OF_MMU(R)
#define PUT(reg)	 "msr " #reg ", x3\n"
#define HAS(reg)	 "mrs x0, " #reg "\n" IS_X3
#define IS_X3		 "eor x0, x0, x3\n cbnz x0, 2f\n"
#define FLAGS_TO_X6	 "sub x6, x3, x2\n ubfx x6, x6, #4, #4\n lsl x6, x6, #28\n"
#define MASKS_TO_X6	 "sub x6, x3, x2\n ubfx x6, x6, #4, #2\n lsl x6, x6, #6\n orr x6, x6, #0x300\n"
#define IS_X6		 "eor x0, x0, x6\n cbnz x0, 2f\n"

/* clang-format off */
__asm__(".pushsection .rodata.conformance, \"a\"\n .arch armv8-a\n .balign 8\n"
	"conformance_start:\n"
	"conformance_spin: 1:" ROUND "b 1b\n"
	"conformance_ask: 1:" ROUND ASK "b 1b\n"
	"conformance_fault: 1:" ROUND "ldr x6, [x3]\n b 1b\n"
	"conformance_wait: 1:" ROUND "wfi\n b 1b\n"
	"conformance_early: 1:" ROUND "mov x20, x0\n" EARLY EARLY EARLY "mov x0, x20\n" ASK "b 1b\n"
	"1: ldr x0, [x1]\n" ROUND "add x3, x2, x0, lsl #4\n" VALUES(PUT) "mov sp, x3\n"
	".irp n, " VECTORS "\n dup v\\n\\().2d, x3\n .endr\n"
	".irp n, " HOLDING "\n add x\\n, x3, #\\n\n .endr\n"
	MASKS_TO_X6 "msr daif, x6\n" FLAGS_TO_X6 "msr nzcv, x6\n"
	"mov x0, x5\n hvc #0\n"
	/* Here it begins, as if it had come back in round 0. Nothing before the flags changes them. */
	"conformance_keep: eor x0, x0, x5\n cbnz x0, 2f\n"
	"mrs x0, nzcv\n" FLAGS_TO_X6 IS_X6 "mrs x0, daif\n" MASKS_TO_X6 IS_X6
	"ldr x0, [x1]\n add x0, x2, x0, lsl #4\n" IS_X3
	".irp n, " HOLDING "\n sub x0, x\\n, #\\n\n" IS_X3 ".endr\n"
	".irp n, " VECTORS "\n fmov x0, d\\n\n" IS_X3 "fmov x0, v\\n\\().d[1]\n" IS_X3 ".endr\n"
	"mov x0, sp\n" IS_X3 VALUES(HAS) "b 1b\n"
	"2: mov x4, #1\n 3: ldr x0, [x1]\n" ROUND "mov x0, x5\n hvc #0\n b 3b\n"
	"conformance_end:\n .popsection\n");
/* clang-format on */

extern const char conformance_start[], conformance_end[], conformance_spin[], conformance_ask[],
	conformance_fault[], conformance_wait[], conformance_early[], conformance_keep[];

static struct arch_vcpu vcpus[CONFORMANCE_VCPUS];
static u64 *stage2, *rounds; /* rounds: the data page, written by the guests */

static void *table(void)
{
	return kmem_alloc(PAGE_SIZE);
}

static bool init(void)
{
	void *code = table();
	size_t n = (size_t)(conformance_end - conformance_start);

	stage2 = table();
	rounds = table();
	if (!code || !stage2 || !rounds)
		return false;
	memcpy(code, conformance_start, n);
	cache_sync_code(code, n);
	for (unsigned int i = 0; i < CONFORMANCE_VCPUS; i++)
		vcpus[i].loaded_on = VCPU_NOT_LOADED;
	return !pt_map(stage2, CODE_GPA, (uintptr_t)code, PAGE_SIZE, PT_GUEST_CODE, table) &&
	       !pt_map(stage2, DATA_GPA, (uintptr_t)rounds, PAGE_SIZE, PT_GUEST_RAM, table);
}

/* The suite traces this hart alone. It has a ring already if the boot arguments ask for traces. */
static bool trace_ring(void)
{
	struct trace_rec *ring;
	unsigned long flags;

	if (this_hart(trace_hart).ring)
		return true;
	ring = kmem_alloc(sizeof(*ring) * TRACE_RING);
	flags = irq_save();
	trace_hart_init(ring);
	irq_restore(flags);
	return ring != NULL;
}

static u64 entry_of(enum conformance_guest what)
{
	const char *const at[GUESTS] = {
		[GUEST_SPINS] = conformance_spin,   [GUEST_ASKS] = conformance_ask,
		[GUEST_FAULTS] = conformance_fault, [GUEST_WAITS] = conformance_wait,
		[GUEST_EARLY] = conformance_early,  [GUEST_KEEPS] = conformance_keep,
	};

	return at[what] ? CODE_GPA + (u64)(at[what] - conformance_start) : NOWHERE_GPA;
}

#define KEEP_IN_MEMORY(reg) v->sys.reg = value;

/* What the guest that keeps would have put there in round 0. */
static void hold(struct arch_vcpu *v)
{
	u64 value = v->x[2];

	v->x[0] = v->x[5];
	v->x[3] = value;
	for (unsigned int i = 7; i < 31; i++)
		v->x[i] = value + i;
	for (unsigned int i = 0; i < 32; i++) {
		memcpy(v->fp.v[i], &value, sizeof(value));
		memcpy(v->fp.v[i] + sizeof(value), &value, sizeof(value));
	}
	VALUES(KEEP_IN_MEMORY)
	v->sys.sp_el1 = value;
	v->pstate = PSTATE_EL1H & ~(3UL << 6);
}

static struct arch_vcpu *guest(unsigned int n, enum conformance_guest what)
{
	struct arch_vcpu *v = &vcpus[n];

	vcpu_reset(v, VMID << VTTBR_VMID_SHIFT | (uintptr_t)stage2, entry_of(what));
	/* Nothing of it may be found in the hypervisor's own later. */
	for (unsigned int i = 6; i < 31; i++)
		v->x[i] = JUNK + i;
	v->x[1] = DATA_GPA + 8UL * n;
	v->x[2] = 0x7ffff000 + 16UL * n; /* may be an address, as sp wants it */
	v->x[3] = NOWHERE_GPA;
	v->x[5] = 0xc6001234;
	rounds[n] = 0;
	if (what == GUEST_KEEPS)
		hold(v);
	return v;
}

static void print(const char *line)
{
	arch_console_write(line, strlen(line));
	arch_console_write("\n", 1);
}

static enum conformance_why why(const struct arch_vcpu *v)
{
	if (v->exit.vector == TRAP_IRQ)
		return WHY_INTERRUPT;
	switch (v->exit.vector == TRAP_SYNC ? vcpu_exit_class(v) : 0) {
	case EC_HVC64: return WHY_ASKED;
	case EC_DATA_LOW: return WHY_FAULT;
	case EC_INSN_LOW: return WHY_LOST;
	case EC_WFX: return WHY_WAIT;
	default: return WHY_OTHER;
	}
}

#define INSN_HVC 0xd4000002U
#define INSN_WFI 0xd503207fU
#define INSN_LDR 0xf9400066U /* ldr x6, [x3] */

static u32 insn_at(u64 pc)
{
	u64 at = pc - CODE_GPA;
	u32 insn = 0;

	if (at < (u64)(conformance_end - conformance_start))
		memcpy(&insn, conformance_start + at, sizeof(insn));
	return insn;
}

/* Is pc where this comes from, and is the address that goes with it right? A call's is behind it. */
static bool intact(const struct arch_vcpu *v)
{
	if ((v->pstate & 15) != (PSTATE_EL1H & 15))
		return false;
	switch (why(v)) {
	case WHY_ASKED: return insn_at(v->pc - 4) == INSN_HVC;
	case WHY_WAIT: return insn_at(v->pc) == INSN_WFI;
	case WHY_FAULT:
		return insn_at(v->pc) == INSN_LDR && v->exit.far == NOWHERE_GPA &&
		       vcpu_fault_gpa(v).a == NOWHERE_GPA;
	case WHY_LOST: return v->pc == NOWHERE_GPA && vcpu_fault_gpa(v).a == NOWHERE_GPA;
	default: return insn_at(v->pc) != 0;
	}
}

static void resume(struct arch_vcpu *v)
{
	if (why(v) == WHY_LOST)
		v->pc = entry_of(GUEST_ASKS);
	else if (why(v) != WHY_ASKED)
		v->pc += 4;
}

static u64 progress(const struct arch_vcpu *v)
{
	return READ_ONCE(rounds[v - vcpus]);
}

static bool kept(const struct arch_vcpu *v)
{
	return v->x[BAD_REG] == 0;
}

static u64 early(void)
{
	return this_hart(early_answers);
}

static DEFINE_PER_HART(struct timer, tick_timer);

static void tick_fires(struct timer *t)
{
	(void)t;
	conformance_tick();
}

static void tick(u64 ticks)
{
	unsigned long flags = irq_save();
	struct timer *t = &this_hart(tick_timer);

	if (!t->fn)
		timer_init(t, tick_fires);
	timer_arm(t, arch_clock() + ticks);
	irq_restore(flags);
}

static void burn(u64 ticks)
{
	u64 until = arch_clock() + ticks;

	while (arch_clock() < until)
		arch_relax();
}

struct host_state {
	u64 vbar, tpidr, ttbr, tcr, sctlr, hcr, cptr, spsel;
};

static struct host_state noted;

static struct host_state host_state(void)
{
	return (struct host_state){
		.vbar = sysreg_read(vbar_el2),
		.tpidr = sysreg_read(tpidr_el2),
		.ttbr = sysreg_read(ttbr0_el2),
		.tcr = sysreg_read(tcr_el2),
		.sctlr = sysreg_read(sctlr_el2),
		.hcr = sysreg_read(hcr_el2),
		.cptr = sysreg_read(cptr_el2),
		.spsel = sysreg_read(spsel),
	};
}

static void host_note(void)
{
	noted = host_state();
}

static const char *host_wrong(void)
{
	struct host_state now = host_state();

	if (now.vbar != noted.vbar)
		return "VBAR_EL2 is the hypervisor's";
	if (now.tpidr != noted.tpidr)
		return "TPIDR_EL2 is the hypervisor's";
	if (now.ttbr != noted.ttbr || now.tcr != noted.tcr || now.sctlr != noted.sctlr)
		return "TTBR0_EL2, TCR_EL2 and SCTLR_EL2 are the hypervisor's";
	if (now.hcr != noted.hcr || now.cptr != noted.cptr)
		return "HCR_EL2 and CPTR_EL2 are as they were";
	if (!now.spsel)
		return "sp is EL2's own";
	return NULL;
}

/* x29 is the frame pointer: a switch that lost it, or sp, would not come back here. */
__asm__(".pushsection .text.conformance_registers, \"ax\"\n"
	".globl conformance_registers\n .type conformance_registers, @function\n"
	"conformance_registers:\n"
	"stp x29, x30, [sp, #-96]!\n mov x29, sp\n"
	".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n"
	"str x\\n, [sp, #(16 + 8 * (\\n - 19))]\n mov x\\n, #(0x5100 + \\n)\n .endr\n"
	"mov x2, x0\n mov x0, x1\n blr x2\n mov x0, #0\n"
	".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n"
	"mov x1, #(0x5100 + \\n)\n eor x1, x1, x\\n\n orr x0, x0, x1\n"
	"ldr x\\n, [sp, #(16 + 8 * (\\n - 19))]\n .endr\n"
	"ldp x29, x30, [sp], #96\n ret\n"
	".size conformance_registers, . - conformance_registers\n .popsection\n");

/* The bits in which x19 to x28 have changed. */
u64 conformance_registers(void (*fn)(void *arg), void *arg);

static bool call_keeps(void (*fn)(void *arg), void *arg)
{
	return conformance_registers(fn, arg) == 0;
}

struct job {
	void (*fn)(void *arg);
	void *arg;
	u32 running; /* atomic */
};

static DEFINE_PER_HART(struct job, job);

static void run_job(void *arg)
{
	struct job *j = arg;

	j->fn(j->arg);
	/* Order: all it did, before it is over. Pairs with: running() [J1] */
	arch_store_release(&j->running, 0);
}

static void start(unsigned int hart, void (*fn)(void *arg), void *arg)
{
	struct job *j = &per_hart(job, hart);

	j->fn = fn;
	j->arg = arg;
	WRITE_ONCE(j->running, 1);
	if (!thread_create("conformance", hart, run_job, j))
		panic("no memory for a thread");
}

static bool running(unsigned int hart)
{
	/* Order: it is over, before what it did is read. Pairs with: run_job() [J1] */
	return arch_load_acquire(&per_hart(job, hart).running);
}

static const struct conformance_port port_at_el2 = {
	.name = "limen at EL2 of AArch64",
	.print = print,
	.guest = guest,
	.take_hart = vcpu_load,
	.leave_hart = vcpu_put,
	.why = why,
	.intact = intact,
	.resume = resume,
	.progress = progress,
	.kept = kept,
	.early = early,
	.tick = tick,
	.burn = burn,
	.host_note = host_note,
	.host_wrong = host_wrong,
	.call_keeps = call_keeps,
	.start = start,
	.running = running,
	.pause = thread_yield,
	.yield = thread_yield,
};

void selftest_conformance(const struct bootargs *b)
{
	if (!b->selftest_conformance)
		return;
	if (!init() || !trace_ring()) {
		print("Bail out! no memory for the guests");
		machine_power_off(true);
	}
	machine_power_off(conformance_run(&port_at_el2) != 0);
}
