/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callbacks of RCU: order, loss, batches, barriers, and queues that only grow.
 */
#include "tests/unit/rcu/rcu_harts.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(callbacks_in_order, fresh),
		cmocka_unit_test_setup(callbacks_wait_for_readers, fresh),
		cmocka_unit_test_setup(no_callback_is_lost, fresh),
		cmocka_unit_test_setup(callbacks_in_batches, fresh),
		cmocka_unit_test_setup(barrier_waits_for_callbacks, fresh),
		cmocka_unit_test_setup(barrier_alone, fresh),
		cmocka_unit_test_setup(growing_queue_is_told, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
