/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threshold's own functions on a machine that is weaker than those it runs on (arch/host/weak): RCU,
 * its callbacks, and the kick. A fence that is gone, or on the wrong side of its store, a release that is
 * none, shows here as what it leads to: something is used after its end, or nobody comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/weak/weak.h"
#include "arch/host/host.h"
#include "entry/entry.h"
#include "entry/idle.h"
#include "entry/run.h"
#include "tests/unit/patience.h"
#include "tests/unit/weak_seeds.h"

static void hart_start(void)
{
	rcu_hart_init();
	vtime_hart_init();
	irq_on();
}

static void hart_end(void)
{
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
}

static u32 finished; /* atomic: harts that are through with their part */

static void await_all_but_one(void)
{
	rcu_note_quiescent();
	arch_relax();
}

/* --- grace periods: two readers, and who replaces what they read --- */

#define OBJECTS 6
#define READERS 2

struct object {
	struct weak_object seen;
	struct rcu_head rcu;
	u32 gone; /* atomic */
};

static struct object objects[OBJECTS + 1];
static struct object *shared;

static void rcu_begin(void)
{
	memset(objects, 0, sizeof(objects));
	shared = &objects[0];
	finished = 0;
}

static void read_shared(void)
{
	struct object *o;

	rcu_read_lock();
	o = rcu_dereference(shared);
	weak_uses(&o->seen);
	if (weak_random(2))
		arch_relax();
	CHECK(!READ_ONCE(o->gone));
	weak_uses(&o->seen);
	rcu_read_unlock();
}

static void go_away(enum context where)
{
	bool quiet;

	irq_off();
	context_enter_irqoff(where);
	arch_relax();
	if (weak_random(3) == 0) {
		quiet = context_irq_enter();
		read_shared();
		context_irq_exit(quiet);
	}
	context_exit_irqoff(where);
	if (weak_random(2))
		read_shared();
	irq_on();
}

static void reader(void)
{
	while (arch_load_acquire(&finished) < 1) {
		switch (weak_random(4)) {
		case 0: go_away(CONTEXT_GUEST); break;
		case 1: go_away(CONTEXT_IDLE); break;
		case 2: rcu_note_quiescent(); break;
		default: break;
		}
		read_shared();
	}
}

static void end_of(struct object *o)
{
	weak_spoils(&o->seen);
	WRITE_ONCE(o->gone, 1);
}

static struct object *replace(u32 by)
{
	struct object *old = shared;

	weak_spoils(&objects[by].seen); /* filled in */
	rcu_assign_pointer(shared, &objects[by]);
	return old;
}

static void updater(void)
{
	for (u32 i = 1; i <= OBJECTS; i++) {
		struct object *old = replace(i);

		if (weak_random(2))
			synchronize_rcu();
		else
			synchronize_rcu_expedited();
		end_of(old);
	}
}

static void grace_hart(unsigned int hart)
{
	hart_start();
	if (hart) {
		reader();
	} else {
		updater();
		__atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
	}
	hart_end();
}

static void rcu_run(void)
{
	weak_run(1 + READERS, seed, STEPS, grace_hart);
}

static void grace_periods(void **state)
{
	(void)state;
	seeds("grace periods", rcu_begin, rcu_run, NULL);
}

/* --- two updaters share grace periods, one reader --- */

static struct object slot_objects[2][OBJECTS + 1];
static struct object *slots[2];

static void sharing_begin(void)
{
	memset(slot_objects, 0, sizeof(slot_objects));
	slots[0] = &slot_objects[0][0];
	slots[1] = &slot_objects[1][0];
	finished = 0;
}

static void read_slot(void)
{
	struct object *o;

	rcu_read_lock();
	o = rcu_dereference(slots[weak_random(2)]);
	weak_uses(&o->seen);
	for (u32 n = weak_random(6); n > 0; n--)
		arch_relax();
	CHECK(!READ_ONCE(o->gone));
	weak_uses(&o->seen);
	rcu_read_unlock();
}

static void update_slot(unsigned int hart)
{
	for (u32 i = 1; i <= OBJECTS; i++) {
		struct object *old = slots[hart];

		weak_spoils(&slot_objects[hart][i].seen);
		rcu_assign_pointer(slots[hart], &slot_objects[hart][i]);
		synchronize_rcu();
		end_of(old);
		for (u32 n = weak_random(6); n > 0; n--)
			await_all_but_one();
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
}

/* Away for some time, so that a grace period may begin then. */
static void sharing_reader(void)
{
	while (arch_load_acquire(&finished) < 2) {
		irq_off();
		context_enter_irqoff(CONTEXT_GUEST);
		for (u32 n = weak_random(6); n > 0; n--)
			arch_relax();
		context_exit_irqoff(CONTEXT_GUEST);
		irq_on();
		read_slot();
	}
}

/* Nobody waits for an updater that is done. */
static void sharing_hart(unsigned int hart)
{
	hart_start();
	if (hart < 2)
		update_slot(hart);
	else
		sharing_reader();
	hart_end();
}

static void sharing_run(void)
{
	weak_run(3, seed, STEPS, sharing_hart);
}

static void shared_grace_periods(void **state)
{
	(void)state;
	seeds("shared grace periods", sharing_begin, sharing_run, NULL);
}

/* --- callbacks of two harts, and barriers, beside who runs them --- */

#define CALLS 6

struct call {
	struct rcu_head rcu;
	u32 filled; /* plain: before it is in the queue */
	u32 called; /* plain: rcu_barrier() is what orders it */
};

static struct call calls[WEAK_HARTS][CALLS];

static void callbacks_begin(void)
{
	memset(calls, 0, sizeof(calls));
	finished = 0;
	rcu_begin();
}

static void called(struct rcu_head *head)
{
	struct call *c = container_of(head, struct call, rcu);

	CHECK(READ_ONCE(c->filled) == 1);
	WRITE_ONCE(c->called, 1);
}

static void push(unsigned int hart)
{
	for (u32 i = 0; i < CALLS; i++) {
		WRITE_ONCE(calls[hart][i].filled, 1);
		call_rcu(&calls[hart][i].rcu, called);
		if (weak_random(3) == 0) {
			rcu_barrier();
			CHECK(READ_ONCE(calls[hart][i].called));
		}
		rcu_note_quiescent();
	}
}

/* Without a barrier at the end: marks alone have to lead to what is left. */
static void callbacks_hart(unsigned int hart)
{
	hart_start();
	if (hart) {
		push(hart);
		__atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
	}
	while (!hart && (arch_load_acquire(&finished) < 2 || rcu_callbacks_pending())) {
		rcu_run_callbacks();
		await_all_but_one();
	}
	hart_end();
}

static void callbacks_end(void)
{
	for (u32 h = 1; h <= 2; h++)
		for (u32 i = 0; i < CALLS; i++)
			CHECK(calls[h][i].called);
}

static void callbacks_run(void)
{
	weak_run(3, seed, STEPS, callbacks_hart);
}

static void callbacks(void **state)
{
	(void)state;
	seeds("callbacks", callbacks_begin, callbacks_run, callbacks_end);
}

/* --- requests against entries; the guest would never end --- */

#define REQUESTS     8
#define REQUEST	     BIT(3)
#define REQUEST_STOP BIT(4)

static struct guest_run run;
static struct arch_vcpu vcpu;
static u32 asked, taken, guest_wrote; /* atomic */

static bool spin(struct arch_vcpu *v)
{
	(void)v;
	WRITE_ONCE(guest_wrote, READ_ONCE(guest_wrote) + 1);
	arch_relax();
	return true;
}

static bool ready(struct guest_run *r)
{
	(void)r;
	return weak_random(4) != 0;
}

/* What a request stands for is there when it is taken. */
static bool work(struct guest_run *r)
{
	if (guest_request_take(r, REQUEST))
		arch_store_release(&taken, READ_ONCE(asked));
	entry_work_take(ENTRY_WORK_RESCHED);
	return !guest_request_take(r, REQUEST_STOP);
}

static void nothing(struct guest_run *r)
{
	(void)r;
}

static const struct guest_run_ops ops = {.work = work, .prepare = ready, .handle_exit = nothing};

static void handler(u32 bits)
{
	bool was_quiet = context_irq_enter();

	(void)bits;
	context_irq_exit(was_quiet);
}

static void kick_begin(void)
{
	vcpu = (struct arch_vcpu){.step = spin};
	run = (struct guest_run){.arch = &vcpu, .ops = &ops};
	asked = taken = guest_wrote = finished = 0;
	host_irq_set_handler(handler);
}

static void ask(u32 i)
{
	WRITE_ONCE(asked, i);
	guest_request(&run, REQUEST);
	while (arch_load_acquire(&taken) < i)
		arch_relax();
}

/* A hart's work and a request by turns. */
static void kick_hart(unsigned int hart)
{
	hart_start();
	if (hart == 0) {
		guest_run_loop(&run);
	} else {
		for (u32 i = 1; i <= REQUESTS; i++)
			ask(i);
		guest_request(&run, REQUEST_STOP);
	}
	hart_end();
}

static void kick_run(void)
{
	weak_run(2, seed, STEPS, kick_hart);
}

static void requests(void **state)
{
	(void)state;
	seeds("requests", kick_begin, kick_run, NULL);
}

/* --- a run that goes from hart to hart, and is kicked where it is --- */

#define TURNS 10

static u32 turn; /* atomic: hart turn % 2 has the run */

/* On hart 0 the guest leaves soon, and for good; on hart 1 it stays until somebody asks. */
static bool spin_or_move(struct arch_vcpu *v)
{
	(void)v;
	arch_relax();
	return arch_hart_index() ? !READ_ONCE(finished) : weak_random(3) != 0;
}

static void move_on(struct guest_run *r)
{
	if (!arch_hart_index() || READ_ONCE(finished))
		guest_request(r, REQUEST_STOP);
}

static bool work_and_move(struct guest_run *r)
{
	bool asks = guest_request_take(r, REQUEST);

	if (asks)
		arch_store_release(&taken, READ_ONCE(asked));
	return !guest_request_take(r, REQUEST_STOP) && !(asks && arch_hart_index());
}

static const struct guest_run_ops moving_ops = {
	.work = work_and_move, .prepare = ready, .handle_exit = move_on};

static void moving_begin(void)
{
	kick_begin();
	vcpu.step = spin_or_move;
	run.ops = &moving_ops;
	turn = 0;
}

static void moving_hart(unsigned int hart)
{
	hart_start();
	while (hart < 2 && arch_load_acquire(&finished) == 0) {
		if (arch_load_acquire(&turn) == hart) {
			guest_run_loop(&run);
			arch_store_release(&turn, !hart);
		}
		arch_relax();
	}
	for (u32 i = 1; hart == 2 && i <= TURNS; i++) {
		for (u32 n = weak_random(30); n > 0; n--)
			arch_relax();
		ask(i);
	}
	if (hart == 2)
		arch_store_release(&finished, 1);
	hart_end();
}

static void moving_run(void)
{
	weak_run(3, seed, STEPS, moving_hart);
}

static void a_run_that_moves(void **state)
{
	(void)state;
	seeds("a run that moves", moving_begin, moving_run, NULL);
}

/* --- who waits for the end of a run sees what its guest wrote, and the guest sees what was written
 * before it was let in again --- */

static u32 page; /* atomic; what the guest may use while it is not taken away */
static struct weak_object page_seen;

static bool use_page(struct arch_vcpu *v)
{
	(void)v;
	weak_uses(&page_seen);
	CHECK(!READ_ONCE(page));
	return true;
}

static bool drop_page(struct guest_run *r)
{
	if (guest_request_take(r, REQUEST))
		vcpu.step = spin;
	return !guest_request_take(r, REQUEST_STOP);
}

static const struct guest_run_ops page_ops = {
	.work = drop_page, .prepare = ready, .handle_exit = nothing};

static void sync_begin(void)
{
	kick_begin();
	vcpu.step = use_page;
	run.ops = &page_ops;
	page = 0;
	page_seen = (struct weak_object){0};
}

static void sync_hart(unsigned int hart)
{
	hart_start();
	if (hart == 0) {
		guest_run_loop(&run);
	} else {
		for (u32 n = weak_random(20); n > 0; n--)
			arch_relax();
		guest_request(&run, REQUEST);
		guest_request_sync(&run, REQUEST);
		weak_spoils(&page_seen);
		WRITE_ONCE(page, 1);
		guest_request(&run, REQUEST_STOP);
	}
	hart_end();
}

static void sync_run(void)
{
	weak_run(2, seed, STEPS, sync_hart);
}

static void end_of_a_run(void **state)
{
	(void)state;
	seeds("the end of a run", sync_begin, sync_run, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grace_periods),    cmocka_unit_test(shared_grace_periods),
		cmocka_unit_test(callbacks),	    cmocka_unit_test(requests),
		cmocka_unit_test(a_run_that_moves), cmocka_unit_test(end_of_a_run),
	};

	patience(200);
	seeds_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
