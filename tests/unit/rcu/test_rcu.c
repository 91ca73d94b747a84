/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grace periods: what they wait for, what they do not (E10), who is hurried, what is told of one that
 * takes long, and what must not be done inside a reader.
 */
#include "tests/unit/rcu/rcu_harts.h"

#include "entry/idle.h"
#include "entry/run.h"
#include "lib/spinlock.h"

/* A reader on another hart. Both words are plain: what orders them is RCU alone. */
static int reader_saw, freed;

static void let_reader_go(void)
{
	if (++pauses == 20)
		stage_set(2);
}

static void read_while_updated(unsigned int hart)
{
	u64 before;

	hart_start();
	if (hart == 1) {
		rcu_read_lock();
		stage_set(1);
		stage_wait(2);
		reader_saw = 1 + freed;
		rcu_read_unlock();
		rcu_note_quiescent();
	} else {
		stage_wait(1);
		before = rcu_grace_periods();
		rcu_set_pause(let_reader_go);
		synchronize_rcu();
		freed = 1;
		CHECK(reader_saw == 1);
		CHECK(pauses >= 20);
		CHECK(rcu_grace_periods() == before + 1);
	}
	hart_end();
}

static void waits_for_a_reader(void **state)
{
	(void)state;
	reader_saw = freed = 0;
	host_harts_run(2, read_while_updated);
}

static void reader_enters_guest(unsigned int hart)
{
	hart_start();
	if (hart == 1) {
		rcu_read_lock();
		stage_set(1);
		stage_wait(2);
		reader_saw = 1 + freed;
		rcu_read_unlock();
		irq_off();
		exit_to_guest_mode(); /* and stays there */
		stage_wait(3);
		enter_from_guest_mode();
		irq_on();
	} else {
		stage_wait(1);
		rcu_set_pause(let_reader_go);
		synchronize_rcu();
		freed = 1;
		CHECK(reader_saw == 1);
		stage_set(3);
	}
	hart_end();
}

static void entry_ends_the_wait(void **state)
{
	(void)state;
	reader_saw = freed = 0;
	host_harts_run(2, reader_enters_guest);
}

/* Hart 1 sits in a guest, hart 2 in its idle wait, and neither comes out by itself. */
static bool guest_for_ever(struct arch_vcpu *v)
{
	(void)v;
	__atomic_fetch_add(&stage, 1, __ATOMIC_RELEASE);
	arch_wait();
	return true;
}

static bool until_left(struct guest_run *run)
{
	CHECK(run->entries == 1 && guest_request_take(run, BIT(0)));
	return false;
}

static bool ready(struct guest_run *run)
{
	(void)run;
	return true;
}

static void ask_for_the_end(struct guest_run *run)
{
	guest_request(run, BIT(0));
}

static void sit_in_guest(void)
{
	static const struct guest_run_ops ops = {until_left, ready, ask_for_the_end};
	struct arch_vcpu vcpu = {.step = guest_for_ever};
	struct guest_run run = {.arch = &vcpu, .ops = &ops};

	guest_run_loop(&run);
	CHECK(vcpu.steps == 1);
}

static void sit_idle(void)
{
	irq_off();
	__atomic_fetch_add(&stage, 1, __ATOMIC_RELEASE);
	idle_wait_irqoff();
	irq_on();
}

static void not_to_be_called(void)
{
	pauses++;
}

static void leave_others_alone(unsigned int hart)
{
	hart_start();
	if (hart == 1)
		sit_in_guest();
	if (hart == 2)
		sit_idle();
	if (hart == 0) {
		stage_wait(2);
		while (READ_ONCE(per_hart(rcu_hart, 2).counter) & 1)
			arch_relax(); /* it said so just before it went */
		rcu_set_pause(not_to_be_called);
		for (int i = 0; i < 100; i++)
			synchronize_rcu();
		CHECK(pauses == 0);
		CHECK(READ_ONCE(irqs) == 0);
		CHECK(host_irq_kicks(1) == 0 && host_irq_kicks(2) == 0);
		CHECK(READ_ONCE(per_hart(rcu_hart, 1).counter) == 2);
		CHECK(READ_ONCE(per_hart(rcu_hart, 2).counter) == 2);
		host_irq_raise(1, HOST_IRQ_TICK);
		host_irq_raise(2, HOST_IRQ_TICK);
	}
	hart_end();
}

static void guest_and_idle_are_left_alone(void **state)
{
	(void)state;
	host_harts_run(3, leave_others_alone);
	assert_int_equal(irqs, 2);
}

/* A hart that was away and comes back into a reader meanwhile is not waited for. */
static void come_back(void)
{
	pauses++;
	stage_set(3);
}

static void reader_after_snapshot(unsigned int hart)
{
	hart_start();
	if (hart == 0) {
		stage_wait(1);
		rcu_set_pause(come_back);
		synchronize_rcu(); /* waits for hart 1's first reader, not for its second */
		stage_set(4);
	} else {
		rcu_read_lock();
		stage_set(1);
		stage_wait(3);
		rcu_read_unlock();
		rcu_note_quiescent();
		rcu_read_lock();
		stage_wait(4);
		rcu_read_unlock();
	}
	hart_end();
}

static void later_reader_is_not_waited_for(void **state)
{
	(void)state;
	host_harts_run(2, reader_after_snapshot);
	assert_true(pauses > 0);
}

/* Expedited: no pause; who stays in the hypervisor is hurried once, who is away never. */
static unsigned int hurried[4];

static void note_hurry(unsigned int hart)
{
	CHECK(hart == 1 && host_irq_kicks(hart) == 0);
	hurried[hart]++;
	stage_set(3);
}

/* Until hart 0 has looked some more times: each look is a quiescent state of its own. */
static void let_it_look(void)
{
	u64 from = READ_ONCE(per_hart(rcu_hart, 0).counter);

	while (READ_ONCE(per_hart(rcu_hart, 0).counter) < from + 200)
		arch_relax();
}

static void expedite(unsigned int hart)
{
	u64 before;

	hart_start();
	if (hart == 1) {
		rcu_read_lock();
		__atomic_fetch_add(&stage, 1, __ATOMIC_RELEASE);
		stage_wait(3); /* hurried */
		let_it_look();
		reader_saw = 1 + freed;
		rcu_read_unlock();
		rcu_note_quiescent();
	}
	if (hart == 2)
		sit_in_guest();
	if (hart == 0) {
		stage_wait(2);
		while (READ_ONCE(per_hart(rcu_hart, 2).counter) & 1)
			arch_relax();
		rcu_set_pause(not_to_be_called);
		rcu_set_hurry(note_hurry);
		before = rcu_grace_periods();
		synchronize_rcu_expedited();
		freed = 1;
		CHECK(reader_saw == 1 && hurried[1] == 1);
		CHECK(rcu_grace_periods() == before + 1);
		CHECK(pauses == 0 && host_irq_kicks(2) == 0);
		host_irq_raise(2, HOST_IRQ_TICK);
	}
	hart_end();
}

static void expedited_hurries_who_stays(void **state)
{
	(void)state;
	reader_saw = freed = 0;
	memset(hurried, 0, sizeof(hurried));
	host_harts_run(3, expedite);
	assert_int_equal(hurried[0] + hurried[2], 0);
}

/* An expedited one does not wait for a patient one whose runner sleeps meanwhile. */
static void sleep_on(void)
{
	if (++pauses > 1)
		return;
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
	stage_set(2);
	stage_wait(3);
	context_exit_irqoff(CONTEXT_IDLE);
	irq_on();
}

static void overtake(unsigned int hart)
{
	hart_start();
	if (hart == 0) {
		stage_wait(1);
		rcu_set_pause(sleep_on);
		synchronize_rcu();
		CHECK(pauses > 0);
	} else {
		rcu_read_lock();
		stage_set(1);
		stage_wait(2);
		rcu_read_unlock();
		synchronize_rcu_expedited();
		stage_set(3);
	}
	hart_end();
}

static void expedited_beside_a_patient_one(void **state)
{
	(void)state;
	host_harts_run(2, overtake);
}

/* A grace period that takes too long is told of once, with who is waited for and for how long. */
static unsigned int stalls;

static void note_stall(unsigned int hart, u64 waited)
{
	CHECK(hart == 1 && waited == 10 * arch_clock_hz() + 1);
	CHECK(READ_ONCE(per_hart(rcu_hart, 1).reader) != NULL);
	stalls++;
}

static void let_time_pass(void)
{
	pauses++;
	if (pauses < 10)
		CHECK(stalls == 0);
	if (pauses == 10)
		host_clock_advance(10 * arch_clock_hz());
	if (pauses == 20)
		host_clock_advance(1);
	if (pauses == 11)
		CHECK(stalls == 0);
	if (pauses == 21)
		CHECK(stalls == 1);
	if (pauses == 30)
		stage_set(2);
}

static void stall(unsigned int hart)
{
	hart_start();
	if (hart == 1) {
		rcu_read_lock();
		stage_set(1);
		stage_wait(2);
		rcu_read_unlock();
		CHECK(!this_hart(rcu_hart).reader);
		rcu_note_quiescent();
	} else {
		stage_wait(1);
		rcu_set_pause(let_time_pass);
		rcu_set_stall(note_stall);
		synchronize_rcu();
		CHECK(stalls == 1);
		synchronize_rcu();
		CHECK(stalls == 1);
	}
	hart_end();
}

static void stall_is_told_once(void **state)
{
	(void)state;
	stalls = 0;
	host_harts_run(2, stall);
	assert_int_equal(stalls, 1);
}

static void note_short_stall(unsigned int hart, u64 waited)
{
	CHECK(hart == 1 && waited == 8);
	stalls++;
	stage_set(2);
}

static void tick(void)
{
	host_clock_advance(1);
}

static void short_stall(unsigned int hart)
{
	hart_start();
	if (hart == 1) {
		rcu_read_lock();
		stage_set(1);
		stage_wait(2);
		rcu_read_unlock();
		rcu_note_quiescent();
	} else {
		stage_wait(1);
		rcu_set_pause(tick);
		rcu_set_stall(note_short_stall);
		rcu_set_stall_bound(7);
		synchronize_rcu();
	}
	hart_end();
}

static void stall_bound_is_settable(void **state)
{
	(void)state;
	stalls = 0;
	host_harts_run(2, short_stall);
	assert_int_equal(stalls, 1);
}

static const char *said;

static void synchronize(void *arg)
{
	(void)arg;
	synchronize_rcu();
}

static void synchronize_fast(void *arg)
{
	(void)arg;
	synchronize_rcu_expedited();
}

static void barrier_call(void *arg)
{
	(void)arg;
	rcu_barrier();
}

static void switch_thread(void *arg)
{
	(void)arg;
	rcu_note_quiescent();
}

static void enter_guest(void *arg)
{
	(void)arg;
	irq_off();
	exit_to_guest_mode();
}

/* Where the reader of the next function began, as its hart's word has it. */
static void *began;

static void (*forbidden)(void *arg);

static void forbidden_in_reader(unsigned int hart)
{
	(void)hart;
	hart_start();
	rcu_read_lock();
	began = this_hart(rcu_hart).reader;
	rcu_read_lock();
	CHECK(this_hart(rcu_hart).reader == began); /* the outermost one counts */
	rcu_read_unlock();
	CHECK(this_hart(rcu_hart).reader == began);
	said = host_expect_panic(forbidden, NULL);
}

static void nothing_of_that_inside_a_reader(void **state)
{
	static void (*const what[])(void *arg) = {synchronize, synchronize_fast, barrier_call,
						  switch_thread, enter_guest};
	char where[20];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
		forbidden = what[i];
		said = NULL;
		host_harts_run(1, forbidden_in_reader);
		assert_non_null(said);
		assert_non_null(strstr(said, "nesting"));
		snprintf(where, sizeof(where), "%016lx", (unsigned long)(uintptr_t)began);
		assert_non_null(strstr(said, where));
		assert_in_range((uintptr_t)began, (uintptr_t)forbidden_in_reader,
				(uintptr_t)forbidden_in_reader + 400);
	}
}

static void unlock(void *arg)
{
	(void)arg;
	rcu_read_unlock();
}

static void lock_unwatched(void *arg)
{
	(void)arg;
	rcu_read_lock();
}

static void unpaired(unsigned int hart)
{
	(void)hart;
	hart_start();
	said = host_expect_panic(unlock, NULL);
	CHECK(said && strstr(said, "nesting > 0"));
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
	said = host_expect_panic(lock_unwatched, NULL);
	CHECK(said && strstr(said, "rcu_watching"));
}

static void reader_must_be_one(void **state)
{
	(void)state;
	host_harts_run(1, unpaired);
}

static u32 *published, word;
static struct spinlock publishing = SPINLOCK_INIT("publishing");

static void read_outside(void *arg)
{
	(void)arg;
	(void)rcu_dereference(published);
}

static void read_protected(void *arg)
{
	(void)arg;
	(void)rcu_dereference_protected(published, &publishing);
}

static void pointers(unsigned int hart)
{
	bool was_quiet;

	(void)hart;
	hart_start();
	rcu_assign_pointer(published, &word);
	rcu_read_lock();
	CHECK(rcu_dereference(published) == &word);
	rcu_read_unlock();
	spin_lock(&publishing);
	CHECK(rcu_dereference_protected(published, &publishing) == &word);
	spin_unlock(&publishing);
	said = host_expect_panic(read_outside, NULL);
	CHECK(said && strstr(said, "is read outside of a reader"));
	said = host_expect_panic(read_protected, NULL);
	CHECK(said && strstr(said, "publishing is not held"));
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
	said = host_expect_panic(read_outside, NULL);
	CHECK(said && strstr(said, "is read where RCU does not watch"));
	was_quiet = context_irq_enter();
	rcu_read_lock();
	CHECK(rcu_dereference(published) == &word);
	rcu_read_unlock();
	context_irq_exit(was_quiet);
	context_exit_irqoff(CONTEXT_IDLE);
}

static void pointers_are_read_where_they_may_be(void **state)
{
	(void)state;
	host_harts_run(1, pointers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(waits_for_a_reader, fresh),
		cmocka_unit_test_setup(entry_ends_the_wait, fresh),
		cmocka_unit_test_setup(guest_and_idle_are_left_alone, fresh),
		cmocka_unit_test_setup(later_reader_is_not_waited_for, fresh),
		cmocka_unit_test_setup(expedited_hurries_who_stays, fresh),
		cmocka_unit_test_setup(expedited_beside_a_patient_one, fresh),
		cmocka_unit_test_setup(stall_is_told_once, fresh),
		cmocka_unit_test_setup(stall_bound_is_settable, fresh),
		cmocka_unit_test_setup(nothing_of_that_inside_a_reader, fresh),
		cmocka_unit_test_setup(reader_must_be_one, fresh),
		cmocka_unit_test_setup(pointers_are_read_where_they_may_be, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
