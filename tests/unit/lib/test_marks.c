/* SPDX-License-Identifier: BSD-2-Clause */
/* High-water marks: what a stretch is, where it begins and ends, and what is told of the longest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "arch/host/host.h"
#include "entry/run.h"
#include "hyp/console/markdump.h"
#include "lib/irq.h"
#include "lib/marks.h"

static u64 high(enum mark m)
{
	return this_hart(marks_hart).high[m].ticks;
}

/* On hart 0 of a machine of one, interrupts off and believed so. */
static int fresh(void **state)
{
	(void)state;
	memset(&this_hart(marks_hart), 0, sizeof(struct marks_hart));
	host_clock_set(1000);
	marks_start();
	return 0;
}

static void test_irqs_off(void **state)
{
	unsigned long flags;

	(void)state;
	host_clock_advance(500); /* what was off before the first mark is not known */
	irq_on();
	assert_int_equal(high(MARK_IRQS_OFF), 0);
	host_clock_advance(500);
	irq_off();
	host_clock_advance(3);
	irq_on();
	assert_int_equal(high(MARK_IRQS_OFF), 3);
	flags = irq_save();
	host_clock_advance(4);
	irq_restore(irq_save()); /* is off, and stays so */
	host_clock_advance(5);
	irq_restore(flags);
	assert_int_equal(high(MARK_IRQS_OFF), 9);
	irq_off();
	host_clock_advance(8);
	irq_on();
	assert_int_equal(high(MARK_IRQS_OFF), 9);
	irq_off();
}

static void test_looks(void **state)
{
	(void)state;
	(void)entry_work_take(~0UL);
	host_clock_advance(7);
	(void)entry_work_take(~0UL);
	assert_int_equal(high(MARK_LOOK), 7);
	host_clock_advance(6);
	(void)entry_work_take(~0UL);
	host_clock_advance(6);
	(void)entry_work_take(~0UL);
	assert_int_equal(high(MARK_LOOK), 7);
}

/* The place is the first one after MARK_LOOK_NS, and the event that of before it. */
static void test_place(void **state)
{
	const struct mark_place *p = &this_hart(marks_hart).high[MARK_LOOK].place;
	u64 over = MARK_LOOK_NS * (arch_clock_hz() / 1000) / 1000000 + 1;

	(void)state;
	irq_on();
	(void)entry_work_take(~0UL);
	trace_point(TRACE_MMIO, 1, 4);
	irq_off();
	irq_on();
	host_clock_advance(over);
	trace_point(TRACE_MMIO, 2, 4);
	irq_off();
	irq_on();
	trace_point(TRACE_MMIO, 3, 4);
	irq_off();
	irq_on();
	host_clock_advance(1);
	(void)entry_work_take(~0UL);
	assert_int_equal(high(MARK_LOOK), over + 1);
	assert_int_equal(p->event, TRACE_MMIO);
	assert_int_equal(p->a, 2);
	assert_int_not_equal(p->depth, 0);
	/* One that turns nothing off has its end. */
	host_clock_advance(2 * over);
	trace_point(TRACE_MMIO, 5, 4);
	(void)entry_work_take(~0UL);
	assert_int_equal(p->a, 5);
	irq_off();
}

static void test_told(void **state)
{
	static char said[2048];

	(void)state;
	irq_on();
	irq_off();
	host_clock_advance(arch_clock_hz() / 1000);
	trace_point(TRACE_CALL, 0x10, 3);
	irq_on();
	irq_off();
	host_console_capture(said, sizeof(said));
	markdump_all();
	host_console_capture(NULL, 0);
	assert_non_null(strstr(said, "mark: without a look: 0 ns, hart 0"));
	assert_non_null(strstr(said, "mark: with interrupts off: 1000000 ns, hart 0, "
				     "after call eid=0x10 fid=0x3\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_irqs_off, fresh),
		cmocka_unit_test_setup(test_looks, fresh),
		cmocka_unit_test_setup(test_place, fresh),
		cmocka_unit_test_setup(test_told, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
