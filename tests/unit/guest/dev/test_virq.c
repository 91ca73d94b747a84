/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupt lines: what a device says reaches its controller, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "guest/dev/virq.h"

struct controller {
	unsigned int sets, pulses;
	bool level;
	u32 source;
};

static void on_set(struct virq_line *line, bool level)
{
	struct controller *c = line->controller;

	c->sets++;
	c->level = level;
	c->source = line->source;
}

static void on_pulse(struct virq_line *line)
{
	struct controller *c = line->controller;

	c->pulses++;
	c->source = line->source;
}

static const struct virq_ops ops = {.set = on_set, .pulse = on_pulse};

static void test_unconnected(void **state)
{
	struct virq_line line = {.ops = NULL};

	(void)state;
	virq_set(&line, true);
	virq_set(&line, false);
	virq_pulse(&line);
}

static void test_connected(void **state)
{
	struct controller c = {0};
	struct virq_line line = {.ops = NULL};

	(void)state;
	virq_connect(&line, &ops, &c, 7, VIRQ_EDGE);
	assert_int_equal(line.trigger, VIRQ_EDGE);
	virq_set(&line, true);
	assert_true(c.sets == 1 && c.level && c.source == 7 && c.pulses == 0);
	virq_set(&line, false);
	assert_true(c.sets == 2 && !c.level);
	virq_pulse(&line);
	assert_true(c.sets == 2 && c.pulses == 1);
}

static void test_disconnected(void **state)
{
	struct controller c = {0};
	struct virq_line line;

	(void)state;
	virq_connect(&line, &ops, &c, 1, VIRQ_LEVEL);
	virq_disconnect(&line);
	virq_set(&line, true);
	virq_pulse(&line);
	assert_true(c.sets == 0 && c.pulses == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unconnected),
		cmocka_unit_test(test_connected),
		cmocka_unit_test(test_disconnected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
