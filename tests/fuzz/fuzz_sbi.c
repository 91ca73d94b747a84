/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: what the vCPUs of a VM ask of the SBI server, by turns and in every way that a call is
 * answered: early, watched, and by the whole exit. RAM, threads and CSRs are the test's; requests, hart
 * states and waits are guest/riscv/vcpu*.c's.
 */
#include <string.h>

#include "arch/riscv/csr.h"
#include "tests/fuzz/input.h"
/* These mean the machine that the fuzzer runs on, not the model's harts. */
#include "entry/run.h"
#include "entry/vtime.h"
#include "hyp/sched/runqueue.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "rcu/rcu.h"
#include "tests/unit/harts_model.h"

#define VCPUS	 3 /* each has the hart of its number */
#define RAM_BASE 0x80000000UL
#define RAM_SIZE 16384UL

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear
#undef csr_swap
#define csr_read(name)	     csr_of_##name()
#define csr_write(name, val) ((void)(val))
#define csr_set(name, val)   ((void)(val))
#define csr_clear(name, val) ((void)(val))
#define csr_swap(name, val)  ((void)(val), 0UL)

static u64 csr_of_vsip(void);
static u64 csr_of_vsie(void);
static u64 csr_of_vstimecmp(void);
static u64 csr_of_scounteren(void);

static inline u64 csr_of_vsatp(void)
{
	return 0;
}

static inline u64 csr_of_sepc(void)
{
	return 0;
}

#define ARCH_RISCV_HFENCE_H
#define hfence_vvma_all()		((void)0)
#define hfence_vvma_asid(asid)		((void)(asid))
#define hfence_vvma_addr(at)		((void)(at))
#define hfence_vvma_addr_asid(at, asid) ((void)(at), (void)(asid))
#define hfence_gvma_all()		((void)0)
#define hfence_gvma_vmid(vmid)		((void)(vmid))
#define hfence_gvma_addr_vmid(at, vmid) ((void)(at), (void)(vmid))
#define fence_i()			((void)0)

/* What the code below could call, and does not here. */
#pragma weak guest_run_loop
#pragma weak hartcall_each
#pragma weak thread_create_at
#pragma weak thread_reschedule
#pragma weak vcpu_handle_exit
#pragma weak vcpu_vsfile_leave
#pragma weak vm_vcpu_ended
#pragma weak vm_vcpu_parked
#pragma weak vm_place_allows
#pragma weak vm_place_vcpu
#pragma weak vtime_task_read
#pragma weak sched_capped

/* ---- the code ----------------------------------------------------------------------------------- */

#include "guest/riscv/vfence.c"

#include "guest/riscv/gfence.c"

#include "guest/riscv/vcpu_hart.c"
#include "guest/riscv/vcpu_request.c"
#include "guest/riscv/vcpu_wait.c"
#include "guest/riscv/vcpu.c"

#include "guest/riscv/vpmu.c"

#include "guest/riscv/vsteal.c"

#define call base_call
#include "sbi/base.c"
#undef call
#define call time_call
#include "sbi/time.c"
#undef call
#define call ipi_call
#include "sbi/ipi.c"
#undef call
#undef FEW
#undef PORTION
#define call rfence_call
#include "sbi/rfence.c"
#undef call
#define call	hsm_call
#define start	hsm_start
#define suspend hsm_suspend
#include "sbi/hsm.c"
#undef call
#undef start
#undef suspend
#define call srst_call
#include "sbi/srst.c"
#undef call
#define call dbcn_call
#include "sbi/dbcn.c"
#undef call
#define call  pmu_call
#define start pmu_start
#define stop  pmu_stop
#include "sbi/pmu.c"
#undef call
#undef start
#undef stop
#define call	susp_call
#define suspend susp_suspend
#include "sbi/susp.c"
#undef call
#undef suspend
#define call sta_call
#include "sbi/sta.c"
#undef call
#define call fwft_call
#include "sbi/fwft.c"
#undef call

#include "sbi/early.c"

#include "sbi/server.c"

/* ---- what is around it -------------------------------------------------------------------------- */

DEFINE_PER_HART(struct arch_vcpu *, vcpu_loaded);
struct vcpu_features vcpu_features;

static struct vm vm;
static struct vcpu vcpus[VCPUS];
static struct vmid_seen seen[MODEL_HARTS];
static u64 written; /* so that each byte is read */
static u8 *ram;	    /* watched at its end */

static struct vcpu *here(void)
{
	return &vcpus[now];
}

static u64 csr_of_vsip(void)
{
	return here()->arch.hvip >> 1 | (here()->arch.hvip & LCOFIP);
}

static u64 csr_of_vsie(void)
{
	return here()->arch.vs.vsie;
}

static u64 csr_of_vstimecmp(void)
{
	return here()->arch.vs.vstimecmp;
}

static u64 csr_of_scounteren(void)
{
	return here()->arch.x[5];
}

static bool in_ram(u64 gpa, u64 size)
{
	return size <= RAM_SIZE && gpa >= RAM_BASE && gpa - RAM_BASE <= RAM_SIZE - size;
}

bool gmem_contains(struct vm_mem *mem, gpa_t gpa, u64 size)
{
	require(mem == &vm.mem);
	return !size || in_ram(gpa.a, size);
}

enum err gmem_read(struct vm_mem *mem, gpa_t gpa, void *dst, u64 size)
{
	if (!size || !gmem_contains(mem, gpa, size))
		return size ? ERR_RANGE : OK;
	memcpy(dst, ram + (gpa.a - RAM_BASE), size);
	return OK;
}

enum err gmem_write(struct vm_mem *mem, gpa_t gpa, const void *src, u64 size)
{
	if (!size || !gmem_contains(mem, gpa, size))
		return size ? ERR_RANGE : OK;
	memcpy(ram + (gpa.a - RAM_BASE), src, size);
	return OK;
}

enum err gmem_zero(struct vm_mem *mem, gpa_t gpa, u64 size)
{
	if (!size || !gmem_contains(mem, gpa, size))
		return size ? ERR_RANGE : OK;
	memset(ram + (gpa.a - RAM_BASE), 0, size);
	return OK;
}

/* What is between the calls of a vCPU that waits: an interrupt that its sie lets through. */
static void wake(struct vcpu *v)
{
	v->arch.vs.vsie |= SIP_SSIP;
	guest_request(&v->run, REQ_IPI);
}

enum err thread_wait(bool (*cond)(void *arg), void *arg, u64 deadline)
{
	(void)deadline;
	require(cond(arg)); /* who is stopped is not asked to run here */
	return OK;
}

enum err thread_wait_here(bool (*cond)(void *arg), u64 (*when)(void *arg, bool keeps), void *arg)
{
	irq_off();
	(void)when(arg, false);
	irq_on();
	if (!cond(arg))
		wake(arg);
	require(cond(arg));
	return OK;
}

struct thread *thread_current(void)
{
	return NULL;
}

void thread_wake(struct thread *t)
{
	(void)t;
}

/* A target that is in its guest comes out. */
void guest_kick(struct guest_run *run)
{
	run->mode = OUTSIDE_GUEST;
}

void guest_request(struct guest_run *run, unsigned long bits)
{
	run->requests |= bits;
	guest_kick(run);
}

void guest_request_sync(struct guest_run *run, unsigned long bits)
{
	require(!(run->requests & bits) || run->mode == OUTSIDE_GUEST);
}

unsigned long guest_request_take(struct guest_run *run, unsigned long bits)
{
	unsigned long were = run->requests & bits;

	run->requests &= ~bits;
	return were;
}

unsigned long entry_work_take(unsigned long bits)
{
	(void)bits;
	return 0;
}

u64 gstage_hgatp(enum gstage_mode mode, u32 vmid, hpa_t root)
{
	(void)mode, (void)vmid, (void)root;
	return 0;
}

void vcpu_put(struct arch_vcpu *a)
{
	if (this_hart(vcpu_loaded) == a) {
		this_hart(vcpu_loaded) = NULL;
		a->loaded_on = VCPU_NOT_LOADED;
	}
}

void vcpu_load(struct arch_vcpu *a)
{
	this_hart(vcpu_loaded) = a;
	a->loaded_on = now;
}

void vcpu_reset(struct arch_vcpu *a, u64 pc, u64 a0, u64 a1)
{
	a->sepc = pc;
	a->x[10] = a0;
	a->x[11] = a1;
	a->hvip = a->vs.vsie = 0;
}

void vcpu_set_counting(struct arch_vcpu *a, u32 running)
{
	require(a->loaded_on == now);
	a->counts.running = running;
}

void vcpu_look_at_counts(struct arch_vcpu *a)
{
	for (unsigned int n = 0; n < COUNTS_NUMBER; n++)
		if (a->counts.running >> n & 1)
			a->counts.value[n] += 1000;
}

void vcpu_set_henvcfg(struct arch_vcpu *a, u64 henvcfg)
{
	a->henvcfg = henvcfg;
}

void vcpu_set_hcounteren(struct arch_vcpu *a, u64 hcounteren)
{
	a->hcounteren = hcounteren;
}

#define NOTHING(call, ...)   \
	void call            \
	{                    \
		__VA_ARGS__; \
	}

NOTHING(timer_init(struct timer *t, void (*fn)(struct timer *t)), (void)t, (void)fn)
NOTHING(timer_arm(struct timer *t, u64 deadline), (void)t, (void)deadline)
NOTHING(timer_disarm(struct timer *t), (void)t)
NOTHING(runqueue_nudge_others(void))
NOTHING(thread_yield(void))
NOTHING(rcu_reader_begins(void))
NOTHING(rcu_reader_ends(void))
NOTHING(rcu_check_reader(void))
NOTHING(vcpu_open_spaces(struct arch_vcpu *a), (void)a)
NOTHING(vcpu_set_vgein(struct arch_vcpu *a, u32 n), (void)a, (void)n)
NOTHING(vcpu_imsic_reset(struct vcpu *v), (void)v)
NOTHING(vcpu_vsfile_watch(struct vcpu *v), (void)v)
NOTHING(vcpu_vsfile_unwatch(struct vcpu *v), (void)v)
NOTHING(vcpu_vsfile_look(struct vcpu *v, bool behind), (void)v, (void)behind)

bool vcpu_vsfile_arrive(struct vcpu *v)
{
	(void)v;
	return true;
}

bool virqchip_ext(struct vcpu *v)
{
	return v->ext_level;
}

size_t vconsole_write(struct vconsole *c, const char *s, size_t n)
{
	require(c == &vm.console);
	n = min_u64(n, input_below(257));
	for (size_t i = 0; i < n; i++)
		written += (u8)s[i];
	return n;
}

size_t vconsole_read(struct vconsole *c, char *s, size_t n)
{
	require(c == &vm.console);
	n = min_u64(n, input_below(257));
	memset(s, 'x', n);
	return n;
}

void vm_stop(struct vm *m, enum vm_state why)
{
	m->state = why;
}

void vm_fail(struct vcpu *v, const char *fmt, ...)
{
	(void)fmt;
	v->vm->state = VM_FAILED;
}

struct sbi_ret fw_ecall(unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
			unsigned long a4, unsigned long a5, unsigned long fid, unsigned long eid)
{
	(void)a0, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)eid;
	return SBI_RET(fid & 1 ? -1 : 0, 5);
}

enum err fw_feature_get(u32 feature, u64 *value)
{
	*value = feature & 1;
	return input_below(2) ? ERR_NOTSUP : OK;
}

/* ---- what must hold ----------------------------------------------------------------------------- */

static void check_pmu(const struct vcpu *v)
{
	const struct vpmu *p = &v->vpmu;
	u32 events = 0;

	require(!(p->started & ~p->configured) && !(p->configured & ~vpmu_counters(v)));
	for (u32 n = VPMU_HW; n < VPMU_COUNTERS; n++)
		if (p->started >> n & 1)
			events |= (u32)BIT(p->event[n]);
	require(p->events == events);
	require(!p->has_snapshot || in_ram(p->snapshot.a, SNAPSHOT_SIZE));
	require(!(v->arch.counts.overflown & ~(p->configured & COUNTS_ALL)));
}

static void check_vcpu(const struct vcpu *v)
{
	const struct vfence_queue *q = &v->fences;

	require(v->hsm <= SBI_HSM_STATE_SUSPENDED);
	require(v->run.mode == OUTSIDE_GUEST || !(v->run.requests & (REQ_VVMA | REQ_FENCEI)));
	require(q->count <= VFENCE_SLOTS && q->budget <= VFENCE_PAGES && (!q->all || !q->count));
	require(!q->count || (v->run.requests & REQ_VVMA));
	require(!v->vsteal.on || in_ram(v->vsteal.at.a, VSTEAL_SIZE));
	require(!(v->fwft_locked >> ARRAY_SIZE(feature_ext)));
	check_pmu(v);
}

/* ---- what happens ------------------------------------------------------------------------------- */

static void boot_vm(void)
{
	memset(&vm, 0, sizeof(vm));
	memset(vcpus, 0, sizeof(vcpus));
	memset(vcpu_loaded_of, 0, sizeof(vcpu_loaded_of));
	memset(seen, 0, sizeof(seen));
	vm.vcpus = VCPUS;
	vm.vcpu = vcpus;
	vm.state = VM_RUNNING;
	vm.lock = (struct spinlock)SPINLOCK_INIT("vm");
	vcpu_features.counts = input_below(2);
	vcpu_features.hpm_width = 63;
	for (unsigned int e = 0; e < ISA_SET_WORDS; e++)
		vm.arch.isa.w[e] = input_bytes(2) * 0x0001000100010001UL;
	vmid_space_init(&vmid_space, 2);
	vmid_vm_init(&vmid_space, &vm.arch.vmid, seen);
	for (u32 i = 0; i < VCPUS; i++) {
		vcpu_init(&vcpus[i], &vm, i);
		vcpus[i].hsm = i ? SBI_HSM_STATE_STOPPED : SBI_HSM_STATE_STARTED;
		vcpus[i].sstc = isa_has(&vm.arch.isa, EXT_SSTC);
		vpmu_reset(&vcpus[i]);
	}
}

/* Numbers that calls take, or nearly. */
static u64 argument(void)
{
	switch (input_below(8)) {
	case 0: return input_below(32);
	case 1: return ~0UL - input_below(4);
	case 2: return RAM_BASE + input_bytes(2) * 16;
	case 3: return RAM_BASE + RAM_SIZE - input_below(5000);
	case 4: return RAM_BASE + input_below(4) * 4096;
	case 5: return input_bytes(8);
	case 6: return input_bytes(4);
	default: return 0;
	}
}

static u64 extension(void)
{
	static const u64 ids[] = {SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,  SBI_EXT_RFENCE,
				  SBI_EXT_HSM,	SBI_EXT_SRST, SBI_EXT_DBCN, SBI_EXT_PMU,
				  SBI_EXT_PMU,	SBI_EXT_SUSP, SBI_EXT_STA,  SBI_EXT_FWFT};
	u64 i = input_below(ARRAY_SIZE(ids) + 1);

	return i < ARRAY_SIZE(ids) ? ids[i] : input_bytes(4);
}

static bool answered_inside(struct vcpu *v)
{
	bool done;

	irq_off();
	done = guest_early_answer(&v->arch) != NULL || sbi_call_watched(v);
	irq_on();
	return done;
}

static void one_call(struct vcpu *v)
{
	u64 *x = v->arch.x, eid = extension();

	x[17] = eid;
	x[16] = input_below(12);
	for (unsigned int i = 10; i < 16; i++)
		x[i] = argument();
	if (v->run.mode != OUTSIDE_GUEST && answered_inside(v))
		return;
	v->run.mode = OUTSIDE_GUEST;
	sbi_call(v);
}

/* As guest_run_loop(), up to the entry. */
static void enter(struct vcpu *v)
{
	while (v->run.requests && vm_running(&vm) && v->hsm != SBI_HSM_STATE_STOPPED)
		(void)v->run.ops->work(&v->run);
	if (v->hsm != SBI_HSM_STATE_STARTED || !vm_running(&vm))
		return;
	irq_off();
	v->run.mode = IN_GUEST + now;
	v->run.ops->prepare(&v->run);
	irq_on();
}

static void step_of(struct vcpu *v)
{
	switch (input_below(6)) {
	case 0: enter(v); break;
	case 1:
		v->run.mode = OUTSIDE_GUEST;
		(void)vpmu_read_csr(v, (u32)input_bytes(4) | OPCODE_SYSTEM);
		break;
	case 2:
		v->steal += input_below(100);
		v->run.mode = OUTSIDE_GUEST;
		vsteal_leave(v);
		vsteal_return(v);
		break;
	case 3: ram[input_bytes(2) % RAM_SIZE] = (u8)input_bytes(1); break;
	default: one_call(v); break;
	}
}

static void vm_step(void)
{
	struct vcpu *v;

	now = (unsigned int)input_below(VCPUS);
	v = &vcpus[now];
	if (v->hsm == SBI_HSM_STATE_START_PENDING)
		enter(v);
	else if (v->hsm == SBI_HSM_STATE_STARTED)
		step_of(v);
	for (u32 i = 0; i < VCPUS; i++)
		check_vcpu(&vcpus[i]);
	if (!vm_running(&vm))
		boot_vm();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (arch_irqs_off())
		irq_on();
	ram = calloc(1, RAM_SIZE);
	input_begin(data, size);
	boot_vm();
	while (input_left)
		vm_step();
	free(ram);
	return 0;
}
