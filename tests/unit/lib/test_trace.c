/* SPDX-License-Identifier: BSD-2-Clause */
/* Trace points and their rings: what is noted, what is lost, and what another hart may read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arch/host/host.h"
#include "hyp/console/tracedump.h"
#include "lib/irq.h"
#include "lib/log.h"
#include "lib/trace.h"
#include "tests/unit/patience.h"

static struct trace_rec rings[2][TRACE_RING];
static void (*part)(unsigned int hart); /* of a test, on each hart */

static void hart_main(unsigned int hart)
{
	trace_hart_init(rings[hart]);
	part(hart);
}

static void run(unsigned int harts, void (*fn)(unsigned int hart))
{
	memset(rings, 0, sizeof(rings));
	part = fn;
	host_harts_run(harts, hart_main);
}

static int fresh(void **state)
{
	(void)state;
	trace_set(TRACE_ALL);
	host_clock_set(1000);
	host_irq_set_handler(NULL);
	return 0;
}

/* Tests run on a hart, so what is wrong is kept for the main thread. */
static const char *broken;

#define EXPECT(c)                    \
	do {                         \
		if (!(c))            \
			broken = #c; \
	} while (0)

static void check(void)
{
	const char *what = broken;

	broken = NULL;
	if (what)
		fail_msg("not so: %s", what);
}

static void note_two(unsigned int hart)
{
	struct trace_rec r;

	trace_point(TRACE_CALL, 0x10, 3);
	host_clock_advance(5);
	trace_point(TRACE_MMIO, 0x10000000, 1 | 256);
	EXPECT(trace_count(hart) == 2);
	EXPECT(trace_read(hart, 0, &r));
	EXPECT(r.event == TRACE_CALL && r.when == 1000 && r.a == 0x10 && r.b == 3);
	EXPECT(trace_read(hart, 1, &r));
	EXPECT(r.event == TRACE_MMIO && r.when == 1005 && r.a == 0x10000000 && r.b == 257);
	EXPECT(!trace_read(hart, 2, &r));
}

static void events_are_noted(void **state)
{
	(void)state;
	run(1, note_two);
	check();
}

static void note_some(unsigned int hart)
{
	trace_set((u32)BIT(TRACE_CALL));
	trace_point(TRACE_CALL, 1, 0);
	trace_point(TRACE_MMIO, 2, 0);
	trace_set(0);
	trace_point(TRACE_CALL, 3, 0);
	EXPECT(trace_count(hart) == 1);
	trace_set(TRACE_ALL);
	trace_hart_init(NULL);
	trace_point(TRACE_CALL, 4, 0);
	EXPECT(trace_count(hart) == 1);
}

static void only_those_that_are_on(void **state)
{
	(void)state;
	run(1, note_some);
	check();
}

#define MANY (3 * TRACE_RING + 7)

static void note_many(unsigned int hart)
{
	struct trace_rec r;

	for (u64 n = 0; n < MANY; n++)
		trace_point(TRACE_SCHED, n, ~n);
	EXPECT(trace_count(hart) == MANY);
	for (u64 n = 0; n < MANY; n++)
		if (trace_read(hart, n, &r))
			EXPECT(n >= MANY - TRACE_RING && r.a == n && r.b == ~n);
		else
			EXPECT(n < MANY - TRACE_RING);
}

static void the_oldest_are_lost_and_seen_to_be(void **state)
{
	(void)state;
	run(1, note_many);
	check();
}

/* An interrupt wherever interrupts are on, and its own events among those of what it interrupts. */
static void note_irq(u32 bits)
{
	trace_point(TRACE_IRQ_ENTER, bits, 0);
	trace_point(TRACE_IRQ_EXIT, bits, 0);
}

static void note_interrupted(unsigned int hart)
{
	struct trace_rec r;
	u64 next = 0, enters = 0;

	arch_irq_on();
	for (u64 n = 0; n < 100; n++) {
		host_irq_raise(hart, HOST_IRQ_TICK);
		trace_point(TRACE_SCHED, n, 0); /* taken inside, as interrupts go on again */
	}
	arch_irq_off();
	EXPECT(trace_count(hart) == 300);
	for (u64 n = 0; n < 300; n++) {
		EXPECT(trace_read(hart, n, &r));
		if (r.event == TRACE_SCHED)
			EXPECT(r.a == next++);
		else
			EXPECT(r.event == (enters++ % 2 ? TRACE_IRQ_EXIT : TRACE_IRQ_ENTER));
	}
}

static void interrupts_nest(void **state)
{
	(void)state;
	host_irq_set_handler(note_irq);
	run(1, note_interrupted);
	check();
}

static void interrupt_state_stays(unsigned int hart)
{
	(void)hart;
	trace_point(TRACE_SCHED, 0, 0);
	EXPECT(arch_irqs_off());
	arch_irq_on();
	trace_point(TRACE_SCHED, 0, 0);
	EXPECT(!arch_irqs_off());
	arch_irq_off();
}

static void tracing_changes_no_interrupt_state(void **state)
{
	(void)state;
	run(1, interrupt_state_stays);
	check();
}

/* One hart notes events whose halves belong together; another reads whatever is there. */
#define RACE (50 * TRACE_RING)

static u32 race_over; /* atomic */

static void read_while_written(void)
{
	struct trace_rec r;
	u64 whole = 0;

	while (!arch_load_acquire(&race_over) || !whole) {
		u64 n = trace_count(0);

		for (u64 back = 1; back <= 4 && back <= n; back++) {
			if (!trace_read(0, n - back, &r))
				continue;
			EXPECT(r.a == n - back && r.b == ~r.a && r.when == r.a);
			whole++;
		}
		/* As old as can be: about to be written over. */
		if (n >= TRACE_RING && trace_read(0, n - TRACE_RING, &r))
			EXPECT(r.a == n - TRACE_RING && r.b == ~r.a && r.when == r.a);
	}
}

static void race(unsigned int hart)
{
	if (hart == 1) {
		read_while_written();
		return;
	}
	for (u64 n = 0; n < RACE; n++) {
		host_clock_set(n);
		trace_point(TRACE_SCHED, n, ~n);
	}
	arch_store_release(&race_over, 1);
}

static void what_is_read_is_whole(void **state)
{
	(void)state;
	race_over = 0;
	run(2, race);
	check();
}

static void every_event_has_a_name(void **state)
{
	(void)state;
	for (unsigned int ev = 0; ev < TRACE_EVENTS; ev++) {
		const struct trace_info *info = trace_info((enum trace_event)ev);

		assert_non_null(info->name);
		assert_in_range(strlen(info->name), 1, 16);
		assert_int_equal(trace_find(info->name, strlen(info->name)), ev);
		assert_true(info->a || !info->b);
	}
	assert_int_equal(trace_find("ca", 2), TRACE_EVENTS);
	assert_int_equal(trace_find("callx", 5), TRACE_EVENTS);
	assert_int_equal(trace_find("callx", 4), TRACE_CALL);
	assert_int_equal(trace_find("", 0), TRACE_EVENTS);
}

static char said[262144];

static void note_and_dump(unsigned int hart)
{
	for (unsigned int n = 0; n < TRACE_RING + 2; n++)
		trace_point(TRACE_CALL, 0x10, n);
	trace_point(TRACE_IDLE_ENTER, 0, 0);
	host_console_capture(said, sizeof(said));
	tracedump_last(2);
	EXPECT(strstr(said, "trace: hart 0: 1027 events, the last 2\r\n"));
	EXPECT(strstr(said, "trace 0 1025 1000 call eid=0x10 fid=0x401\r\n"));
	EXPECT(strstr(said, "trace 0 1026 1000 idle-enter\r\n"));
	EXPECT(!strstr(said, "trace 0 1024 "));
	/* It ends the tracing. */
	trace_point(TRACE_IDLE_EXIT, 0, 0);
	EXPECT(trace_count(hart) == TRACE_RING + 3);
	host_console_capture(said, sizeof(said));
	tracedump_all();
	EXPECT(strstr(said, "trace: hart 0: 1027 events, the last 1024\r\n"));
	EXPECT(!strstr(said, "trace 0 2 "));
	EXPECT(strstr(said, "trace 0 3 1000 call eid=0x10 fid=0x3\r\n"));
	EXPECT(strstr(said, "trace 0 1026 "));
	host_console_capture(NULL, 0);
}

static void dump_says_it_all(void **state)
{
	(void)state;
	run(1, note_and_dump);
	check();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(events_are_noted, fresh),
		cmocka_unit_test_setup(only_those_that_are_on, fresh),
		cmocka_unit_test_setup(the_oldest_are_lost_and_seen_to_be, fresh),
		cmocka_unit_test_setup(interrupts_nest, fresh),
		cmocka_unit_test_setup(tracing_changes_no_interrupt_state, fresh),
		cmocka_unit_test_setup(what_is_read_is_whole, fresh),
		cmocka_unit_test_setup(every_event_has_a_name, fresh),
		cmocka_unit_test_setup(dump_says_it_all, fresh),
	};

	patience(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
