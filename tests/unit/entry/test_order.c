/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of an entry into a guest and an exit from it (docs: the threshold; invariants E1, E4,
 * E5, E6, E7, E13), on a machine whose guest is a script.
 *
 * The run loop calls back at five places. At each of them the state of the hart is compared with
 * what it must be there, the clock goes on by an amount of its own, and a test may add an act.
 * The steps that the hart noted are compared with the whole sequence. Work is for a reason only: a
 * request, a bit of the hart's work, or a preparation that failed. So a run loop ends by a request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "entry/entry.h"
#include "entry/run.h"
#include "tests/unit/patience.h"

enum place { AT_WORK, AT_PREPARE, AT_GUEST, AT_IRQ, AT_EXIT, PLACES };

/* How far the clock goes on at each place, so that a sum tells where time went. */
static const u64 ticks_at[PLACES] = {1, 10, 1000, 7, 100};

#define REASON	     77 /* why the script's guest exits */
#define REQUEST	     BIT(3)
#define REQUEST_STOP BIT(4) /* work() says that the loop ends */

static struct {
	unsigned int runs;	   /* the exit of this run asks for the end of the loop */
	unsigned int early;	   /* exits of each run that are answered inside it */
	void (*before)(void);	   /* called on the hart, before the loop */
	void (*act[PLACES])(void); /* what a test adds */
	bool prepare_says, prepare_failed;

	unsigned int been[PLACES];
	const char *broken; /* the first thing that was not as it must be */
	enum step steps[HOST_STEPS];
	size_t step_count;
	u64 ticks[VTIME_KINDS], elapsed;
} t;

static struct guest_run run;
static struct arch_vcpu vcpu;

#define EXPECT(c)                      \
	do {                           \
		if (!(c) && !t.broken) \
			t.broken = #c; \
	} while (0)

static void expect_hart(bool irqs_on, bool believed_on, bool watching, enum vtime_kind kind,
			enum run_mode mode)
{
	EXPECT(arch_irqs_off() == !irqs_on);
	EXPECT(this_hart(lockdep_hart).irqs_on == believed_on);
	EXPECT(rcu_watching() == watching);
	EXPECT(this_hart(context_hart).state == (watching ? CONTEXT_HYPERVISOR : CONTEXT_GUEST));
	EXPECT(this_hart(vtime_hart).kind == kind);
	EXPECT(run.mode == mode);
}

static void at(enum place p)
{
	t.been[p]++;
	host_clock_advance(ticks_at[p]);
	if (t.act[p])
		t.act[p]();
}

/* Straight from a look that found something: interrupts came on, and nothing else happened. */
static void expect_looked(void)
{
	size_t n = host_step_count();

	EXPECT(n >= 3 && host_step(n - 3) == STEP_LAST_LOOK);
	EXPECT(n >= 2 && host_step(n - 2) == STEP_TRACE_IRQ_ON);
	EXPECT(n >= 1 && host_step(n - 1) == STEP_LOCK_IRQ_ON);
	EXPECT(READ_ONCE(run.requests) || this_hart(entry_work) || t.prepare_failed);
}

static bool do_work(struct guest_run *r)
{
	EXPECT(r == &run);
	expect_hart(true, true, true, VTIME_HOST, OUTSIDE_GUEST);
	expect_looked();
	t.prepare_failed = false;
	at(AT_WORK);
	return !guest_request_take(r, REQUEST_STOP);
}

static bool do_prepare(struct guest_run *r)
{
	EXPECT(r == &run);
	expect_hart(false, false, true, VTIME_HOST, IN_GUEST);
	t.prepare_says = true;
	at(AT_PREPARE);
	t.prepare_failed = !t.prepare_says;
	return t.prepare_says;
}

static bool do_guest(struct arch_vcpu *v)
{
	EXPECT(v == &vcpu);
	expect_hart(false, true, false, VTIME_GUEST, IN_GUEST);
	EXPECT(host_step(host_step_count() - 1) == STEP_GUEST);
	at(AT_GUEST);
	return t.been[AT_GUEST] % (t.early + 1) != 0;
}

static void do_exit(struct guest_run *r)
{
	EXPECT(r == &run);
	expect_hart(true, true, true, VTIME_HOST, OUTSIDE_GUEST);
	at(AT_EXIT);
	if (t.been[AT_EXIT] == t.runs)
		guest_request(r, REQUEST_STOP);
}

static void do_irq(u32 bits)
{
	(void)bits;
	/* Taken where the design says, or where interrupts go on again afterwards. */
	if (this_hart(vtime_hart).kind == VTIME_GUEST) {
		expect_hart(false, false, true, VTIME_GUEST, IN_GUEST);
		EXPECT(host_step(host_step_count() - 1) == STEP_TAKE_PENDING);
	}
	at(AT_IRQ);
}

static const struct guest_run_ops ops = {do_work, do_prepare, do_exit};

static void hart_start(void)
{
	rcu_hart_init();
	vtime_hart_init();
	irq_on();
	host_steps_reset();
}

/* Leaves nothing of this hart for others to wait for. */
static void hart_end(void)
{
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
}

static void keep_results(void)
{
	t.step_count = host_step_count();
	for (size_t i = 0; i < t.step_count; i++)
		t.steps[i] = host_step(i);
	t.elapsed = vtime_read(t.ticks);
}

static void run_guest(unsigned int hart)
{
	(void)hart;
	hart_start();
	if (t.before)
		t.before();
	guest_run_loop(&run);
	keep_results();
	expect_hart(true, true, true, VTIME_HOST, OUTSIDE_GUEST);
	EXPECT(this_hart(rcu_hart).nesting == 0);
	hart_end();
}

static const char *const step_names[] = {
	"LAST_LOOK", "TRACE_ENTRY", "TIME_GUEST", "TRACE_IRQ_ON", "RCU_QUIET",
	"LOCK_ON",   "GUEST",	    "LOCK_OFF",	  "RCU_WATCH",	  "TRACE_IRQ_OFF",
	"TAKE",	     "TIME_HOST",   "TRACE_EXIT", "HANDLE_EXIT",  "IDLE",
};

#define IRQ_OFF STEP_LOCK_IRQ_OFF, STEP_TRACE_IRQ_OFF
#define IRQ_ON	STEP_TRACE_IRQ_ON, STEP_LOCK_IRQ_ON
/* How a vCPU's thread comes to the last look, from interrupts on. */
#define LOOK	IRQ_OFF, STEP_LAST_LOOK
/* The look found something, work is done with interrupts on; then round again, or the end. */
#define WORK	LOOK, IRQ_ON
#define END	WORK, IRQ_OFF, IRQ_ON
/* The design, section 3, from top to bottom. */
#define RUN                                                                                     \
	STEP_TRACE_ENTRY, STEP_TIME_GUEST, STEP_TRACE_IRQ_ON, STEP_RCU_QUIET, STEP_LOCK_IRQ_ON, \
		STEP_GUEST, STEP_LOCK_IRQ_OFF, STEP_RCU_WATCH, STEP_TRACE_IRQ_OFF,              \
		STEP_TAKE_PENDING, STEP_TIME_HOST, STEP_TRACE_EXIT
#define WHOLE LOOK, RUN, IRQ_ON, STEP_HANDLE_EXIT

static void check_steps(const enum step *want, size_t n)
{
	for (size_t i = 0; i < n || i < t.step_count; i++)
		if (i >= n || i >= t.step_count || t.steps[i] != want[i])
			fail_msg("step %zu is %s, must be %s", i,
				 i < t.step_count ? step_names[t.steps[i]] : "missing",
				 i < n ? step_names[want[i]] : "no more");
}

#define CHECK_STEPS(...)                                        \
	do {                                                    \
		static const enum step want_[] = {__VA_ARGS__}; \
		check_steps(want_, ARRAY_SIZE(want_));          \
	} while (0)

static void check_clean(void)
{
	u64 sum = 0;

	if (t.broken)
		fail_msg("not so: %s", t.broken);
	for (int k = 0; k < VTIME_KINDS; k++)
		sum += t.ticks[k];
	assert_int_equal(sum, t.elapsed);
}

static int fresh(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&run, 0, sizeof(run));
	t.runs = 1;
	vcpu.step = do_guest;
	vcpu.reason = REASON;
	run.arch = &vcpu;
	run.ops = &ops;
	trace_set(0);
	host_clock_set(5000);
	host_irq_set_handler(do_irq);
	return 0;
}

static void one_run_in_order(void **state)
{
	(void)state;
	host_harts_run(1, run_guest);
	check_clean();
	CHECK_STEPS(WHOLE, END);
	assert_int_equal(run.entries, 1);
	assert_int_equal(t.been[AT_WORK], 1);
}

static void runs_repeat_exactly(void **state)
{
	(void)state;
	t.runs = 3;
	host_harts_run(1, run_guest);
	check_clean();
	CHECK_STEPS(WHOLE, WHOLE, WHOLE, END);
	assert_int_equal(run.entries, 3);
	assert_int_equal(t.been[AT_WORK], 1);
}

static void time_goes_where_it_belongs(void **state)
{
	(void)state;
	t.runs = 2;
	host_harts_run(1, run_guest);
	check_clean();
	assert_int_equal(t.ticks[VTIME_GUEST], 2 * 1000);
	assert_int_equal(t.ticks[VTIME_HOST], 1 + 2 * 10 + 2 * 100);
	assert_int_equal(t.ticks[VTIME_IDLE], 0);
	assert_int_equal(t.ticks[VTIME_IRQ], 0);
}

static void raise_tick(void)
{
	host_irq_raise(arch_hart_index(), HOST_IRQ_TICK);
}

static void tick_is_charged_to_the_guest(void **state)
{
	(void)state;
	t.act[AT_GUEST] = raise_tick;
	host_harts_run(1, run_guest);
	check_clean();
	CHECK_STEPS(WHOLE, END);
	assert_int_equal(t.been[AT_IRQ], 1);
	assert_int_equal(t.ticks[VTIME_GUEST], 1000 + 7);
}

static void tick_with_time_of_its_own(void)
{
	enum vtime_kind was = vtime_switch(VTIME_IRQ);

	EXPECT(was == VTIME_GUEST);
	host_clock_advance(20);
	vtime_switch(was);
}

static void irq_time_is_taken_out(void **state)
{
	(void)state;
	t.act[AT_GUEST] = raise_tick;
	t.act[AT_IRQ] = tick_with_time_of_its_own;
	host_harts_run(1, run_guest);
	check_clean();
	assert_int_equal(t.ticks[VTIME_GUEST], 1000 + 7);
	assert_int_equal(t.ticks[VTIME_IRQ], 20);
}

static void fail_first_prepare(void)
{
	t.prepare_says = t.been[AT_PREPARE] > 1;
}

static void failed_prepare_balances(void **state)
{
	(void)state;
	t.act[AT_PREPARE] = fail_first_prepare;
	host_harts_run(1, run_guest);
	check_clean();
	CHECK_STEPS(WORK, WHOLE, END);
	assert_int_equal(run.entries, 1);
	assert_int_equal(t.been[AT_WORK], 2);
	assert_int_equal(t.ticks[VTIME_GUEST], 1000);
}

static void request(void)
{
	guest_request(&run, REQUEST);
}

/* The first time round another request comes after work() has looked; then it is taken. */
static void request_in_first_work(void)
{
	EXPECT((guest_request_take(&run, REQUEST) != 0) == (t.been[AT_WORK] <= 2));
	if (t.been[AT_WORK] == 1)
		request();
}

static void request_stops_the_entry(void **state)
{
	(void)state;
	t.before = request;
	t.act[AT_WORK] = request_in_first_work;
	host_harts_run(1, run_guest);
	check_clean();
	CHECK_STEPS(WORK, WORK, WHOLE, END);
	assert_int_equal(t.been[AT_PREPARE], 1);
	assert_int_equal(t.been[AT_WORK], 3);
	assert_int_equal(run.requests, 0);
}

#define OTHER_WORK BIT(7) /* nobody's but the test's */

static void two_works(void)
{
	entry_work_set(0, ENTRY_WORK_RESCHED | OTHER_WORK);
}

/* The last time round comes of the request that ends the loop. */
static void hart_work_in_second_work(void)
{
	if (t.been[AT_WORK] == 1) {
		EXPECT(entry_work_take(ENTRY_WORK_RESCHED) == ENTRY_WORK_RESCHED);
	} else if (t.been[AT_WORK] == 2) {
		EXPECT(entry_work_take(~0UL) == OTHER_WORK);
		entry_work_set(0, ENTRY_WORK_RESCHED);
	} else if (t.been[AT_WORK] == 3) {
		EXPECT(entry_work_take(~0UL) == ENTRY_WORK_RESCHED);
	} else {
		EXPECT(entry_work_take(~0UL) == 0);
	}
}

static void hart_work_stops_the_entry(void **state)
{
	(void)state;
	t.before = two_works;
	t.act[AT_WORK] = hart_work_in_second_work;
	host_harts_run(1, run_guest);
	check_clean();
	CHECK_STEPS(WORK, WORK, WORK, WHOLE, END);
	assert_int_equal(t.been[AT_PREPARE], 1);
	assert_int_equal(t.been[AT_WORK], 4);
}

static void request_in_first_prepare(void)
{
	if (t.been[AT_PREPARE] == 1)
		request();
}

static void take_request(void)
{
	guest_request_take(&run, REQUEST);
}

static void request_after_the_last_look(void **state)
{
	(void)state;
	t.runs = 2;
	t.act[AT_PREPARE] = request_in_first_prepare;
	t.act[AT_WORK] = take_request;
	host_harts_run(1, run_guest);
	check_clean();
	CHECK_STEPS(WHOLE, WORK, WHOLE, END);
	/* The kick was pending on the way in: the guest did nothing in the first run. */
	assert_int_equal(vcpu.steps, 1);
	assert_int_equal(t.been[AT_IRQ], 1);
}

/* A guest that waits until an interrupt comes, and another hart that sends one. */
static u32 in_guest; /* atomic: runs of the guest that have begun */

static void guest_waits(void)
{
	__atomic_fetch_add(&in_guest, 1, __ATOMIC_RELEASE);
	arch_wait();
}

static void (*kicker)(void);

static void two_harts(unsigned int hart)
{
	if (hart == 0) {
		run_guest(hart);
		return;
	}
	hart_start();
	kicker();
	hart_end();
}

static void request_once_in_guest(void)
{
	while (!arch_load_acquire(&in_guest))
		arch_relax();
	guest_request(&run, REQUEST);
}

static void work_once_in_guest(void)
{
	while (!arch_load_acquire(&in_guest))
		arch_relax();
	entry_work_set(0, ENTRY_WORK_RESCHED);
}

static void run_with_kicker(void (*fn)(void))
{
	in_guest = 0;
	kicker = fn;
	t.act[AT_GUEST] = guest_waits;
	host_harts_run(2, two_harts);
	check_clean();
	CHECK_STEPS(WHOLE, END);
	assert_int_equal(t.been[AT_IRQ], 1);
}

static void request_ends_the_run(void **state)
{
	(void)state;
	run_with_kicker(request_once_in_guest);
	assert_int_equal(run.requests, REQUEST);
}

static void hart_work_ends_the_run(void **state)
{
	(void)state;
	run_with_kicker(work_once_in_guest);
}

static void stop_once_in_guest(void)
{
	while (!arch_load_acquire(&in_guest))
		arch_relax();
	guest_request(&run, REQUEST_STOP);
}

/* Nothing but the request ends the run, and then the loop. */
static void stop_in_a_run_ends_the_loop(void **state)
{
	(void)state;
	t.runs = ~0U;
	run_with_kicker(stop_once_in_guest);
	assert_int_equal(run.entries, 1);
	assert_int_equal(t.been[AT_EXIT], 1);
	assert_int_equal(t.been[AT_WORK], 1);
	assert_int_equal(run.requests, 0);
}

static void stop_on_tick(void)
{
	if (!run.requests)
		guest_request(&run, REQUEST_STOP);
}

/* The same from an interrupt of the vCPU's own hart, taken on the way out of the second run. */
static void tick_on_second_run(void)
{
	if (t.been[AT_GUEST] == 2)
		raise_tick();
}

static void stop_from_an_interrupt_ends_the_loop(void **state)
{
	(void)state;
	t.runs = ~0U;
	t.act[AT_GUEST] = tick_on_second_run;
	t.act[AT_IRQ] = stop_on_tick;
	host_harts_run(1, run_guest);
	check_clean();
	CHECK_STEPS(WHOLE, WHOLE, END);
	assert_int_equal(t.been[AT_WORK], 1);
	assert_int_equal(run.requests, 0);
}

#define STORM 2000
static u32 taken; /* atomic: requests taken */

static void storm(void)
{
	for (u32 i = 1; i <= STORM; i++) {
		guest_request(&run, REQUEST);
		while (arch_load_acquire(&taken) != i)
			arch_relax();
	}
}

static void count_requests(void)
{
	host_steps_reset(); /* more than are kept */
	if (!guest_request_take(&run, REQUEST))
		return;
	if (taken + 1 == STORM)
		guest_request(&run, REQUEST_STOP);
	__atomic_fetch_add(&taken, 1, __ATOMIC_RELEASE);
}

/* Each request comes at a moment of its own, and the guest never ends by itself: one that is lost
 * is a hang, which the alarm ends. */
static void no_request_is_lost(void **state)
{
	(void)state;
	taken = 0;
	kicker = storm;
	t.runs = ~0U;
	t.act[AT_WORK] = count_requests;
	t.act[AT_GUEST] = arch_wait;
	t.act[AT_EXIT] = host_steps_reset;
	host_harts_run(2, two_harts);
	check_clean();
	assert_int_equal(taken, STORM);
	assert_int_equal(run.mode, OUTSIDE_GUEST);
}

static struct trace_rec ring[TRACE_RING];
static u64 ring_seq;

static void traced_run(unsigned int hart)
{
	trace_hart_init(ring);
	run_guest(hart);
	ring_seq = trace_count(arch_hart_index());
}

static unsigned int find_event(enum trace_event ev, u64 *when)
{
	unsigned int n = 0;

	for (u64 i = 0; i < ring_seq && i < TRACE_RING; i++) {
		if (ring[i].event != ev)
			continue;
		*when = ring[i].when;
		n++;
	}
	return n;
}

static void one_entry_and_one_exit_traced(void **state)
{
	u64 entry, exit;

	(void)state;
	trace_set(TRACE_ALL);
	t.act[AT_GUEST] = raise_tick;
	host_harts_run(1, traced_run);
	check_clean();
	assert_int_equal(find_event(TRACE_GUEST_ENTRY, &entry), 1);
	assert_int_equal(find_event(TRACE_GUEST_EXIT, &exit), 1);
	assert_int_equal(entry, 5000 + 10);
	assert_int_equal(exit, 5000 + 10 + 1000 + 7);
}

/* The n-th event of a guest's entry or exit in the ring, or NULL. */
static const struct trace_rec *guest_event(unsigned int n)
{
	for (u64 i = 0; i < ring_seq && i < TRACE_RING; i++)
		if (ring[i].event == TRACE_GUEST_ENTRY || ring[i].event == TRACE_GUEST_EXIT)
			if (n-- == 0)
				return &ring[i];
	return NULL;
}

/* A preparation that fails and a request that is worked off make no pair of their own, and exits
 * that are answered inside a run are not seen at all. The steps are those without tracing. */
static void one_pair_a_run_while_tracing(void **state)
{
	const struct trace_rec *rec;

	(void)state;
	trace_set(TRACE_ALL);
	t.runs = 3;
	t.early = 2;
	t.before = request;
	t.act[AT_WORK] = take_request;
	t.act[AT_PREPARE] = fail_first_prepare;
	host_harts_run(1, traced_run);
	check_clean();
	assert_in_range(ring_seq, 1, TRACE_RING);
	CHECK_STEPS(WORK, WORK, WHOLE, WHOLE, WHOLE, END);
	assert_int_equal(vcpu.steps, 3 * 3);
	for (unsigned int n = 0; n < 2 * 3; n++) {
		rec = guest_event(n);
		assert_non_null(rec);
		assert_int_equal(rec->event, n % 2 ? TRACE_GUEST_EXIT : TRACE_GUEST_ENTRY);
		assert_int_equal(n % 2 ? rec->b : rec->a, (u64)(uintptr_t)&vcpu);
		if (n % 2)
			assert_int_equal(rec->a, REASON);
		/* Two works and a failed preparation, the runs before this one, and this one. */
		assert_int_equal(rec->when,
				 5000 + 2 * 1 + 10 + n / 2 * (10 + 3000 + 100) + 10 + n % 2 * 3000);
	}
	assert_null(guest_event(2 * 3));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void old_pair(unsigned int hart)
{
	(void)hart;
	hart_start();
	irq_off();
	host_steps_reset();
	guest_enter_irqoff();
	guest_exit_irqoff();
	keep_results();
	irq_on();
	hart_end();
}
#pragma GCC diagnostic pop

static void old_pair_has_the_same_order(void **state)
{
	(void)state;
	host_harts_run(1, old_pair);
	CHECK_STEPS(STEP_TIME_GUEST, STEP_TRACE_IRQ_ON, STEP_RCU_QUIET, STEP_LOCK_IRQ_ON,
		    STEP_LOCK_IRQ_OFF, STEP_RCU_WATCH, STEP_TRACE_IRQ_OFF, STEP_TIME_HOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_run_in_order, fresh),
		cmocka_unit_test_setup(runs_repeat_exactly, fresh),
		cmocka_unit_test_setup(time_goes_where_it_belongs, fresh),
		cmocka_unit_test_setup(tick_is_charged_to_the_guest, fresh),
		cmocka_unit_test_setup(irq_time_is_taken_out, fresh),
		cmocka_unit_test_setup(failed_prepare_balances, fresh),
		cmocka_unit_test_setup(request_stops_the_entry, fresh),
		cmocka_unit_test_setup(hart_work_stops_the_entry, fresh),
		cmocka_unit_test_setup(request_after_the_last_look, fresh),
		cmocka_unit_test_setup(request_ends_the_run, fresh),
		cmocka_unit_test_setup(hart_work_ends_the_run, fresh),
		cmocka_unit_test_setup(stop_in_a_run_ends_the_loop, fresh),
		cmocka_unit_test_setup(stop_from_an_interrupt_ends_the_loop, fresh),
		cmocka_unit_test_setup(no_request_is_lost, fresh),
		cmocka_unit_test_setup(one_entry_and_one_exit_traced, fresh),
		cmocka_unit_test_setup(one_pair_a_run_while_tracing, fresh),
		cmocka_unit_test_setup(old_pair_has_the_same_order, fresh),
	};

	patience(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
