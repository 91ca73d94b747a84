/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's thread: its start and end, what it does before an entry, and the state of its hart.
 */
#include "arch/riscv/ext.h"
#include "arch/riscv/sbi.h"
#include "guest/riscv/vcpu_steps.h"
#include "guest/vm/vm.h"
#include "hyp/sched/bill.h"

/* NOLINTNEXTLINE(misc-redundant-expression): that they are the same is the point. */
_Static_assert(VCPU_NOT_LOADED == THREAD_LIVES_NOWHERE, "thread.h reads arch.loaded_on");

/* The hart state leaves what another vCPU or this one's own stop and suspend made of it. */
static void start_hart(struct vcpu *v)
{
	unsigned long flags;

	irq_off();
	vcpu_put(&v->arch);
	timer_disarm(&v->timer);
	/* What is executed now was written by another hart, the loader's or the guest's, and may
	 * have been something else when this one last fetched from there: vcpu_take_hart_slow() has
	 * a FENCE.I for who is new on a hart. Nor does a hart that starts know a translation. */
	v->vmid.hart = 0;
	irq_on();
	/* Order: what was asked of the vCPU before is forgotten, before it is reset; what comes later
	 * sets its bit again. Pairs with: vcpu_request() [T2] */
	__atomic_fetch_and(&v->run.requests, ~(REQ_IPI | REQ_TIMER), __ATOMIC_ACQ_REL);
	v->arch.henvcfg = ext_henvcfg_start(&v->vm->arch.isa);
	v->fwft_locked = 0;
	vsteal_stop(v);
	vpmu_reset(v);
	flags = spin_lock_irqsave(&v->vm->lock);
	vcpu_reset(&v->arch, v->start_pc, v->id, v->start_opaque);
	WRITE_ONCE(v->hsm, SBI_HSM_STATE_STARTED);
	spin_unlock_irqrestore(&v->vm->lock, flags);
	/* Order: the reset, before the request to look at the line again, which this thread itself
	 * takes. Pairs with: vcpu_take_requests_irqoff() [T3] */
	__atomic_fetch_or(&v->run.requests, REQ_EXT, __ATOMIC_RELEASE);
}

static bool start_pending_or_over(void *arg)
{
	struct vcpu *v = arg;

	return READ_ONCE(v->hsm) == SBI_HSM_STATE_START_PENDING || !vm_running(v->vm) ||
	       (READ_ONCE(v->run.requests) & REQ_PAUSE);
}

/* Waits for what no interrupt of the guest's own brings about: they are nobody's then, and must not
 * end the hart's idle wait. */
static void wait_without_hart(struct vcpu *v, bool (*cond)(void *arg), u64 deadline)
{
	irq_off();
	vcpu_put(&v->arch);
	irq_on();
	(void)thread_wait(cond, v, deadline);
}

/* The vCPU is stopped, or its VM is paused or has ended. False: it has ended. */
static __attribute__((noinline)) bool become_started(struct vcpu *v)
{
	while (vm_running(v->vm)) {
		if (READ_ONCE(v->run.requests) & REQ_PAUSE)
			vcpu_park(v);
		else if (READ_ONCE(v->hsm) == SBI_HSM_STATE_STARTED)
			return true;
		else if (READ_ONCE(v->hsm) == SBI_HSM_STATE_START_PENDING)
			start_hart(v);
		else
			wait_without_hart(v, start_pending_or_over, TIMER_NEVER);
	}
	return false;
}

static bool over_or_paused(void *arg)
{
	struct vcpu *v = arg;

	return !vm_running(v->vm) || (READ_ONCE(v->run.requests) & REQ_PAUSE);
}

/* A VM was made to which this hart is dedicated: whoever wakes may go elsewhere, and does once the hart
 * is another's meanwhile. */
static void leave_hart(struct vcpu *v)
{
	wait_without_hart(v, over_or_paused, arch_clock() + arch_clock_hz() / 1000);
}

static bool is_started(const struct vcpu *v)
{
	return vm_running(v->vm) && !(READ_ONCE(v->run.requests) & REQ_PAUSE) &&
	       READ_ONCE(v->hsm) == SBI_HSM_STATE_STARTED;
}

static __attribute__((noinline)) void let_others_run(struct vcpu *v)
{
	vsteal_leave(v);
	thread_reschedule();
	if (unlikely(!vm_place_allows(v->vm, arch_hart_index())))
		leave_hart(v);
	vsteal_return(v);
	irq_off();
	vcpu_take_hart(v);
	bill_returned();
	irq_on();
}

/* Whoever changes a hart state, or ends the VM, makes a request, so that this is called. */
static bool vcpu_work(struct guest_run *run)
{
	struct vcpu *v = vcpu_of_run(run);

	/* Before what it stands for is looked at, so that none is lost. */
	guest_request_take(run, REQ_STOP);
	if (unlikely(!is_started(v)) && !become_started(v))
		return false;
	if (entry_work_take(~0UL))
		let_others_run(v);
	else
		vsteal_return(v);
	if (READ_ONCE(run->requests))
		vcpu_take_requests(v);
	return true;
}

/* The last thing before an entry. What this hart's first-stage translations of the VM are must be
 * this vCPU's own, and its registers too (E14, E15). */
static bool vcpu_prepare(struct guest_run *run)
{
	struct vcpu *v = vcpu_of_run(run);
	bool ready = vcpu_take_hart(v);

	DCHECK(vcpu_is_here(v) && run->mode == IN_GUEST + arch_hart_index());
	return ready;
}

static const struct guest_run_ops vcpu_ops = {
	.work = vcpu_work,
	.prepare = vcpu_prepare,
	.handle_exit = vcpu_handle_exit,
};

static void timer_fired(struct timer *t)
{
	struct vcpu *v = container_of(t, struct vcpu, timer);

	vcpu_request(v, REQ_TIMER);
}

void vcpu_init(struct vcpu *v, struct vm *vm, u32 id)
{
	v->vm = vm;
	v->vm_id = &vm->arch.vmid;
	v->id = id;
	v->vmid.index = id;
	v->hsm = SBI_HSM_STATE_STOPPED;
	v->arch.loaded_on = VCPU_NOT_LOADED;
	v->arch.watched = true;
	vfence_init(&v->fences);
	v->run.arch = &v->arch;
	v->run.ops = &vcpu_ops;
	timer_init(&v->timer, timer_fired);
	timer_set_lanes(&v->timer, vm->place.share.lanes);
}

static void vcpu_thread(void *arg)
{
	struct vcpu *v = arg;

	/* By the thread itself: from here on it can be waited for, and it looks at requests and hart
	 * state only later, so that who made one before needed not wake it.
	 * Pairs with: vcpu_request() [T1] */
	rcu_assign_pointer(v->thread, thread_current());
	v->run.entries = 0;
	guest_run_loop(&v->run);
	vcpu_vsfile_leave(v);
	irq_off();
	timer_disarm(&v->timer);
	vcpu_put(&v->arch);
	irq_on();
	(void)vtime_task_read(&thread_current()->time, v->ticks, &v->steal);
	rcu_assign_pointer(v->thread, NULL);
	/* After it the thread's end still writes what it has had to vm->place.share. Until then this
	 * hart is in no quiescent state. */
	vm_vcpu_ended(v->vm);
}

enum err vcpu_start_thread(struct vcpu *v, unsigned int hart)
{
	struct thread_place place;

	hart = vm_place_vcpu(v->vm, v->id, hart, &place);
	place.lives_in = &v->arch.loaded_on;
	return thread_create_at("vcpu", hart, &place, vcpu_thread, v) ? OK : ERR_NOMEM;
}

u64 vcpu_steal_ticks(struct vcpu *v)
{
	struct thread *t;
	u64 steal;

	rcu_read_lock();
	t = rcu_dereference(v->thread);
	steal = t ? thread_steal(t) : READ_ONCE(v->steal);
	rcu_read_unlock();
	return steal;
}

bool vcpu_break(struct vcpu *v)
{
	if (entry_work_take(~0UL))
		let_others_run(v);
	if (unlikely(READ_ONCE(v->run.requests) & REQ_PAUSE))
		vcpu_park(v);
	return vm_running(v->vm);
}

void vcpu_resume(struct vcpu *v, u64 pc, u64 opaque)
{
	struct arch_vcpu *a = &v->arch;
	u64 hvip, vsie, vstimecmp;

	irq_off();
	vcpu_put(a);
	hvip = a->hvip;
	vsie = a->vs.vsie;
	vstimecmp = a->vs.vstimecmp;
	vcpu_reset(a, pc, v->id, opaque);
	a->hvip = hvip;
	a->vs.vsie = vsie;
	a->vs.vstimecmp = vstimecmp;
	irq_on();
}

void vcpu_set_timer(struct vcpu *v, u64 t)
{
	irq_off();
	vcpu_take_hart(v);
	if (v->sstc) {
		/* The hart's register and the saved copy together, or a switch of vCPUs would put
		 * the old deadline back. Unordered vstimecmp: nobody else's. */
		v->arch.vs.vstimecmp = t;
		csr_write(vstimecmp, t);
	} else {
		vcpu_clear_hvip(&v->arch, HVIP_VSTIP);
		timer_arm(&v->timer, vclock_to_host(v->arch.htimedelta, t));
		/* Order: the timer is armed for the new deadline, before the old one's request is
		 * forgotten; both happen on this hart alone. Pairs with: vcpu_request() [T2] */
		__atomic_fetch_and(&v->run.requests, ~REQ_TIMER, __ATOMIC_ACQ_REL);
	}
	irq_on();
}
