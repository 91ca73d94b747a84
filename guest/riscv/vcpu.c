/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's thread: what it does before an entry, and how it waits.
 */
#include "guest/riscv/vcpu.h"

#include "arch/riscv/ext.h"
#include "arch/riscv/hfence.h"
#include "arch/riscv/sbi.h"
#include "guest/riscv/gfence.h"
#include "guest/riscv/vcpu_imsic.h"
#include "guest/vm/vm.h"
#include "hyp/sched/bill.h"
#include "hyp/sched/runqueue.h"

/* NOLINTNEXTLINE(misc-redundant-expression): that they are the same is the point. */
_Static_assert(VCPU_NOT_LOADED == THREAD_LIVES_NOWHERE, "thread.h reads arch.loaded_on");

struct vmid_space vmid_space;
static DEFINE_PER_HART(struct vmid_hart, vmid_hart);

/* A counter's overflow is looked for: its interrupt may be on the way yet, and once the vCPU waits nobody
 * would wake it. Unordered vsip: what comes to it later ends the hart's wait, and this is looked at again. */
static bool loaded_pending(struct vcpu *v)
{
	if (unlikely(v->arch.counts.running))
		vcpu_look_at_counts(&v->arch);
	return csr_read(vsip) & csr_read(vsie);
}

/* Interrupts of the guest that are pending and enabled in its sie. v is loaded or not. Interrupts
 * off. */
static bool interrupt_pending(struct vcpu *v)
{
	u64 pending;

	if (this_hart(vcpu_loaded) == &v->arch)
		return loaded_pending(v);
	pending = v->arch.hvip >> 1 | (v->arch.hvip & LCOFIP);
	if (v->sstc && arch_clock() + v->arch.htimedelta >= v->arch.vs.vstimecmp)
		pending |= SIP_STIP;
	return pending & v->arch.vs.vsie;
}

void vcpu_look_at_ext(struct vcpu *v)
{
	bool pending = virqchip_ext(v);

	if (pending)
		trace_point(TRACE_INJECT, SCAUSE_IRQ | IRQ_VS_EXT, (u64)(uintptr_t)&v->arch);
	vcpu_set_ext(&v->arch, pending);
}

/* All that is asked of a vCPU that is in its hart. A request is cleared before its fence is done: the vCPU
 * cannot enter its guest in between, and who waits in guest_request_sync() waits for the run to be over, not
 * for the fence. Interrupts off. */
static void take_requests_irqoff(struct vcpu *v)
{
	unsigned long taken;

	vcpu_take_hart(v);
	taken = guest_request_take(&v->run, REQ_IPI | REQ_TIMER | REQ_EXT | REQ_FENCEI | REQ_VVMA);
	if (taken & REQ_IPI)
		vcpu_inject_interrupt(v, HVIP_VSSIP);
	if (taken & REQ_TIMER)
		vcpu_inject_interrupt(v, HVIP_VSTIP);
	/* Order: the request is gone, before the line's level is read, by the acquire of
	 * guest_request_take(). Pairs with: start_hart() [T3] */
	if (taken & REQ_EXT)
		vcpu_look_at_ext(v);
	if (taken & REQ_FENCEI)
		fence_i();
	if (taken & REQ_VVMA)
		vfence_drain(&v->fences);
}

static void look_at_file(struct vcpu *v)
{
	if (v->imsic && READ_ONCE(v->run.requests) & (REQ_FILE | REQ_EXT))
		vcpu_vsfile_look(v, guest_request_take(&v->run, REQ_FILE));
}

static void take_requests(struct vcpu *v)
{
	look_at_file(v);
	irq_off();
	take_requests_irqoff(v);
	irq_on();
}

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
	 * takes. Pairs with: take_requests_irqoff() [T3] */
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

struct park {
	struct vcpu *v;
	u32 pause; /* vm->pause, for which it has been told that this vCPU is parked */
};

static bool goes_on(void *arg)
{
	const struct park *p = arg;

	return READ_ONCE(p->v->vm->pause) != p->pause || !vm_running(p->v->vm);
}

/* The VM's clock has stood still since vm_pause(), and so has this vCPU's timer, which is the host's
 * and not the guest's: what is left of its time is left. */
static void take_clock(struct vcpu *v, u64 timer_left)
{
	irq_off();
	v->arch.htimedelta = vclock_delta(&v->vm->clock);
	timer_arm(&v->timer, vclock_to_host(v->arch.htimedelta, timer_left));
	irq_on();
}

/*
 * Waits, with all of its state in memory, for as long as the VM is paused. A request of any kind stays
 * as it is until then. Nothing here tells whether the VM has ended.
 */
static __attribute__((noinline)) void park(struct vcpu *v)
{
	struct park p = {.v = v};
	u64 timer_left = VCLOCK_NEVER;

	guest_request_take(&v->run, REQ_PAUSE);
	irq_off();
	vcpu_put(&v->arch);
	if (timer_armed(&v->timer))
		timer_left = v->timer.deadline + v->arch.htimedelta;
	timer_disarm(&v->timer);
	irq_on();
	for (;;) {
		/* Order: the VM's clock goes on, before this vCPU takes it.
		 * Pairs with: ask_all() [V3] */
		p.pause = arch_load_acquire(&v->vm->pause);
		if (!vm_pauses(p.pause) || !vm_running(v->vm))
			break;
		vm_vcpu_parked(v->vm);
		(void)thread_wait(goes_on, &p, TIMER_NEVER);
	}
	take_clock(v, timer_left);
}

/* The vCPU is stopped, or its VM is paused or has ended. False: it has ended. */
static __attribute__((noinline)) bool become_started(struct vcpu *v)
{
	while (vm_running(v->vm)) {
		if (READ_ONCE(v->run.requests) & REQ_PAUSE)
			park(v);
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
		take_requests(v);
	return true;
}

/* hgatp names the VMID and the tables from now on. What the VMID knew is forgotten before, since that may
 * lead to tables that are another's by now, and after, for walks since that were not ordered.
 * Unordered hgatp: vcpu_load() has said where; and walks are ordered by the fences. */
static void change_hgatp(u64 hgatp, u32 vmid, bool all)
{
	csr_write(hgatp, 0);
	if (all)
		hfence_gvma_all();
	else
		hfence_gvma_vmid(vmid);
	csr_write(hgatp, hgatp);
	hfence_gvma_vmid(vmid);
}

/* The order is that of arch/riscv/vmid.h: no walk by speculation finds a VMID with another VM's
 * tables behind it, or refills what was just fenced. Unordered hgatp, vsatp: as above. */
static void fence_entry(struct vcpu *v)
{
	const struct vmid_seen *seen = &v->vm->arch.vmid.seen[arch_hart_index()];
	u64 from = seen->seq, hgatp;
	u32 vmid;
	unsigned int fences = vmid_check(&vmid_space, &this_hart(vmid_hart), arch_hart_index(),
					 &v->vm->arch.vmid, &v->vmid, &vmid);

	DCHECK(csr_read(vsatp) == 0);
	hgatp = gstage_hgatp(v->vm->arch.gstage.mode, vmid, v->vm->arch.gstage.pt.root);
	/* Alone it means that this VMID's tables have changed, and nothing else; and pages alone leave
	 * what leads to them as it was. */
	if ((fences & VMID_FENCE_G_VMID) &&
	    (fences != VMID_FENCE_G_VMID ||
	     !gfence_catch_up(&v->vm->arch.vmid, from, seen->seq, vmid)))
		change_hgatp(hgatp, vmid, fences & VMID_FENCE_G_ALL);
	else
		csr_write(hgatp, hgatp);
	if (fences & VMID_FENCE_VV)
		hfence_vvma_all();
}

/* Is all as guest/riscv/vcpu_where.h says of one that is loaded here? Interrupts off. */
static bool is_here(const struct vcpu *v)
{
	const struct thread *t = READ_ONCE(v->thread);
	unsigned int here = arch_hart_index();

	return this_hart(vcpu_loaded) == &v->arch && v->arch.loaded_on == here &&
	       vmid_last_ran(&v->vm->arch.vmid, here, &v->vmid) && (!t || t->hart == here);
}

bool vcpu_take_hart_slow(struct vcpu *v)
{
	bool moved = v->vmid.hart != arch_hart_index() + 1;
	bool ready = !moved || vcpu_vsfile_arrive(v);
	bool others = this_hart(vcpu_loaded) && this_hart(vcpu_loaded) != &v->arch;

	if (!vmid_space.bits && this_hart(vcpu_loaded) != &v->arch)
		vmid_hart_forget(&this_hart(vmid_hart));
	vcpu_load(&v->arch);
	fence_entry(v);
	vcpu_open_spaces(&v->arch);
	/* Its own FENCE.I reached only the hart it was on. */
	if (moved)
		fence_i();
	/* The other vCPU's thread may go elsewhere from now on. */
	if (others)
		runqueue_nudge();
	v->seen_generation = this_hart(vmid_hart).generation;
	v->seen_seq = v->vm->arch.vmid.seen[arch_hart_index()].seq;
	DCHECK(is_here(v));
	return ready;
}

/* The last thing before an entry. What this hart's first-stage translations of the VM are must be
 * this vCPU's own, and its registers too (E14, E15). */
static bool vcpu_prepare(struct guest_run *run)
{
	struct vcpu *v = vcpu_of_run(run);
	bool ready = vcpu_take_hart(v);

	DCHECK(is_here(v) && run->mode == IN_GUEST + arch_hart_index());
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

void vcpu_request(struct vcpu *v, unsigned long bits)
{
	struct thread *t;

	guest_request(&v->run, bits);
	rcu_read_lock();
	/* Order: the request is set, before the thread is read, by the barrier in guest_kick(); the
	 * thread's side has the one in thread_wait(). Pairs with: vcpu_thread() [T1]
	 * What a request stands for is before its bit, by the release of guest_request().
	 * Pairs with: start_hart(), vcpu_set_timer() [T2] */
	t = rcu_dereference(v->thread);
	if (t)
		thread_wake(t);
	rcu_read_unlock();
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

static bool wake_reason(void *arg)
{
	struct vcpu *v = arg;

	return (READ_ONCE(v->run.requests) & REQ_WAKE) || interrupt_pending(v);
}

/*
 * When the guest's own timer ends the wait, in host ticks. Never, if its sie lets no timer interrupt
 * through, or a deadline that has passed would make a busy loop of the wait. Nor while the vCPU stays
 * in the hart: then vstimecmp ends the hart's WFI, which goes on for what is pending and enabled in
 * hie, whoever it is delegated to, and vsie is a view of hie (privileged specification 20240411,
 * "Wait for Interrupt", "Virtual Supervisor Interrupt Registers"). What its interrupt file has should do
 * so too, but QEMU 10.0 does not look at hstatus.VGEIN while V=0: the file is watched in any case.
 * Unordered vstimecmp: it is the guest's own. Interrupts off.
 */
static u64 wait_deadline(void *arg, bool keeps)
{
	struct vcpu *v = arg;
	bool loaded = this_hart(vcpu_loaded) == &v->arch;
	u64 cmp, sie;

	if (likely(loaded && keeps && !v->vsfile.n))
		return TIMER_NEVER;
	sie = loaded ? csr_read(vsie) : v->arch.vs.vsie;
	if (unlikely(v->vsfile.n) && (sie & SIP_SEIP))
		vcpu_vsfile_watch(v);
	if (loaded && keeps)
		return TIMER_NEVER;
	/* Without Sstc the vCPU's timer is armed and makes a request. */
	if (!v->sstc || !(sie & SIP_STIP))
		return TIMER_NEVER;
	cmp = loaded ? csr_read(vstimecmp) : v->arch.vs.vstimecmp;
	return vclock_to_host(v->arch.htimedelta, cmp);
}

/* A hart that waits is started, and only its VM's end stops it. A request that says no more than that it
 * was started came late: the hart had seen so itself. The end is left for vcpu_work() to see. */
static bool has_to_stop(struct vcpu *v)
{
	if (!guest_request_take(&v->run, REQ_STOP) || vm_running(v->vm))
		return false;
	guest_request(&v->run, REQ_STOP);
	return true;
}

/* Takes what was asked meanwhile. Is the wait over? */
static bool wait_is_over(struct vcpu *v)
{
	bool over;

	look_at_file(v);
	irq_off();
	take_requests_irqoff(v);
	over = interrupt_pending(v);
	irq_on();
	return over || has_to_stop(v);
}

/* On another hart nobody watches the file: it has to follow before its vCPU waits again. */
static void yield_and_look(struct vcpu *v)
{
	thread_yield();
	irq_off();
	vcpu_take_hart(v);
	irq_on();
}

static void stop_watching(struct vcpu *v)
{
	irq_off();
	vcpu_vsfile_unwatch(v);
	irq_on();
}

void vcpu_wait_interrupt(struct vcpu *v)
{
	for (;;) {
		(void)thread_wait_here(wake_reason, wait_deadline, v);
		if (unlikely(v->vsfile.watched))
			stop_watching(v);
		if (likely(!READ_ONCE(v->run.requests)))
			break;
		if (READ_ONCE(v->run.requests) & REQ_PAUSE)
			park(v);
		if (wait_is_over(v))
			break;
		/* A sibling that sends what sie does not let through must not keep us here. */
		yield_and_look(v);
	}
	vsteal_return(v);
}

void vcpu_yield(struct vcpu *v)
{
	thread_yield();
	vsteal_return(v);
}

bool vcpu_break(struct vcpu *v)
{
	if (entry_work_take(~0UL))
		let_others_run(v);
	if (unlikely(READ_ONCE(v->run.requests) & REQ_PAUSE))
		park(v);
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
