/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests of a few instructions for the conformance suite.
 *
 * Owns two vCPUs and the G-stage they share: one page of code and one of data, at CODE_GPA and
 * DATA_GPA. VMID 0 belongs to no VM, so theirs is 0, and everything is fenced when one of them takes
 * a hart. The machine ends afterwards: nothing is given back. They may run beside VMs, but not where
 * the harts have no VMIDs, for then those have 0, too.
 */
#include "hyp/riscv/selftest/conformance.h"

#include <string.h>

#include "arch/riscv/hfence.h"
#include "arch/riscv/trap.h"
#include "hyp/machine/reset.h"
#include "hyp/mem/kmem.h"
#include "hyp/mem/memmap.h"
#include "hyp/mem/page.h"
#include "hyp/riscv/features.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "hyp/selftest/selftest.h"
#include "lib/check.h"
#include "lib/irq.h"

#define CODE_GPA    0x80000000UL
#define DATA_GPA    0x80001000UL
#define NOWHERE_GPA 0x80002000UL
#define UNKNOWN_EID 0x08abcdefUL /* of SBI's experimental range */
#define BASE_EID    0x10UL
#define JUNK	    0x5a5a5a5a00UL

/* a0: rounds, a1: where they are shown, a2: a value of its own, a3: nothing is there, a4: not 0 once
 * something was not kept, a5: an SBI extension that nobody has. All instructions have 4 bytes. */
#define ROUND "addi a0, a0, 1\n sd a0, 0(a1)\n"
#define ASK   "mv s2, a0\n mv a7, a5\n li a6, 0\n ecall\n mv a0, s2\n"

/* CODE_CSRS: x<n> is a3 + n, and a3 is a2 and 16 a round. */
#define HOLDING \
	"1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31"

/* Registers that take any address, and bits of others that change with the rounds: sstatus.SUM, sie.SSIE, a
 * cause. What is put, or has to be there, is in t1. */
#define VALUES(what, shift)                                                                          \
	"mv t1, a3\n" what("sscratch", "-1") what("stvec", "-1") what("sepc", "-1")                  \
		what("stval", "-1") "andi t1, a0, 7\n" what(                                         \
			"scause",                                                                    \
			"-1") "andi t1, a0, 1\n slli t1, t1, 1\n" what("sie",                        \
								       "2") "andi t1, a0, 1\n" shift \
									    " t1, t1, 18\n" what(    \
										    "sstatus",       \
										    "0x40000")
#define PUT_CSR(csr, bits) "li t2, " bits "\n csrc " csr ", t2\n csrs " csr ", t1\n"
#define HAS_CSR(csr, bits) "csrr t0, " csr "\n li t2, " bits "\n and t0, t0, t2\n bne t0, t1, 2f\n"
__asm__(".pushsection .rodata.conformance, \"a\"\n"
	".option push\n .option norvc\n .balign 8\n"
	".globl conformance_code_start\n conformance_code_start:\n"
	".globl conformance_spin\n conformance_spin: 1:" ROUND "j 1b\n"
	".globl conformance_ecall\n conformance_ecall: 1:" ROUND ASK "j 1b\n"
	".globl conformance_load\n conformance_load: 1:" ROUND "ld t0, 0(a3)\n j 1b\n"
	".globl conformance_wfi\n conformance_wfi: 1:" ROUND "wfi\n j 1b\n"
	".globl conformance_base\n conformance_base: 1:" ROUND "mv s2, a0\n mv s3, a1\n"
	"li a7, 0x10\n li a6, 0\n ecall\n ecall\n ecall\n"
	"mv a0, s2\n mv a1, s3\n" ASK "j 1b\n"
	".globl conformance_csrs\n"
	"1:" ROUND "slli a3, a0, 4\n add a3, a3, a2\n" VALUES(
		PUT_CSR,
		"slli") ".irp n, " HOLDING "\n addi x\\n, a3, \\n\n .endr\n"
			"mv a7, a5\n ecall\n"
			"conformance_csrs: bne a7, a5, 2f\n"
			".irp n, " HOLDING "\n addi x\\n, x\\n, -\\n\n bne x\\n, a3, 2f\n .endr\n"
			"slli t0, a0, 4\n add t0, t0, a2\n bne t0, a3, 2f\n" VALUES(
				HAS_CSR,
				"slli") "j 1b\n 2: li a4, 1\n j 1b\n"
					".globl conformance_code_end\n conformance_code_end:\n"
					".option pop\n .popsection\n");

extern const char conformance_code_start[], conformance_code_end[], conformance_spin[],
	conformance_ecall[], conformance_load[], conformance_wfi[], conformance_base[],
	conformance_csrs[];

static struct arch_vcpu vcpus[CONFORMANCE_VCPUS_MAX];
static struct gstage gstage;
static u64 *rounds; /* the data page: written by the guests */

static enum err map_page(gpa_t gpa, unsigned int prot, void **va)
{
	struct gstage_change chg = {0}; /* nobody has used the tables: nothing to fence */
	hpa_t page;

	if (!page_source_alloc(NULL, 0, &page))
		return ERR_NOMEM;
	*va = hpa_to_va(page);
	return gstage_map(&gstage, gpa, page, PAGE_SIZE, prot, &chg);
}

/* The suite traces this hart alone. It has a ring already if the boot arguments ask for traces. */
static enum err trace_ring(void)
{
	unsigned long flags;
	struct trace_rec *ring;

	if (this_hart(trace_hart).ring)
		return OK;
	ring = kmem_alloc(sizeof(*ring) * TRACE_RING);
	if (!ring)
		return ERR_NOMEM;
	flags = irq_save();
	trace_hart_init(ring);
	irq_restore(flags);
	return OK;
}

enum err conformance_init(void)
{
	static const struct pt_source pages = {NULL, page_source_alloc, page_source_free,
					       page_source_va};
	void *code = NULL, *data = NULL;
	enum gstage_mode mode;
	enum err e = gstage_pick_mode(features.gstage.modes, GPA(NOWHERE_GPA), &mode);

	if (!e)
		e = gstage_init(&gstage, mode, &pages);
	if (!e)
		e = map_page(GPA(CODE_GPA), PT_READ | PT_EXEC, &code);
	if (!e)
		e = map_page(GPA(DATA_GPA), PT_READ | PT_WRITE, &data);
	if (e)
		return e;
	memcpy(code, conformance_code_start,
	       (size_t)(conformance_code_end - conformance_code_start));
	rounds = data;
	for (unsigned int n = 0; n < CONFORMANCE_VCPUS_MAX; n++)
		vcpus[n].loaded_on = VCPU_NOT_LOADED;
	return trace_ring();
}

static u64 entry_of(enum conformance_code code)
{
	const char *const at[CODES] = {
		[CODE_SPIN] = conformance_spin, [CODE_ECALL] = conformance_ecall,
		[CODE_LOAD] = conformance_load, [CODE_WFI] = conformance_wfi,
		[CODE_BASE] = conformance_base, [CODE_CSRS] = conformance_csrs,
	};

	return at[code] ? CODE_GPA + (u64)(at[code] - conformance_code_start) : NOWHERE_GPA;
}

/* What CODE_CSRS would have put there in round 0. */
static void hold(struct arch_vcpu *v)
{
	u64 value = v->x[12];

	for (unsigned int i = 1; i < 32; i++)
		if (i < 10 || i > 15)
			v->x[i] = value + i;
	v->x[13] = value;
	v->x[17] = v->x[15];
	v->vs.vsscratch = v->vs.vstvec = v->vs.vsepc = v->vs.vstval = value;
	v->vs.vscause = v->vs.vsie = 0;
}

struct arch_vcpu *conformance_vcpu(unsigned int n, enum conformance_code code)
{
	struct arch_vcpu *v = &vcpus[n];

	CHECK(n < CONFORMANCE_VCPUS_MAX);
	vcpu_reset(v, entry_of(code), 0, DATA_GPA + 8UL * n);
	/* Nothing of it may be found in the hypervisor's own later. */
	for (unsigned int i = 2; i < 32; i++)
		if (i != 10 && i != 11)
			v->x[i] = JUNK + i;
	v->x[12] = 0x7ffff000 + 4UL * n; /* may be an address, as stvec and sepc want */
	v->x[13] = NOWHERE_GPA;
	v->x[14] = 0;
	v->x[15] = UNKNOWN_EID;
	rounds[n] = 0;
	if (code == CODE_CSRS)
		hold(v);
	return v;
}

/* Unordered hgatp: the tables are made before, and stay. */
void conformance_take_hart(struct arch_vcpu *v)
{
	if (this_hart(vcpu_loaded) == v)
		return;
	vcpu_load(v);
	csr_write(hgatp, gstage_hgatp(gstage.mode, 0, gstage.pt.root));
	hfence_gvma_all();
	hfence_vvma_all();
	fence_i();
	vcpu_open_spaces(v);
}

void conformance_leave_hart(struct arch_vcpu *v)
{
	vcpu_put(v);
}

#define INSN_ECALL 0x00000073U
#define INSN_WFI   0x10500073U
#define INSN_LD	   0x0006b283U /* ld t0, 0(a3) */

/* Is sepc where this cause comes from, and stval what goes with it? */
static bool right_place(const struct arch_vcpu *v)
{
	u64 at = v->sepc - CODE_GPA;
	u32 insn;

	if (v->exit.scause == EXC_INSN_GUEST_PAGE)
		return v->sepc == NOWHERE_GPA && v->exit.stval == NOWHERE_GPA;
	if (at >= (u64)(conformance_code_end - conformance_code_start) || at % 4 != 0)
		return false;
	memcpy(&insn, conformance_code_start + at, sizeof(insn));
	switch (v->exit.scause) {
	case EXC_ECALL_VS: return insn == INSN_ECALL;
	case EXC_VIRTUAL_INSN: return insn == INSN_WFI;
	case EXC_LOAD_GUEST_PAGE: return insn == INSN_LD && v->exit.stval == NOWHERE_GPA;
	default: return true;
	}
}

bool conformance_intact(const struct arch_vcpu *v)
{
	return (v->hstatus & HSTATUS_SPV) && (v->sstatus & SSTATUS_SPP) && right_place(v);
}

void conformance_resume(struct arch_vcpu *v)
{
	if (v->exit.scause == EXC_INSN_GUEST_PAGE)
		v->sepc = entry_of(CODE_ECALL);
	else
		v->sepc += 4;
}

u64 conformance_rounds(const struct arch_vcpu *v)
{
	return READ_ONCE(rounds[v - vcpus]);
}

static void (*tick_fn)(void);
static DEFINE_PER_HART(struct timer, tick_timer);

void conformance_set_tick(void (*fn)(void))
{
	tick_fn = fn;
}

static void tick(struct timer *t)
{
	(void)t;
	tick_fn();
}

void conformance_tick_after(u64 ticks)
{
	unsigned long flags = irq_save();
	struct timer *t = &this_hart(tick_timer);

	if (!t->fn)
		timer_init(t, tick);
	timer_arm(t, arch_clock() + ticks);
	irq_restore(flags);
}

/* Not gp: limen does not use it, and a guest's may stay in it. */
struct host_state {
	u64 stvec, satp, sie, sstatus, hideleg, hedeleg, tp;
};

static struct host_state noted;

/* Of sstatus, what would change how the hypervisor's own code runs: none of it is on, with interrupts
 * off. What an earlier run has left there would be noted as the hypervisor's. */
#define SSTATUS_HOST (SSTATUS_SIE | SSTATUS_SUM | SSTATUS_MXR)

static struct host_state host_state(void)
{
	struct host_state s = {
		.stvec = csr_read(stvec),
		.satp = csr_read(satp),
		.sie = csr_read(sie),
		.sstatus = csr_read(sstatus) & SSTATUS_HOST,
		.hideleg = csr_read(hideleg),
		.hedeleg = csr_read(hedeleg),
	};

	__asm__ volatile("mv %0, tp" : "=r"(s.tp));
	return s;
}

void conformance_host_note(void)
{
	noted = host_state();
}

const char *conformance_host_wrong(void)
{
	struct host_state now = host_state();

	if (now.stvec != noted.stvec)
		return "stvec is the hypervisor's";
	if (now.sstatus)
		return "sstatus is the hypervisor's";
	if (now.satp != noted.satp || now.sie != noted.sie)
		return "satp and sie are the hypervisor's";
	if (now.hideleg != noted.hideleg || now.hedeleg != noted.hedeleg)
		return "hideleg and hedeleg are as they were";
	if (now.tp != noted.tp)
		return "tp is the hypervisor's";
	return NULL;
}

/* s0 is the frame pointer: a switch that lost it, or sp, would not come back here. */
__asm__(".pushsection .text.conformance_registers, \"ax\"\n"
	".globl conformance_registers\n .type conformance_registers, @function\n"
	"conformance_registers:\n"
	"addi sp, sp, -112\n sd ra, 104(sp)\n"
	".irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
	"sd s\\n, (8 * \\n)(sp)\n li s\\n, 0x5100 + \\n\n .endr\n"
	"mv t0, a0\n mv a0, a1\n jalr t0\n li a0, 0\n"
	".irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
	"li t0, 0x5100 + \\n\n xor t0, t0, s\\n\n or a0, a0, t0\n ld s\\n, (8 * \\n)(sp)\n"
	".endr\n"
	"ld ra, 104(sp)\n addi sp, sp, 112\n ret\n"
	".size conformance_registers, . - conformance_registers\n .popsection\n");

/* The bits in which s1 to s11 have changed. */
u64 conformance_registers(void (*fn)(void *arg), void *arg);

bool conformance_call_keeps(void (*fn)(void *arg), void *arg)
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
	/* Order: all it did, before it is over. Pairs with: conformance_running() [J1] */
	arch_store_release(&j->running, 0);
}

void conformance_start(unsigned int hart, void (*fn)(void *arg), void *arg)
{
	struct job *j = &per_hart(job, hart);

	j->fn = fn;
	j->arg = arg;
	WRITE_ONCE(j->running, 1);
	CHECK(thread_create("conformance", hart, run_job, j));
}

bool conformance_running(unsigned int hart)
{
	/* Order: it is over, before what it did is read. Pairs with: run_job() [J1] */
	return arch_load_acquire(&per_hart(job, hart).running);
}

static bool beside_vms;

static void run_suite(void *arg)
{
	(void)arg;
	machine_power_off(conformance_main(beside_vms) != 0);
}

void selftest_conformance(const struct bootargs *b)
{
	beside_vms = b->selftest_vms;
	if (b->selftest_conformance && !beside_vms)
		run_suite(NULL);
}

void selftest_start(void)
{
	if (beside_vms)
		CHECK(thread_create("suite", 0, run_suite, NULL));
}
