/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of a vCPU: how others ask, and how its own thread does it.
 */
#include "arch/riscv/hfence.h"
#include "guest/riscv/vcpu_steps.h"
#include "guest/vm/vm.h"

void vcpu_look_at_ext(struct vcpu *v)
{
	bool pending = virqchip_ext(v);

	if (pending)
		trace_point(TRACE_INJECT, SCAUSE_IRQ | IRQ_VS_EXT, (u64)(uintptr_t)&v->arch);
	vcpu_set_ext(&v->arch, pending);
}

/* A request is cleared before its fence is done: the vCPU cannot enter its guest in between, and
 * guest_request_sync() waits for the run to be over, not for the fence. */
void vcpu_take_requests_irqoff(struct vcpu *v)
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

void vcpu_take_requests(struct vcpu *v)
{
	vcpu_look_at_file(v);
	irq_off();
	vcpu_take_requests_irqoff(v);
	irq_on();
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
