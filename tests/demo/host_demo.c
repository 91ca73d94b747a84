/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `make demo` on the host layer: the scenario of tests/guests/demo.c, part by part, under the same
 * entry/ and rcu/, with a guest that is a script. Hart 1 runs the guest; hart 0 is the timer that
 * ends the idle wait, and the updater that waits for the grace period. Prints the trace.
 */
#include <stdlib.h>
#include <unistd.h>

#include "arch/host/host.h"
#include "entry/entry.h"
#include "entry/idle.h"
#include "entry/run.h"
#include "hyp/console/tracedump.h"
#include "lib/check.h"

/* Why the script leaves its guest. tools/demo knows these. */
enum reason {
	REASON_CALL = 1,
	REASON_FAULT,
	REASON_WAIT,
};

#define REQ_TIMER BIT(0)
#define REQ_STOP  BIT(1)

#define EXT_MARK 0x08000000
#define EXT_DBCN 0x4442434e
#define EXT_TIME 0x54494d45
#define DEVICE	 0x0c000004 /* where a register of a device would be */
#define STORE	 256
#define DELAY	 20000 /* ticks of a timer */

static struct guest_run run;
static struct arch_vcpu vcpu;
static struct trace_rec rings[2][TRACE_RING];

/* Of the guest and its hart alone. */
static struct {
	unsigned int line;	/* of the script */
	u64 eid, fid, gpa, how; /* what it asks for, by its reason */
	bool timer_pending;	/* its virtual interrupt */
	u64 deadline;
} guest;

static u32 waits;	/* atomic: it has come to the part about the idle wait */
static u32 stays;	/* atomic: it is in its guest and stays there */
static u32 period_over; /* atomic: the grace period has passed */

static bool leave(enum reason reason)
{
	vcpu.reason = reason;
	guest.line++;
	return false;
}

static bool call(u64 eid, u64 fid)
{
	guest.eid = eid;
	guest.fid = fid;
	return leave(REASON_CALL);
}

static bool touch(u64 how)
{
	guest.gpa = DEVICE;
	guest.how = how;
	return leave(REASON_FAULT);
}

/* Finished without leaving the run. */
static bool early_answer(void)
{
	guest.line++;
	return true;
}

/* Computes until its timer interrupt is pending, which ends the run. */
static bool spin(void)
{
	if (guest.timer_pending) {
		guest.line++;
		return true;
	}
	host_clock_advance(DELAY / 4);
	if (arch_clock() >= guest.deadline)
		host_irq_raise(arch_hart_index(), HOST_IRQ_TICK);
	return true;
}

static bool wait_for_timer(void)
{
	if (guest.timer_pending) {
		guest.line++;
		return true;
	}
	vcpu.reason = REASON_WAIT;
	arch_store_release(&waits, 1);
	return false;
}

static bool stay(void)
{
	arch_store_release(&stays, 1);
	if (arch_load_acquire(&period_over))
		guest.line++;
	else
		arch_relax();
	return true;
}

/* The script; each step() is a little of its current line. */
static bool step_of_guest(struct arch_vcpu *v)
{
	(void)v;
	host_clock_advance(5);
	switch (guest.line) {
	case 0: return call(EXT_MARK, 0); /* enter */
	case 1: return call(EXT_MARK, 1); /* tick */
	case 2: return call(EXT_TIME, 0);
	case 3: return spin();
	case 4: return call(EXT_MARK, 2); /* call */
	case 5: return early_answer();
	case 6: return call(EXT_DBCN, 0);
	case 7: return call(EXT_MARK, 3); /* fault */
	case 8: return touch(4);
	case 9: return touch(4 | STORE);
	case 10: return call(EXT_MARK, 4); /* idle */
	case 11: return call(EXT_TIME, 0);
	case 12: return wait_for_timer();
	case 13: return call(EXT_MARK, 5); /* grace period */
	case 14: return stay();
	default: return call(EXT_MARK, 6);
	}
}

static bool do_work(struct guest_run *r)
{
	if (guest_request_take(r, REQ_TIMER)) {
		guest.timer_pending = true;
		trace_point(TRACE_INJECT, 0, (u64)(uintptr_t)&vcpu);
	}
	return !guest_request_take(r, REQ_STOP);
}

static bool do_prepare(struct guest_run *r)
{
	(void)r;
	return true;
}

static void handle_call(struct guest_run *r)
{
	trace_point(TRACE_CALL, guest.eid, guest.fid);
	if (guest.eid == EXT_TIME) {
		guest.timer_pending = false;
		guest.deadline = arch_clock() + DELAY;
	} else if (guest.eid == EXT_MARK && guest.fid == 6) {
		guest_request(r, REQ_STOP);
	}
}

/* The vCPU has nothing to do until a request comes. */
static void handle_wait(struct guest_run *r)
{
	irq_off();
	while (!READ_ONCE(r->requests))
		idle_wait_irqoff();
	irq_on();
}

static void do_exit(struct guest_run *r)
{
	host_clock_advance(5);
	if (vcpu.interrupted)
		return;
	if (vcpu.reason == REASON_CALL)
		handle_call(r);
	else if (vcpu.reason == REASON_FAULT)
		trace_point(TRACE_MMIO, guest.gpa, guest.how);
	else
		handle_wait(r);
}

static const struct guest_run_ops ops = {do_work, do_prepare, do_exit};

/* As every architecture's way into an interrupt handler. */
static void take_irq(u32 bits)
{
	u64 irq = (u64)__builtin_ctz(bits);
	bool was_quiet = context_irq_enter();
	enum vtime_kind kind = vtime_switch(VTIME_IRQ);
	bool believed = lockdep_irq_enter();

	trace_point(TRACE_IRQ_ENTER, irq, 0);
	if (bits & HOST_IRQ_TICK)
		guest_request(&run, REQ_TIMER);
	trace_point(TRACE_IRQ_EXIT, irq, 0);
	lockdep_irq_exit(believed);
	vtime_switch(kind);
	context_irq_exit(was_quiet);
}

static void check_time(void)
{
	u64 ticks[VTIME_KINDS], sum = 0, elapsed = vtime_read(ticks);

	for (int k = 0; k < VTIME_KINDS; k++)
		sum += ticks[k];
	CHECK(sum == elapsed);
}

/* Hart 1. */
static void vcpu_hart(void)
{
	irq_on();
	guest_run_loop(&run);
	check_time();
	tracedump_all();
	irq_off();
}

/* Hart 0: each time it waits until hart 1 is where it should be. */
static void other_hart(void)
{
	while (!arch_load_acquire(&waits) ||
	       READ_ONCE(per_hart(context_hart, 1).state) != CONTEXT_IDLE)
		arch_relax();
	host_clock_advance(DELAY);
	host_irq_raise(1, HOST_IRQ_TICK);
	while (!arch_load_acquire(&stays))
		arch_relax();
	irq_on();
	host_clock_advance(DELAY);
	synchronize_rcu();
	host_clock_advance(DELAY);
	irq_off();
	arch_store_release(&period_over, 1);
}

static void hart_main(unsigned int hart)
{
	trace_hart_init(rings[hart]);
	rcu_hart_init();
	vtime_hart_init();
	if (hart == 1)
		vcpu_hart();
	else
		other_hart();
	context_enter_irqoff(CONTEXT_IDLE);
}

int main(void)
{
	alarm(60);
	vcpu.step = step_of_guest;
	run.arch = &vcpu;
	run.ops = &ops;
	host_irq_set_handler(take_irq);
	trace_set(TRACE_ALL);
	host_harts_run(2, hart_main);
	return 0;
}
