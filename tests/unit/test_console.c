/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console over a firmware that is a script: limen's lines and a guest's bytes kept apart, input
 * handed on, the bounce buffer, the fallback to the legacy calls, a change of port.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "hyp/console.h"
#include "hyp/uart.h"
#include "lib/log.h"
#include "sbi/fw.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#define OFFSET 0x7000000000UL /* between limen's addresses and the firmware's */

static char out[65536];
static size_t out_len;
static const char *in = "";
static size_t write_most, asked_most; /* taken by a DBCN write; longest one asked for */
static u64 offset;
static bool legacy_only, dies;

static void die_in_write(void);

static struct sbi_ret dbcn(unsigned long fid, size_t n, u64 address)
{
	char *p = (char *)(uintptr_t)(address + offset);

	if (n > asked_most)
		asked_most = n;
	if (fid == SBI_DBCN_WRITE && dies)
		return die_in_write(), (struct sbi_ret){0, (long)n};
	if (fid == SBI_DBCN_WRITE) {
		size_t at = out_len;

		n = min_u64(n, write_most);
		assert_true(at + n < sizeof(out));
		sched_yield(); /* whoever is not kept out by the lock comes now */
		memcpy(out + at, p, n);
		out_len = at + n;
	} else {
		n = min_u64(n, strlen(in));
		memcpy(p, in, n);
		in += n;
	}
	return (struct sbi_ret){0, (long)n};
}

struct sbi_ret fw_ecall(unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
			unsigned long a4, unsigned long a5, unsigned long fid, unsigned long eid)
{
	(void)a2, (void)a3, (void)a4, (void)a5;
	if (eid == SBI_EXT_BASE)
		return (struct sbi_ret){0, fid == SBI_BASE_PROBE_EXTENSION
						   ? !legacy_only || a0 < SBI_EXT_BASE
						   : SBI_VERSION(2, 0)};
	if (eid == SBI_EXT_DBCN)
		return dbcn(fid, a0, a1);
	if (eid == SBI_EXT_0_1_CONSOLE_PUTCHAR) {
		out[out_len++] = (char)a0;
		return (struct sbi_ret){0, 0};
	}
	assert_int_equal(eid, SBI_EXT_0_1_CONSOLE_GETCHAR);
	return (struct sbi_ret){*in ? *in++ : -1, 0};
}

static int setup(void **state)
{
	(void)state;
	out_len = 0;
	in = "";
	write_most = sizeof(out);
	offset = 0;
	legacy_only = false;
	uart_sbi_set_offset(0);
	memset(&fw, 0, sizeof(fw));
	fw_probe();
	log_set_quiet(false);
	console_init_early();
	console_write_raw("\n", 1);
	out_len = 0;
	asked_most = 0;
	console_set_input(NULL, NULL);
	return 0;
}

static void guest(const char *s)
{
	console_guest_write(s, strlen(s));
}

static void expect_out(const char *want)
{
	out[out_len] = 0;
	assert_string_equal(out, want);
}

static void test_guest_bytes_pass_unchanged(void **state)
{
	char all[256], raw[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	console_guest_write(all, sizeof(all));
	memcpy(raw, out, sizeof(raw));
	assert_int_equal(out_len, 256);
	assert_memory_equal(raw, all, 256);
	console_guest_write(all, 0);
	console_write_raw(all, 0);
	assert_int_equal(out_len, 256);
}

static void test_line_on_a_fresh_line(void **state)
{
	(void)state;
	log_info("at the start");
	guest("whole line\r\n");
	log_info("after a line");
	guest("/ # ");
	log_set_quiet(true);
	log_info("not seen");
	log_report("VM a failed");
	guest("ls");
	guest("");
	log_report("VM b failed");
	expect_out("limen: at the start\r\n"
		   "whole line\r\n"
		   "limen: after a line\r\n"
		   "/ # \r\n"
		   "limen: VM a failed\r\n"
		   "ls\r\n"
		   "limen: VM b failed\r\n");
}

static void test_bounce_buffer(void **state)
{
	static char big[1000];

	(void)state;
	offset = OFFSET;
	uart_sbi_set_offset(OFFSET);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)('a' + i % 26);
	write_most = 7;
	console_write_raw(big, sizeof(big));
	assert_int_equal(out_len, sizeof(big));
	assert_memory_equal(out, big, sizeof(big));
	assert_in_range(asked_most, 1, 256);
}

/* A console that takes nothing loses the text, and limen goes on. */
static void test_stuck_console(void **state)
{
	(void)state;
	write_most = 0;
	guest("lost");
	guest("lost too");
	write_most = 100;
	guest("heard");
	expect_out("heard");
}

static char got[4096];
static size_t got_calls;

static void take(void *arg, const char *s, size_t n)
{
	assert_ptr_equal(arg, got);
	assert_true(n > 0);
	strncat(got, s, n);
	got_calls++;
	guest("echo"); /* the console's lock is not held */
}

static void expect_input(const char *bytes)
{
	got[0] = 0;
	got_calls = 0;
	in = bytes;
	console_set_input(take, got);
	console_poll();
	assert_string_equal(got, bytes);
}

static void test_input(void **state)
{
	(void)state;
	expect_input("");
	assert_int_equal(got_calls, 0);
	expect_input("\x01"
		     "a ctrl-a passes, and everything else: \x03\x1b[A\xff");
	expect_input("more than the sixty-four bytes that are handed on at a time, that is to say:"
		     " two chunks and a bit, so that the loop is seen to go round and end.");
	assert_int_equal(got_calls, 3);
	got[0] = 0;
	in = "dropped";
	console_set_input(NULL, NULL);
	console_poll();
	assert_string_equal(in, "");
	assert_string_equal(got, "");
	assert_int_equal(console_set_rx_irq(true), ERR_NOTSUP);
	in = "irq";
	console_set_input(take, got);
	console_irq();
	assert_string_equal(got, "irq");
}

static void test_poll_is_bounded(void **state)
{
	static char flood[2000];

	(void)state;
	memset(flood, 'f', sizeof(flood) - 1);
	got[0] = 0;
	in = flood;
	console_set_input(take, got);
	console_poll();
	assert_int_equal(strlen(got), 8 * 64);
	console_poll();
	assert_int_equal(strlen(got), 16 * 64);
}

static void test_legacy(void **state)
{
	(void)state;
	legacy_only = true;
	fw_probe();
	log_info("by putchar");
	expect_input("by getchar");
	out[out_len] = 0;
	assert_int_equal(strncmp(out, "limen: by putchar\r\n", 19), 0);
	assert_int_equal(asked_most, 0);
}

static void test_set_uart_refuses(void **state)
{
	static u8 regs[128];

	(void)state;
	assert_int_equal(console_set_uart(UART_NS16550, NULL, 0, 1), ERR_INVAL);
	assert_int_equal(console_set_uart(UART_NS16550, regs, 0, 2), ERR_INVAL);
	assert_int_equal(console_set_uart(UART_NS16550, regs, 0, 4), ERR_INVAL);
	assert_int_equal(console_set_uart(UART_NS16550, regs, 5, 1), ERR_INVAL);
	assert_int_equal(console_set_uart(UART_NS16550, regs, 0x80000000, 4), ERR_INVAL);
	assert_int_equal(console_set_uart(UART_SIFIVE, NULL, 0, 0), ERR_INVAL);
	assert_string_equal(console_name(), "SBI");
	guest("still here");
	expect_out("still here");
}

static void test_set_uart(void **state)
{
	static u8 regs[8] = {[5] = 0x60}; /* LSR: transmitter empty */

	(void)state;
	assert_int_equal(console_set_uart(UART_NS16550, regs, 0, 1), OK);
	assert_string_equal(console_name(), "ns16550a");
	guest("Z");
	assert_int_equal(regs[0], 'Z');
	assert_int_equal(out_len, 0);
	assert_int_equal(console_set_rx_irq(true), OK);
	assert_int_equal(regs[1], 1);
}

#define HARTS	4
#define REPORTS 100

static void chatter(unsigned int hart)
{
	for (int i = 0; i < REPORTS; i++) {
		if (hart == 0)
			guest("guest text without an end, again and again ");
		else
			log_report("hart %u report %02d", hart, i);
	}
}

/* Every report is a line of its own, and all the guest's bytes are there. */
static void test_many_harts(void **state)
{
	size_t reports = 0, guest_bytes = 0;

	(void)state;
	host_harts_run(HARTS, chatter);
	out[out_len] = 0;
	for (char *p = out; *p;) {
		size_t n = strcspn(p, "\r");

		if (!strncmp(p, "limen: ", 7)) {
			assert_int_equal(n, strlen("limen: hart 1 report 00"));
			reports++;
		} else {
			char *next = strstr(p, "limen: ");

			assert_true(!next || next > p + n);
			guest_bytes += n;
		}
		p += n;
		p += *p ? 2 : 0;
	}
	assert_int_equal(reports, (HARTS - 1) * REPORTS);
	assert_int_equal(guest_bytes,
			 REPORTS * strlen("guest text without an end, again and again "));
}

/* A hart that dies while it writes to the port holds the console's lock for ever. */
static void die_in_write(void)
{
	dies = false;
	console_panic_mode();
	log_panic_mode();
	log_report("last words");
	console_poll();
	console_write_raw("done\n", 5);
}

/* The last test: there is no way back from it. */
static void test_panic_passes_the_lock(void **state)
{
	(void)state;
	dies = true;
	guest("mid");
	expect_out("limen: last words\r\ndone\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_guest_bytes_pass_unchanged, setup),
		cmocka_unit_test_setup(test_line_on_a_fresh_line, setup),
		cmocka_unit_test_setup(test_bounce_buffer, setup),
		cmocka_unit_test_setup(test_stuck_console, setup),
		cmocka_unit_test_setup(test_input, setup),
		cmocka_unit_test_setup(test_poll_is_bounded, setup),
		cmocka_unit_test_setup(test_legacy, setup),
		cmocka_unit_test_setup(test_set_uart_refuses, setup),
		cmocka_unit_test_setup(test_set_uart, setup),
		cmocka_unit_test_setup(test_many_harts, setup),
		cmocka_unit_test_setup(test_panic_passes_the_lock, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
