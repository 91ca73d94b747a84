/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grace periods: what they wait for, what they do not (E10), callbacks, and a torture run in which
 * harts read, update, enter guests and idle at random, while every object carries its age.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "entry/entry.h"
#include "entry/idle.h"
#include "entry/run.h"
#include "lib/irq.h"

static void hart_start(void)
{
	rcu_hart_init();
	vtime_hart_init();
	irq_on();
}

/* Nobody waits for a hart that is done. */
static void hart_end(void)
{
	irq_off();
	context_enter_irqoff(CONTEXT_IDLE);
}

static u32 stage; /* atomic: how far a test has come */

static void stage_set(u32 s)
{
	arch_store_release(&stage, s);
}

static void stage_wait(u32 s)
{
	while (arch_load_acquire(&stage) < s)
		arch_relax();
}

static unsigned int pauses;
static unsigned int irqs;

static void count_irq(u32 bits)
{
	(void)bits;
	__atomic_fetch_add(&irqs, 1, __ATOMIC_RELAXED);
}

static int fresh(void **state)
{
	(void)state;
	alarm(20); /* one that hangs */
	stage = pauses = irqs = 0;
	rcu_set_pause(NULL);
	rcu_set_wake(NULL);
	rcu_set_yield(NULL);
	rcu_set_hurry(NULL);
	rcu_set_stall(NULL);
	rcu_set_stall_bound(0);
	host_irq_set_handler(count_irq);
	return 0;
}

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

struct item {
	int n;
	struct rcu_head rcu;
};

static struct item items[6];
static int called[6];
static unsigned int calls, wakes;

static void note_call(struct rcu_head *head)
{
	struct item *it = container_of(head, struct item, rcu);

	called[calls++] = it->n;
	if (it->n == 2)
		call_rcu(&items[5].rcu, note_call);
}

static void note_wake(void)
{
	CHECK(arch_irqs_off());
	wakes++;
}

static void queue_and_run(unsigned int hart)
{
	u64 before = rcu_grace_periods();

	(void)hart;
	hart_start();
	rcu_set_wake(note_wake);
	CHECK(!rcu_callbacks_pending() && rcu_run_callbacks() == 0);
	for (int i = 0; i < 5; i++) {
		items[i].n = i;
		call_rcu(&items[i].rcu, note_call);
		CHECK(rcu_callbacks_pending() && wakes == 1);
	}
	CHECK(!arch_irqs_off());
	CHECK(calls == 0 && rcu_grace_periods() == before);

	CHECK(rcu_run_callbacks() == 5);
	CHECK(calls == 5 && rcu_grace_periods() == before + 1);
	for (int i = 0; i < 5; i++)
		CHECK(called[i] == i);

	/* The one that a callback queued waits for a grace period of its own. */
	CHECK(wakes == 2 && rcu_callbacks_pending());
	CHECK(rcu_run_callbacks() == 1 && calls == 6);
	CHECK(rcu_grace_periods() == before + 2);
	hart_end();
}

static void callbacks_in_order(void **state)
{
	(void)state;
	calls = wakes = 0;
	items[5].n = 5;
	host_harts_run(1, queue_and_run);
	assert_int_equal(called[5], 5);
}

static void go_on(void)
{
	CHECK(calls == 0);
	stage_set(2);
}

static void callback_against_reader(unsigned int hart)
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
		rcu_set_pause(go_on);
		call_rcu(&items[0].rcu, note_call);
		CHECK(rcu_run_callbacks() == 1);
		CHECK(stage == 2);
	}
	hart_end();
}

static void callbacks_wait_for_readers(void **state)
{
	(void)state;
	calls = 0;
	host_harts_run(2, callback_against_reader);
	assert_int_equal(calls, 1);
}

/* All harts push at once, as fast as they can, and each callback is called once. */
#define PUSHERS 3
#define PUSHES	20000

static struct rcu_head heads[PUSHERS * PUSHES];
static unsigned int times_called[PUSHERS * PUSHES];
static u32 pushers_done; /* atomic */

static void count_call(struct rcu_head *head)
{
	times_called[head - heads]++;
}

static void push_many(unsigned int hart)
{
	hart_start();
	__atomic_fetch_add(&stage, 1, __ATOMIC_ACQ_REL);
	stage_wait(PUSHERS);
	for (int i = 0; i < PUSHES; i++)
		call_rcu(&heads[hart * PUSHES + i], count_call);
	__atomic_fetch_add(&pushers_done, 1, __ATOMIC_RELEASE);
	while (hart == 0 && (arch_load_acquire(&pushers_done) < PUSHERS || rcu_callbacks_pending()))
		calls += rcu_run_callbacks();
	hart_end();
}

static char told[4096];

static void no_callback_is_lost(void **state)
{
	(void)state;
	calls = 0;
	host_console_capture(told, sizeof(told)); /* queues grow */
	host_harts_run(PUSHERS, push_many);
	host_console_capture(NULL, 0);
	assert_int_equal(calls, PUSHERS * PUSHES);
	for (int i = 0; i < PUSHERS * PUSHES; i++)
		assert_int_equal(times_called[i], 1);
}

/* Passes of at most RCU_BATCH callbacks, with a quiescent state between. */
static unsigned int yields;

static void note_yield(void)
{
	CHECK(calls == ++yields * RCU_BATCH);
	CHECK(!arch_irqs_off());
}

static void count_calls(struct rcu_head *head)
{
	(void)head;
	calls++;
}

static void run_batches(unsigned int hart)
{
	static struct rcu_head many[3 * RCU_BATCH + 1];
	u64 counter;

	(void)hart;
	hart_start();
	rcu_set_yield(note_yield);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		call_rcu(&many[i], count_calls);
	counter = this_hart(rcu_hart).counter;
	CHECK(rcu_run_callbacks() == ARRAY_SIZE(many));
	CHECK(yields == 3);
	CHECK(this_hart(rcu_hart).counter >= counter + 2 * yields);
	hart_end();
}

static void callbacks_in_batches(void **state)
{
	(void)state;
	calls = yields = 0;
	host_harts_run(1, run_batches);
	assert_int_equal(calls, 3 * RCU_BATCH + 1);
}

/* Harts 1 and 2 push, hart 0 runs callbacks: each waits until its own have been called. */
#define BARRIERS 300

static u32 own_calls[3]; /* atomic, but read only after rcu_barrier() */

static void count_own(struct rcu_head *head)
{
	unsigned int hart = 1 + (unsigned int)((head - heads) / PUSHES);

	WRITE_ONCE(own_calls[hart], own_calls[hart] + 1);
}

static void barrier_rounds(unsigned int hart)
{
	struct rcu_head *h = &heads[(hart - 1) * PUSHES];
	u32 pushed = 0;

	for (int i = 0; i < BARRIERS; i++) {
		for (int k = 0; k <= i % 7; k++)
			call_rcu(&h[pushed++], count_own);
		rcu_barrier();
		CHECK(READ_ONCE(own_calls[hart]) == pushed);
	}
}

static void barrier_many(unsigned int hart)
{
	hart_start();
	if (hart > 0) {
		barrier_rounds(hart);
		__atomic_fetch_add(&stage, 1, __ATOMIC_RELEASE);
	}
	while (hart == 0 && arch_load_acquire(&stage) < 2) {
		calls += rcu_run_callbacks();
		rcu_note_quiescent();
	}
	hart_end();
}

static void barrier_waits_for_callbacks(void **state)
{
	(void)state;
	calls = 0;
	memset(own_calls, 0, sizeof(own_calls));
	host_harts_run(3, barrier_many);
	assert_int_equal(calls, own_calls[1] + own_calls[2]);
}

/* A barrier waits for what its own hart pushed a moment ago, and asks for one pass, not for more. */
static void barrier_once(unsigned int hart)
{
	unsigned int passes = 0;

	hart_start();
	if (hart == 1) {
		call_rcu(&heads[0], count_calls);
		rcu_barrier();
		CHECK(calls == 1);
		irq_off();
		context_enter_irqoff(CONTEXT_IDLE);
		stage_set(1);
		return;
	}
	while (arch_load_acquire(&stage) < 1) {
		passes += rcu_run_callbacks();
		rcu_note_quiescent();
	}
	CHECK(passes == 1);
	rcu_run_callbacks(); /* a mark may be left: nothing stands behind it */
	CHECK(!rcu_callbacks_pending());
	hart_end();
}

static void barrier_alone(void **state)
{
	(void)state;
	calls = 0;
	host_harts_run(2, barrier_once);
	assert_int_equal(calls, 1);
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

/* A queue that only grows is told of at 10000, 20000, 40000, and not in between. */

static unsigned int times_told(void)
{
	unsigned int n = 0;

	for (char *s = told; (s = strstr(s, "callbacks wait on hart")); s++)
		n++;
	return n;
}

static void grow(unsigned int hart)
{
	(void)hart;
	hart_start();
	for (int i = 0; i < 4 * RCU_QUEUE_LONG; i++)
		call_rcu(&heads[i], count_calls);
	CHECK(rcu_run_callbacks() == 4 * RCU_QUEUE_LONG);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < RCU_QUEUE_LONG - 1; i++)
			call_rcu(&heads[i], count_calls);
		CHECK(rcu_run_callbacks() == RCU_QUEUE_LONG - 1);
	}
	hart_end();
}

static void growing_queue_is_told(void **state)
{
	(void)state;
	calls = 0;
	host_console_capture(told, sizeof(told));
	host_harts_run(1, grow);
	host_console_capture(NULL, 0);
	assert_int_equal(times_told(), 3);
	assert_non_null(strstr(told, "RCU: 10000 callbacks wait on hart 0, the last for "));
	assert_non_null(strstr(told, "RCU: 40000 callbacks"));
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
				(uintptr_t)forbidden_in_reader + 200);
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

/*
 * Torture. One pointer is read by all and replaced by all. An object is of age 0 while the pointer
 * leads to it, 1 once it was taken out, and one more after each grace period; at OLD it is freed. A
 * reader may find ages 0 and 1. From age 2 on its word is spoilt, by a plain store that is what the
 * sanitizers look at: a grace period that ends too soon is a race to one, a use after free to the
 * other, and without either of them an age that nobody may see.
 */
#define HARTS  5
#define ROUNDS (getenv("LIMEN_FULL") ? 2000000 : 100000)
#define OLD    4
#define LIVE   0x600d600d600d600dUL

struct object {
	u64 word; /* plain */
	u32 age;  /* atomic */
	struct rcu_head rcu;
};

static struct object *shared;
static u64 ages[OLD + 1]; /* atomic: how often a reader left with an object of that age */
static u64 made, gone;	  /* atomic */
static u32 harts_done;	  /* atomic */

static u32 random_next(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void spin(u32 n)
{
	while (n--)
		barrier();
}

static struct object *object_new(void)
{
	struct object *o = malloc(sizeof(*o));

	CHECK(o);
	*o = (struct object){.word = LIVE};
	__atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
	return o;
}

/* A grace period has passed since the last one. */
static void object_ages(struct rcu_head *head)
{
	struct object *o = container_of(head, struct object, rcu);

	WRITE_ONCE(o->age, o->age + 1);
	o->word = 0;
	if (o->age < OLD) {
		call_rcu(&o->rcu, object_ages);
		return;
	}
	free(o);
	__atomic_fetch_add(&gone, 1, __ATOMIC_RELAXED);
}

static struct object *object_replace(void)
{
	struct object *old = __atomic_exchange_n(&shared, object_new(), __ATOMIC_ACQ_REL);

	WRITE_ONCE(old->age, 1);
	return old;
}

static void torture_read(u32 *seed)
{
	struct object *o;
	u32 age;

	rcu_read_lock();
	o = rcu_dereference(shared);
	CHECK(o->word == LIVE);
	if (random_next(seed) % 8 == 0)
		arch_relax();
	spin(random_next(seed) % 200);
	CHECK(o->word == LIVE);
	age = READ_ONCE(o->age);
	rcu_read_unlock();
	CHECK(age < ARRAY_SIZE(ages));
	__atomic_fetch_add(&ages[age], 1, __ATOMIC_RELAXED);
}

static void torture_away(u32 *seed, enum context where)
{
	bool quiet;

	irq_off();
	context_enter_irqoff(where);
	spin(random_next(seed) % 200);
	if (random_next(seed) % 4 == 0) {
		quiet = context_irq_enter();
		torture_read(seed);
		context_irq_exit(quiet);
	}
	if (random_next(seed) % 8 == 0)
		arch_relax();
	context_exit_irqoff(where);
	irq_on();
}

static void torture_update(bool expedited)
{
	struct object *old = object_replace();

	if (expedited)
		synchronize_rcu_expedited();
	else
		synchronize_rcu();
	object_ages(&old->rcu);
}

struct flag {
	struct rcu_head rcu;
	bool up; /* plain: what orders it is rcu_barrier() */
};

static void flag_up(struct rcu_head *head)
{
	container_of(head, struct flag, rcu)->up = true;
}

static void torture_barrier(void)
{
	struct flag flag = {.up = false};

	call_rcu(&flag.rcu, flag_up);
	rcu_barrier();
	CHECK(flag.up);
}

static void torture_round(unsigned int hart, u32 *seed)
{
	u32 what = random_next(seed) % 100;

	if (what < 60)
		torture_read(seed);
	else if (what < 75)
		torture_away(seed, CONTEXT_GUEST);
	else if (what < 85)
		torture_away(seed, CONTEXT_IDLE);
	else if (what < 92)
		call_rcu(&object_replace()->rcu, object_ages);
	else if (what < 94)
		torture_update(what == 93);
	else if (what == 94 && hart && random_next(seed) % 16 == 0)
		torture_barrier();
	else
		rcu_note_quiescent();
	if (hart == 0 && what % 16 == 0)
		rcu_run_callbacks();
}

static void torture(unsigned int hart)
{
	u32 seed = 1 + hart;

	hart_start();
	for (int i = 0; i < ROUNDS; i++)
		torture_round(hart, &seed);
	__atomic_fetch_add(&harts_done, 1, __ATOMIC_RELEASE);
	while (hart == 0 && (arch_load_acquire(&harts_done) < HARTS || rcu_callbacks_pending())) {
		rcu_run_callbacks();
		rcu_note_quiescent();
	}
	hart_end();
}

static void torture_ages(void **state)
{
	u64 before = rcu_grace_periods();

	(void)state;
	alarm(getenv("LIMEN_FULL") ? 1800 : 100);
	shared = object_new();
	host_harts_run(HARTS, torture);
	print_message("# ages seen: %lu %lu %lu %lu %lu; %lu objects, %lu grace periods\n",
		      (unsigned long)ages[0], (unsigned long)ages[1], (unsigned long)ages[2],
		      (unsigned long)ages[3], (unsigned long)ages[4], (unsigned long)made,
		      (unsigned long)(rcu_grace_periods() - before));
	assert_true(ages[0] > 0 && ages[1] > 0);
	for (int age = 2; age <= OLD; age++)
		assert_int_equal(ages[age], 0);
	assert_int_equal(made, gone + 1);
	free(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(waits_for_a_reader, fresh),
		cmocka_unit_test_setup(entry_ends_the_wait, fresh),
		cmocka_unit_test_setup(guest_and_idle_are_left_alone, fresh),
		cmocka_unit_test_setup(later_reader_is_not_waited_for, fresh),
		cmocka_unit_test_setup(callbacks_in_order, fresh),
		cmocka_unit_test_setup(callbacks_wait_for_readers, fresh),
		cmocka_unit_test_setup(no_callback_is_lost, fresh),
		cmocka_unit_test_setup(callbacks_in_batches, fresh),
		cmocka_unit_test_setup(barrier_waits_for_callbacks, fresh),
		cmocka_unit_test_setup(barrier_alone, fresh),
		cmocka_unit_test_setup(expedited_hurries_who_stays, fresh),
		cmocka_unit_test_setup(expedited_beside_a_patient_one, fresh),
		cmocka_unit_test_setup(stall_is_told_once, fresh),
		cmocka_unit_test_setup(stall_bound_is_settable, fresh),
		cmocka_unit_test_setup(growing_queue_is_told, fresh),
		cmocka_unit_test_setup(nothing_of_that_inside_a_reader, fresh),
		cmocka_unit_test_setup(reader_must_be_one, fresh),
		cmocka_unit_test_setup(torture_ages, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
