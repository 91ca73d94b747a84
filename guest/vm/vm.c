/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's life: start, pause, end, and the report of one that failed.
 *
 * Tags: [V1] what the vCPUs did, before all have ended. [V2] why the VM ended. [V3] a VM's clock, and its
 * vCPUs that take it. [V4] vCPUs' state in memory, before the VM counts as paused.
 */
#include "guest/vm/vm.h"

#include <stdarg.h>
#include <stdio.h>

#include "guest/vm/vm_seam.h"
#include "hyp/sched/runqueue.h"
#include "lib/log.h"

#define ASKED_AT_ONCE 4U

/* Each of the VM's vCPUs. One that has to be woken takes a while. */
static void request_all(struct vm *vm, unsigned long bits)
{
	for (u32 i = 0; i < vm->vcpus; i++) {
		vcpu_request(&vm->vcpu[i], bits);
		if (i % ASKED_AT_ONCE == ASKED_AT_ONCE - 1)
			thread_look();
	}
}

enum err vm_start(struct vm *vm, unsigned int first_hart, void (*ended)(struct vm *vm))
{
	vm->ended = ended;
	vm->manager = thread_current();
	vm->live = vm->vcpus;
	vm->place.share.released = 0;
	sched_group_start(&vm->place.share, arch_hart_count());
	vm->pause += vm->pause & 1; /* it may have ended while paused */
	vclock_start(&vm->clock, arch_clock());
	vfault_reset(&vm->faults);
	for (u32 i = 0; i < vm->vcpus; i++)
		vcpu_set_clock(&vm->vcpu[i], vclock_delta(&vm->clock));
	WRITE_ONCE(vm->state, VM_RUNNING);
	for (u32 i = 0; i < vm->vcpus; i++) {
		if (!vcpu_start_thread(&vm->vcpu[i], (first_hart + i) % arch_hart_count())) {
			thread_look();
			continue;
		}
		/* Those that run see the VM end; the others count as ended already. */
		vm_stop(vm, VM_FAILED);
		for (; i < vm->vcpus; i++)
			vm_vcpu_ended(vm);
		return ERR_NOMEM;
	}
	return OK;
}

void vm_vcpu_ended(struct vm *vm)
{
	/* Order: what this vCPU did, before the last one tells that all have ended.
	 * Pairs with: itself, in the other vCPUs' threads [V1]
	 * And why the VM ended, before that is told. Pairs with: vm_stop() [V2] */
	if (__atomic_sub_fetch(&vm->live, 1, __ATOMIC_ACQ_REL) == 0) {
		vclock_stop(&vm->clock, arch_clock());
		vm->ended(vm);
	}
}

void vm_stop(struct vm *vm, enum vm_state why)
{
	u32 running = VM_RUNNING;

	/* Order: what led to the end, before the state says so; who reads it there is ordered by the
	 * request that follows. Pairs with: vm_vcpu_ended() [V2] */
	if (!__atomic_compare_exchange_n(&vm->state, &running, why, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	runqueue_release(&vm->place.share);
	request_all(vm, REQ_STOP);
	thread_wake(vm->manager); /* if it waits in vm_pause() */
}

void vm_vcpu_parked(struct vm *vm)
{
	/* Order: this vCPU's state is in memory, before the manager sees that all are parked.
	 * Pairs with: all_parked() [V4] */
	if (__atomic_sub_fetch(&vm->unparked, 1, __ATOMIC_ACQ_REL) == 0)
		thread_wake(vm->manager);
}

/* Or the VM has ended: then not all of them park. */
static bool all_parked(void *arg)
{
	struct vm *vm = arg;

	/* Order: all are parked, before their state and the VM's clock are touched.
	 * Pairs with: vm_vcpu_parked() [V4] */
	return __atomic_load_n(&vm->unparked, __ATOMIC_ACQUIRE) == 0 || !vm_running(vm);
}

static void ask_all(struct vm *vm, u32 pause)
{
	/* Order: the clock goes on, and who is parked is counted anew, before the vCPUs see it.
	 * Pairs with: vcpu_park() [V3] */
	arch_store_release(&vm->pause, pause);
	request_all(vm, REQ_PAUSE);
}

enum err vm_pause(struct vm *vm)
{
	if (!vm_running(vm))
		return ERR_NOENT;
	if (vm_pauses(vm->pause))
		return ERR_EXIST;
	WRITE_ONCE(vm->unparked, vm->vcpus);
	runqueue_release(&vm->place.share);
	ask_all(vm, vm->pause + 1);
	(void)thread_wait(all_parked, vm, TIMER_NEVER);
	/* No vCPU is left that could end it now; one may have, and parked afterwards. */
	if (!vm_running(vm))
		return ERR_CANCELED;
	vclock_stop(&vm->clock, arch_clock());
	return OK;
}

enum err vm_resume(struct vm *vm)
{
	if (!vm_running(vm))
		return ERR_NOENT;
	if (!vm_pauses(vm->pause))
		return ERR_EXIST;
	vclock_start(&vm->clock, arch_clock());
	WRITE_ONCE(vm->place.share.released, 0);
	ask_all(vm, vm->pause + 1);
	return OK;
}

static unsigned long long in_ms(u64 ticks)
{
	return ticks * 1000 / arch_clock_hz();
}

void vm_get_times(const struct vm *vm, struct vm_times *t)
{
	*t = (struct vm_times){.elsewhere = READ_ONCE(vm->place.share.served) - vm->served_before};
	for (u32 i = 0; i < vm->vcpus; i++) {
		for (unsigned int k = 0; k < VTIME_KINDS; k++)
			t->ticks[k] += vm->vcpu[i].ticks[k];
		t->steal += vm->vcpu[i].steal;
		t->entries += vm->vcpu[i].run.entries;
	}
}

void vm_log_times(const char *name, const struct vm_times *t)
{
	log_info("VM %s: guest %llu ms, host %llu ms, interrupts %llu ms, idle %llu ms, "
		 "steal %llu ms, %llu entries, %llu ms elsewhere",
		 name, in_ms(t->ticks[VTIME_GUEST]), in_ms(t->ticks[VTIME_HOST]),
		 in_ms(t->ticks[VTIME_IRQ]), in_ms(t->ticks[VTIME_IDLE]), in_ms(t->steal),
		 (unsigned long long)t->entries, in_ms(t->elsewhere));
}

void vm_fail(struct vcpu *v, const char *fmt, ...)
{
	char why[160];
	va_list ap;
	bool first;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	thread_look();
	first = vm_running(v->vm) &&
		!__atomic_exchange_n(&v->vm->faults.reported, 1, __ATOMIC_RELAXED);
	vm_stop(v->vm, VM_FAILED);
	/* Of several vCPUs that fail at once one reports. Until its thread has ended, the VM has not. */
	if (first)
		vcpu_report(v, why);
}
