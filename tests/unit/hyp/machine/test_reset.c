/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways a machine ends, in their order: each step notes itself in one string.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "lib/log.h"
#include "sbi/fw.h"

#include <stdio.h>
#include <string.h>

static char story[512];

static void tell(const char *fmt, ...)
{
	size_t have = strlen(story);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(story + have, sizeof(story) - have, fmt, ap);
	va_end(ap);
}

/* The clock of a test stands still: the write lets the time go by that the driver waits. */
#define HYP_MACHINE_MMIO_H
static u32 test0, port[8];

static void mmio_write32(volatile void *reg, u32 v)
{
	volatile u32 *r = reg;

	*r = v;
	if (r >= port && r < port + 8)
		tell("port %zx=%x; ", (size_t)(r - port) * 4, v);
	else
		tell("test0 %x; ", v);
	if (r == &test0 || r == port)
		host_clock_advance(arch_clock_hz());
}

#include "hyp/machine/reset.c"

static jmp_buf halted;

/* Takes a lock, which takes interrupts off itself. */
bool panic_in_progress(void)
{
	return false;
}

void markdump_all(void)
{
}

void console_drain(void)
{
	assert_false(arch_irqs_off());
	tell("drain; ");
}

struct sbi_ret fw_ecall(unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
			unsigned long a4, unsigned long a5, unsigned long fid, unsigned long eid)
{
	(void)a2, (void)a3, (void)a4, (void)a5;
	tell("sbi %lx.%lu %lu %lu; ", eid, fid, a0, a1);
	return (struct sbi_ret){SBI_ERR_NOT_SUPPORTED, 0};
}

void machine_halt(void)
{
	tell("halt");
	longjmp(halted, 1);
}

static void sink(const char *s, size_t n)
{
	tell("%.*s; ", (int)n - 2, s);
}

static bool has_port;

static void expect(bool has_test0, bool has_srst, bool reboot, bool failed, const char *want)
{
	story[0] = 0;
	log_set_sink(sink);
	reset_set_test_device(has_test0 ? &test0 : NULL);
	reset_set_test_port(has_port ? port : NULL);
	fw = (struct fw){.found = has_srst ? BIT(FW_SRST) : 0};
	arch_irq_on(); /* the last machine ended with them off */
	if (!setjmp(halted)) {
		if (reboot)
			machine_reboot();
		machine_power_off(failed);
	}
	assert_string_equal(story, want);
}

static void test_everything(void **state)
{
	(void)state;
	expect(true, true, false, false,
	       "drain; test0 5555; sbi 53525354.0 0 0; limen: machine cannot power off; "
	       "halt");
	expect(true, true, false, true,
	       "drain; test0 13333; sbi 53525354.0 0 1; limen: machine cannot power off; "
	       "halt");
	expect(true, true, true, false,
	       "drain; test0 7777; sbi 53525354.0 1 0; limen: machine cannot reboot; halt");
}

static void test_nothing(void **state)
{
	(void)state;
	expect(false, false, false, true, "drain; limen: machine cannot power off; halt");
	expect(false, false, true, false, "drain; limen: machine cannot reboot; halt");
}

/* A restart is the good end, and no end for what failed. */
static void test_port(void **state)
{
	(void)state;
	has_port = true;
	expect(false, true, false, false,
	       "drain; sbi 53525354.0 0 0; sbi 53525354.0 1 0; limen: machine cannot power off; halt");
	expect(false, true, false, true,
	       "drain; sbi 53525354.0 0 1; port 8=1; port 0=71; limen: machine cannot power off; halt");
	expect(false, true, true, false,
	       "drain; sbi 53525354.0 1 0; limen: machine cannot reboot; halt");
	has_port = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
