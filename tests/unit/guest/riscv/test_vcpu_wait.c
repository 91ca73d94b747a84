/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a vCPU waits, in its own thread: what ends a suspend or a WFI, and what does not. The hart's registers and fences are the test's, and so is what happens during a wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/hfence.h"

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear
#define csr_read(name)	      csr_of_##name
#define csr_write(name, val)  ((void)(val))
#define csr_set(name, val)    ((void)(val))
#define csr_clear(name, val)  ((void)(val))
#define hfence_vvma_all()     ((void)0)
#define hfence_gvma_all()     ((void)0)
#define hfence_gvma_vmid(vid) ((void)(vid))
#define fence_i()	      ((void)0)

/* What is read, where the vCPU is called v. */
#define csr_of_vsip	 (v->arch.hvip >> 1 | (v->arch.hvip & LCOFIP))
#define csr_of_vsie	 (v->arch.vs.vsie)
#define csr_of_vstimecmp (v->arch.vs.vstimecmp)
#define csr_of_vsatp	 0UL

#include "guest/riscv/vcpu_hart.c"
#include "guest/riscv/vcpu_request.c"
#include "guest/riscv/vcpu_wait.c"
#include "guest/riscv/vcpu.c"

/* arch/host/host.h has another struct arch_vcpu. */
void host_clock_set(u64 now);

static struct vm vm;
static struct vmid_seen seen[1];
static struct vcpu v;

/* ---- the layers around ---------------------------------------------------------------------------- */

DEFINE_PER_HART(struct arch_vcpu *, vcpu_loaded);

/* What happens, one a look, while the thread waits. */
static void (*happens[4])(void);
static unsigned int happened;

static bool more_happens(void)
{
	if (happened == ARRAY_SIZE(happens) || !happens[happened])
		return false;
	happens[happened++]();
	return true;
}

void bill_returned(void)
{
}

enum err thread_wait(bool (*cond)(void *arg), void *arg, u64 deadline)
{
	while (!cond(arg)) {
		if (more_happens())
			continue;
		assert_true(deadline != TIMER_NEVER);
		host_clock_set(deadline);
		return ERR_TIMEOUT;
	}
	return OK;
}

/* The vCPU's registers stay in the hart while it waits. */
static bool keeps;

enum err thread_wait_here(bool (*cond)(void *arg), u64 (*when)(void *arg, bool keeps), void *arg)
{
	while (!cond(arg)) {
		irq_off();
		(void)when(arg, keeps);
		irq_on();
		assert_true(more_happens());
	}
	return OK;
}

struct thread *thread_current(void)
{
	return NULL;
}

struct thread *thread_create_at(const char *name, unsigned int hart,
				const struct thread_place *place, void (*fn)(void *), void *arg)
{
	(void)name, (void)hart, (void)place, (void)fn, (void)arg;
	return NULL;
}

#define NOTHING(call, ...)   \
	void call            \
	{                    \
		__VA_ARGS__; \
	}

NOTHING(thread_reschedule(void))
NOTHING(thread_wake(struct thread *t), (void)t)
NOTHING(runqueue_nudge_others(void))
NOTHING(timer_init(struct timer *t, void (*fn)(struct timer *t)), (void)t, (void)fn)
NOTHING(timer_arm(struct timer *t, u64 deadline), (void)t, (void)deadline)
NOTHING(timer_disarm(struct timer *t), (void)t)
NOTHING(vcpu_handle_exit(struct guest_run *run), (void)run)
NOTHING(vcpu_open_spaces(struct arch_vcpu *a), (void)a)
NOTHING(vcpu_reset(struct arch_vcpu *a, u64 pc, u64 a0, u64 a1), (void)a, (void)pc, (void)a0,
	(void)a1)
NOTHING(vm_vcpu_ended(struct vm *m), (void)m)
NOTHING(vm_vcpu_parked(struct vm *m), (void)m)
NOTHING(vmid_hart_forget(struct vmid_hart *h), (void)h)
NOTHING(vpmu_reset(struct vcpu *x), (void)x)
NOTHING(vsteal_leave(struct vcpu *x), (void)x)
NOTHING(vsteal_return(struct vcpu *x), (void)x)
NOTHING(vsteal_stop(struct vcpu *x), (void)x)
NOTHING(vcpu_set_vgein(struct arch_vcpu *a, u32 n), (void)a, (void)n)
NOTHING(vcpu_imsic_reset(struct vcpu *x), (void)x)
NOTHING(vcpu_vsfile_leave(struct vcpu *x), (void)x)
NOTHING(vfence_init(struct vfence_queue *q), (void)q)
NOTHING(vfence_drain(struct vfence_queue *q), (void)q)

struct vcpu_features vcpu_features;

bool virqchip_ext(struct vcpu *x)
{
	return x->ext_level;
}

bool vm_place_allows(const struct vm *m, unsigned int hart)
{
	(void)m, (void)hart;
	return true;
}

/* Its interrupt file stays behind when the thread comes to another hart, until it is looked at. */
static bool moves, behind;

void thread_yield(void)
{
	if (!moves)
		return;
	moves = false;
	behind = true;
	vcpu_put(&v.arch);
	v.vmid.hart = 0;
}

bool vcpu_vsfile_arrive(struct vcpu *x)
{
	if (behind)
		guest_request(&x->run, REQ_FILE);
	return !behind;
}

void vcpu_vsfile_look(struct vcpu *x, bool was_behind)
{
	(void)x;
	if (was_behind)
		behind = false;
}

void vcpu_vsfile_watch(struct vcpu *x)
{
	x->vsfile.watched = true;
}

void vcpu_vsfile_unwatch(struct vcpu *x)
{
	x->vsfile.watched = false;
}

void vcpu_load(struct arch_vcpu *a)
{
	this_hart(vcpu_loaded) = a;
	a->loaded_on = arch_hart_index();
}

void vcpu_put(struct arch_vcpu *a)
{
	if (this_hart(vcpu_loaded) == a)
		this_hart(vcpu_loaded) = NULL;
}

/* A counter that has overflowed is found when it is looked for. */
static bool overflowed;

void vcpu_look_at_counts(struct arch_vcpu *a)
{
	if (overflowed)
		a->hvip |= LCOFIP;
	overflowed = false;
}

u64 ext_henvcfg_start(const struct isa_set *guest)
{
	(void)guest;
	return 0;
}

u64 gstage_hgatp(enum gstage_mode mode, u32 vmid, hpa_t root)
{
	(void)mode, (void)vmid, (void)root;
	return 0;
}

unsigned int vmid_check(struct vmid_space *s, struct vmid_hart *h, unsigned int hart,
			struct vmid_vm *m, struct vmid_vcpu *vcpu, u32 *vmid)
{
	(void)s, (void)h;
	m->seen[hart].vcpu = vcpu->index + 1;
	vcpu->hart = hart + 1;
	*vmid = 1;
	return 0;
}

bool gfence_catch_up(struct vmid_vm *m, u64 from, u64 to, u32 vmid)
{
	(void)m, (void)from, (void)to, (void)vmid;
	return true;
}

unsigned int vm_place_vcpu(struct vm *m, u32 i, unsigned int from, struct thread_place *place)
{
	(void)m, (void)i, (void)place;
	return from;
}

/* ---- what happens --------------------------------------------------------------------------------- */

static void late_start(void)
{
	guest_request(&v.run, REQ_STOP);
}

static void interrupt(void)
{
	v.arch.vs.vsie = SIP_STIP;
	guest_request(&v.run, REQ_TIMER);
}

static void leaves_hart(void)
{
	vcpu_put(&v.arch);
}

static void end(void)
{
	vm.state = VM_OFF;
	guest_request(&v.run, REQ_STOP);
}

static int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	memset(&v, 0, sizeof(v));
	memset(happens, 0, sizeof(happens));
	happened = 0;
	keeps = moves = behind = false;
	vm.state = VM_RUNNING;
	v.vm = &vm;
	vm.arch.vmid.seen = seen;
	v.vm_id = &vm.arch.vmid;
	v.hsm = SBI_HSM_STATE_SUSPENDED;
	host_clock_set(1);
	sched_group_init(&vm.place.share, SCHED_WEIGHT, 0);
	vcpu_load(&v.arch);
	if (arch_irqs_off())
		irq_on();
	return 0;
}

/* ---- tests ---------------------------------------------------------------------------------------- */

/* That it was started may be said to a hart that runs since. */
static void a_late_word_of_a_start_ends_no_wait(void **state)
{
	(void)state;
	happens[0] = late_start;
	happens[1] = late_start;
	happens[2] = interrupt;
	vcpu_wait_interrupt(&v);
	assert_int_equal(happened, 3);
	assert_false(v.run.requests & REQ_STOP);
}

static void the_end_ends_a_wait(void **state)
{
	(void)state;
	happens[0] = late_start;
	happens[1] = end;
	vcpu_wait_interrupt(&v);
	assert_int_equal(happened, 2);
	/* For who looks before the next entry. */
	assert_true(v.run.requests & REQ_STOP);
}

/* Nothing says so: it is looked for before the wait, and found again when the vCPU is elsewhere. */
static void an_overflow_ends_a_wait(void **state)
{
	(void)state;
	v.arch.vs.vsie = LCOFIP;
	v.arch.counts.running = 1;
	overflowed = true;
	vcpu_wait_interrupt(&v);
	assert_int_equal(happened, 0);
	assert_false(overflowed);
	v.arch.counts.running = 0;
	leaves_hart();
	vcpu_wait_interrupt(&v);
	assert_int_equal(happened, 0);
	/* Its sie does not let it through. */
	v.arch.vs.vsie = 0;
	happens[0] = interrupt;
	vcpu_wait_interrupt(&v);
	assert_int_equal(happened, 1);
}

static void message(void)
{
	assert_true(v.vsfile.watched);
	assert_false(behind);
	interrupt();
}

/* Whether its registers stay in the hart or not: no hart's WFI ends for the file by itself. */
static void a_file_is_watched_in_a_wait(void **state)
{
	(void)state;
	v.vsfile.n = 1;
	for (int i = 0; i < 2; i++) {
		keeps = i;
		v.arch.vs.vsie = SIP_SEIP;
		v.arch.hvip = 0;
		happens[0] = message;
		happened = 0;
		vcpu_wait_interrupt(&v);
		assert_int_equal(happened, 1);
		assert_false(v.vsfile.watched);
	}
}

/* What ended the wait was nothing, and meanwhile the thread went elsewhere: a message to the file would
 * end no other wait until it has followed. */
static void a_file_that_is_behind_follows_before_a_wait(void **state)
{
	static u8 file;

	(void)state;
	v.imsic = (struct vimsic *)&file;
	v.vsfile.n = 1;
	v.arch.vs.vsie = SIP_SEIP;
	moves = true;
	happens[0] = late_start;
	happens[1] = message;
	vcpu_wait_interrupt(&v);
	assert_int_equal(happened, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_late_word_of_a_start_ends_no_wait, setup),
		cmocka_unit_test_setup(the_end_ends_a_wait, setup),
		cmocka_unit_test_setup(an_overflow_ends_a_wait, setup),
		cmocka_unit_test_setup(a_file_is_watched_in_a_wait, setup),
		cmocka_unit_test_setup(a_file_that_is_behind_follows_before_a_wait, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
