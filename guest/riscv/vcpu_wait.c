/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a vCPU waits: for an interrupt, and for the end of a pause of its VM.
 */
#include "guest/riscv/vcpu_steps.h"
#include "guest/vm/vm.h"

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

void vcpu_park(struct vcpu *v)
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

	vcpu_look_at_file(v);
	irq_off();
	vcpu_take_requests_irqoff(v);
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
			vcpu_park(v);
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
