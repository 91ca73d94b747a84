/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console over a firmware that is a script, and over a port that takes its time, stands still, or loses
 * interrupts: limen's lines and guests' bytes kept apart, nobody who waits for it, input handed on as
 * far as there is room, the bounce buffer, the fallback to the legacy calls, a change of port.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "hyp/console/console.h"
#include "hyp/console/uart.h"
#include "hyp/sched/bill.h"
#include "lib/log.h"
#include "rcu/rcu.h"
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

/* ---- who pays --------------------------------------------------------------------------------- */

static struct sched_group *paid[8];
static unsigned int payers;

void bill_note(struct sched_group *group)
{
	if (!payers || paid[(payers - 1) % 8] != group)
		paid[payers++ % 8] = group;
}

/* ---- a port ----------------------------------------------------------------------------------- */

#define FIFO	 16
#define PATIENCE 100

/* What it sends counts once it has left the FIFO. */
static struct {
	char fifo[FIFO];
	size_t n;
	bool stands;		  /* its far end does not read */
	bool tx, rx;		  /* interrupts that are on */
	bool was_busy;		  /* the transmitter has not told that it is empty */
	bool quick;		  /* it is empty at once */
	bool empties;		  /* it does when its interrupt is turned on, and does not tell */
	unsigned int looks, most; /* at one hold of the lock, about */
} port;

static void port_shift(size_t n)
{
	n = port.stands ? 0 : min_u64(n, port.n);
	memcpy(out + out_len, port.fifo, n);
	out_len += n;
	memmove(port.fifo, port.fifo + n, port.n - n);
	port.n -= n;
}

static void port_init(struct uart *u)
{
	(void)u;
	memset(&port, 0, sizeof(port));
}

static size_t port_take(const char *s, size_t n)
{
	if (port.quick) {
		memcpy(out + out_len, s, n);
		out_len += n;
		return n;
	}
	n = min_u64(n, FIFO - port.n);
	memcpy(port.fifo + port.n, s, n);
	port.n += n;
	port.was_busy |= n > 0;
	return n;
}

static size_t port_send(struct uart *u, const char *s, size_t n)
{
	(void)u;
	assert_true(arch_irqs_off());
	port.looks++;
	sched_yield();
	return port_take(s, n);
}

static size_t port_write(struct uart *u, const char *s, size_t n)
{
	unsigned int patience = PATIENCE;
	size_t done = 0;

	while (done < n && --patience) {
		size_t len = port_take(s + done, n - done);

		if (len)
			patience = PATIENCE;
		done += len;
		port_shift(1);
	}
	u->stuck = done < n;
	return done;
}

static void port_drain(struct uart *u)
{
	(void)u;
	port_shift(FIFO);
}

static size_t port_read(struct uart *u, char *buf, size_t n)
{
	(void)u;
	n = min_u64(n, strlen(in));
	memcpy(buf, in, n);
	in += n;
	return n;
}

static int port_set_irqs(struct uart *u, bool rx, bool tx)
{
	(void)u;
	if (port.empties && tx && !port.tx) {
		port_shift(FIFO);
		port.was_busy = false;
	}
	port.rx = rx;
	port.tx = tx;
	return OK;
}

const struct uart_ops uart_sifive_ops = {
	.name = "a model",
	.burst = 32,
	.init = port_init,
	.send = port_send,
	.write = port_write,
	.drain = port_drain,
	.read = port_read,
	.set_irqs = port_set_irqs,
};

/* n bytes leave the port; its interrupts are taken as they come, or lost. */
static void port_runs(size_t n, bool loses)
{
	while (n--) {
		port_shift(1);
		if (port.n == 0 && port.was_busy) {
			port.was_busy = false;
			if (port.tx && !loses)
				(void)console_irq();
		}
	}
}

/* ---- */

static struct outsource guests[2];
static char guest_ring[2][1024];
static unsigned int told[2], woken;

static void on_room(struct outsource *s)
{
	told[s - guests]++;
}

static void on_wake(void)
{
	woken++;
}

static void add_guests(void)
{
	static const char *const names[] = {"a", "b"};

	for (int i = 0; i < 2; i++) {
		guests[i] = (struct outsource){.name = names[i], .room = on_room};
		outring_init(&guests[i].ring, guest_ring[i], sizeof(guest_ring[i]));
		assert_int_equal(console_add(&guests[i]), OK);
		told[i] = 0;
	}
	woken = 0;
}

static int setup(void **state)
{
	(void)state;
	if (!rcu_watching())
		rcu_hart_init();
	out_len = 0;
	in = "";
	write_most = sizeof(out);
	offset = 0;
	legacy_only = false;
	uart_firmware_set_offset(0);
	memset(&fw, 0, sizeof(fw));
	fw_probe();
	log_set_quiet(false);
	console_init_early();
	console_write_raw("\n", 1);
	out_len = 0;
	asked_most = 0;
	console_set_input(NULL, NULL);
	add_guests();
	console_show(&guests[0], true);
	return 0;
}

/* A port with interrupts, that of the model. */
static int setup_port(void **state)
{
	static u8 regs[8];

	setup(state);
	assert_int_equal(console_set_uart(UART_SIFIVE, regs, 0, 0), OK);
	assert_int_equal(console_use_irqs(), OK);
	assert_true(port.rx && !port.tx);
	console_begin(on_wake);
	return 0;
}

/* The firmware's, with a thread. */
static int setup_thread(void **state)
{
	setup(state);
	console_begin(on_wake);
	return 0;
}

static size_t guest_n(unsigned int i, const char *s, size_t n)
{
	size_t room;

	return console_put(&guests[i], s, n, 0, &room);
}

static void guest(const char *s)
{
	assert_int_equal(guest_n(0, s, strlen(s)), strlen(s));
}

static void send_all(void)
{
	while (console_send())
		;
}

static void expect_out(const char *want)
{
	out[out_len] = 0;
	assert_string_equal(out, want);
}

static void test_guest_bytes_pass_unchanged(void **state)
{
	char all[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	assert_int_equal(guest_n(0, all, sizeof(all)), 256);
	send_all();
	assert_int_equal(out_len, 256);
	assert_memory_equal(out, all, 256);
	guest("");
	console_write_raw(all, 0);
	send_all();
	assert_int_equal(out_len, 256);
}

static void test_line_on_a_fresh_line(void **state)
{
	(void)state;
	log_info("at the start");
	guest("whole line\r\n");
	send_all();
	log_info("after a line");
	guest("/ # ");
	send_all();
	log_set_quiet(true);
	log_info("not seen");
	log_report("VM a failed");
	guest("ls");
	send_all();
	guest("");
	log_report("VM b failed");
	send_all();
	expect_out("limen: at the start\r\n"
		   "whole line\r\n"
		   "limen: after a line\r\n"
		   "/ # \r\n"
		   "limen: VM a failed\r\n"
		   "ls\r\n"
		   "limen: VM b failed\r\n");
}

/* While the machine boots who logs waits. */
static void test_log_waits_at_boot(void **state)
{
	(void)state;
	write_most = 3;
	log_info("at boot");
	expect_out("limen: at boot\r\n");
}

static void test_bounce_buffer(void **state)
{
	static char big[1000];

	(void)state;
	offset = OFFSET;
	uart_firmware_set_offset(OFFSET);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)('a' + i % 26);
	write_most = 7;
	console_write_raw(big, sizeof(big));
	assert_int_equal(out_len, sizeof(big));
	assert_memory_equal(out, big, sizeof(big));
	assert_in_range(asked_most, 1, 256);
}

/* A firmware that takes nothing, or fails, loses nothing once guests run. */
static void test_firmware_without_room(void **state)
{
	(void)state;
	write_most = 0;
	guest("kept");
	log_report("kept too");
	assert_int_equal(woken, 1); /* who logs wakes nobody: it may hold a runqueue's lock */
	assert_int_equal(console_send(), 0);
	assert_true(console_pending());
	write_most = 3;
	assert_true(console_send() > 0);
	send_all();
	assert_false(console_pending());
	expect_out("limen: kept too\r\nkept");
	assert_in_range(asked_most, 1, 16); /* others wait while firmware sends */
}

/* ---- a port with interrupts ------------------------------------------------------------------- */

/* Nobody waits: what does not fit goes when the port has room, in order, and the interrupt is on for as
 * long. */
static void test_nobody_waits(void **state)
{
	(void)state;
	guest("0123456789abcdefghijklmnopqrstuvwxyz");
	assert_int_equal(port.n, FIFO);
	assert_in_range(port.looks, 1, 4);
	assert_true(port.tx);
	log_report("a line");
	port_runs(100, false);
	expect_out("0123456789abcdefghijklmnopqrstuvwxyz\r\nlimen: a line\r\n");
	assert_false(port.tx);
	guest("x");
	port_runs(1, false);
	assert_int_equal(out_len, 36 + 2 + 15 + 1);
	assert_false(port.tx);
	assert_int_equal(woken, 0);
}

/* A far end that stopped reading: each write looks at the port a few times and goes on, the guest that writes is
 * told of it, limen's lines are counted, and all of it is said when the port moves again. */
static void test_far_end_stops(void **state)
{
	unsigned int took = 0, lines = 0, looks;

	(void)state;
	port.stands = true;
	for (unsigned int i = 0; i < 2000; i++)
		took += (unsigned int)guest_n(0, "g", 1);
	assert_int_equal(took, sizeof(guest_ring[0]) + FIFO);
	looks = port.looks;
	for (; lines < 1000; lines++)
		log_report("a line while the port stands");
	assert_true(port.looks - looks <= 2 * lines);
	assert_int_equal(guest_n(1, "not shown", 9), 9);
	assert_int_equal(told[0], 0);
	port.stands = false;
	port_runs(100000, false);
	assert_false(console_pending());
	assert_int_equal(told[0], 1);
	out[out_len] = 0;
	assert_non_null(strstr(out, " lines of the log are lost here\r\n"));
	assert_int_equal(guest_n(0, "again", 5), 5);
}

/* An interrupt that never comes: whoever writes next looks for itself. */
static void test_interrupt_lost(void **state)
{
	(void)state;
	guest("0123456789abcdefghijklmnopqrstuvwxyz");
	port_runs(FIFO, true);
	guest("!");
	port_runs(FIFO, true);
	log_report("x");
	port_runs(100, false);
	expect_out("0123456789abcdefghijklmnopqrstuvwxyz!\r\nlimen: x\r\n");
}

/* A transmitter that became empty just before its interrupt was on, and never tells of that. */
static void test_empty_too_early(void **state)
{
	(void)state;
	port.empties = true;
	guest("0123456789abcdefghijklmnopqrstuvwxyz");
	port_runs(100, false);
	expect_out("0123456789abcdefghijklmnopqrstuvwxyz");
}

/* Whose bytes go pays for their going; for limen's own lines nobody does. */
static void test_payers(void **state)
{
	static struct sched_group payer[2];

	(void)state;
	guests[0].payer = &payer[0];
	guests[1].payer = &payer[1];
	console_show(&guests[1], true);
	port.stands = true;
	(void)guest_n(0, "fills the port.\n", FIFO);
	(void)guest_n(0, "of the first\n", 13);
	(void)guest_n(1, "of the second\n", 14);
	log_info("of limen's");
	port.stands = false;
	payers = 0;
	port_runs(1000, false);
	assert_int_equal(payers, 3);
	expect_out("fills the port.\nof the first\nlimen: of limen's\r\nof the second\n");
	assert_ptr_equal(paid[0], &payer[0]);
	assert_null(paid[1]);
	assert_ptr_equal(paid[2], &payer[1]);
}

/* A port that takes all at once does not keep the hart: a burst, a rest. */
static void test_quick_port(void **state)
{
	char text[100];

	(void)state;
	memset(text, 'q', sizeof(text));
	port.stands = true;
	assert_int_equal(guest_n(0, text, sizeof(text)), sizeof(text));
	assert_true(port.tx);
	port.quick = true;
	port.n = 0;
	assert_true(console_irq());
	assert_int_equal(out_len, 32);
	assert_false(port.tx);
	guest("r"); /* who puts in more sends, and turns nothing on */
	assert_int_equal(out_len, 33);
	assert_false(port.tx);
	assert_true(console_go_on());
	assert_int_equal(out_len, 65);
	assert_false(console_go_on());
	assert_int_equal(out_len, sizeof(text) - FIFO + 1);
	assert_false(port.tx);
}

/* One that floods and one that writes a line: the line comes soon, and limen's before all. */
static void test_flood(void **state)
{
	(void)state;
	console_show(&guests[1], true);
	for (unsigned int i = 0; i < 1000; i++)
		(void)guest_n(0, "f", 1);
	assert_int_equal(guest_n(1, "hello", 5), 5);
	log_report("limen's");
	port_runs(FIFO + 2 * OUTMIX_RUN + 32, false);
	out[out_len] = 0;
	assert_non_null(strstr(out, "\r\nlimen: limen's\r\n"));
	assert_non_null(strstr(out, "hello"));
}

/* What a VM without the console wrote is kept, and shown once it has it. */
static void test_kept_is_shown(void **state)
{
	(void)state;
	assert_int_equal(guest_n(1, "early\r\n", 7), 7);
	port_runs(100, false);
	expect_out("");
	console_remove(&guests[0]);
	log_report("the console goes to VM b");
	console_show(&guests[1], true);
	port_runs(100, false);
	expect_out("limen: the console goes to VM b\r\nearly\r\n");
}

/* At the end all that is in the rings goes out, and from then on whoever writes waits. */
static void test_drain(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 500; i++)
		guest("d");
	log_report("last but one");
	console_drain();
	assert_int_equal(out_len, 500 + 2 + strlen("limen: last but one\r\n"));
	log_report("last");
	console_drain();
	assert_memory_equal(out + out_len - 13, "limen: last\r\n", 13);
	assert_false(port.tx);
	port.stands = true;
	for (unsigned int i = 0; i < 100; i++)
		log_report("nobody reads this");
	console_drain(); /* comes back */
}

/* ---- input ------------------------------------------------------------------------------------ */

static char got[4096];
static size_t got_calls;

static size_t got_room;

static size_t room(void *arg)
{
	assert_ptr_equal(arg, got);
	return got_room;
}

static void take(void *arg, const char *s, size_t n)
{
	assert_ptr_equal(arg, got);
	assert_in_range(n, 1, got_room);
	got_room -= n;
	strncat(got, s, n);
	got_calls++;
	(void)guest_n(0, "echo", 4); /* the console's lock is not held */
}

static const struct console_input input = {room, take};

static void expect_input(const char *bytes)
{
	got[0] = 0;
	got_calls = 0;
	got_room = sizeof(got);
	in = bytes;
	console_set_input(&input, got);
	while (console_poll())
		;
	assert_string_equal(got, bytes);
}

static void test_input(void **state)
{
	(void)state;
	expect_input("");
	assert_int_equal(got_calls, 0);
	expect_input("\x01"
		     "a ctrl-a passes, and everything else: \x03\x1b[A\xff");
	expect_input(
		"more than the sixteen bytes that are handed on at a time, so that more is known to be there.....");
	assert_int_equal(got_calls, 6);
	got[0] = 0;
	in = "dropped";
	console_set_input(NULL, NULL);
	console_poll();
	assert_string_equal(in, "");
	assert_string_equal(got, "");
	assert_int_equal(console_use_irqs(), ERR_NOTSUP);
	in = "irq";
	console_set_input(&input, got);
	(void)console_irq();
	assert_string_equal(got, "irq");
}

/* What there is no room for stays in the port, whose interrupt is off until there is. */
static void test_input_without_room(void **state)
{
	(void)state;
	got[0] = 0;
	got_room = 10;
	in = "more than ten bytes of input";
	console_set_input(&input, got);
	(void)console_irq();
	assert_string_equal(got, "more than ");
	assert_string_equal(in, "ten bytes of input");
	(void)console_irq(); /* it has more */
	assert_false(port.rx);
	(void)console_irq(); /* another one, for output */
	assert_false(port.rx);
	got_room = 4;
	console_input_room();
	assert_true(port.rx);
	(void)console_irq();
	(void)console_irq();
	assert_string_equal(got, "more than ten ");
	assert_false(port.rx);
	console_set_input(NULL, NULL); /* the one that had no room is gone */
	assert_true(port.rx);
	(void)console_irq();
	assert_string_equal(in, "");
}

static void test_poll_without_room(void **state)
{
	(void)state;
	got[0] = 0;
	got_room = 3;
	in = "polled";
	console_set_input(&input, got);
	console_poll();
	console_poll();
	assert_string_equal(got, "pol");
	got_room = 100;
	console_input_room();
	console_poll();
	assert_string_equal(got, "polled");
}

/* A far end that is quicker than a line does not keep the hart. */
static void test_input_rests(void **state)
{
	static char flood[2000];

	(void)state;
	memset(flood, 'f', sizeof(flood) - 1);
	got[0] = 0;
	got_room = sizeof(got);
	in = flood;
	console_set_input(&input, got);
	assert_true(console_irq());
	assert_int_equal(strlen(got), 16);
	assert_false(port.rx);
	console_input_room(); /* room is not what it waits for */
	assert_false(port.rx);
	assert_true(console_go_on());
	assert_int_equal(strlen(got), 32);
	assert_false(port.rx);
	in = "the rest";
	assert_false(console_go_on());
	assert_true(port.rx);
}

static void test_poll_is_bounded(void **state)
{
	static char flood[2000];

	(void)state;
	memset(flood, 'f', sizeof(flood) - 1);
	got[0] = 0;
	got_room = sizeof(got);
	in = flood;
	console_set_input(&input, got);
	assert_true(console_poll());
	assert_int_equal(strlen(got), 16);
	assert_true(console_poll());
	assert_int_equal(strlen(got), 32);
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
	console_write_raw("still here", 10);
	expect_out("still here");
}

static void test_set_uart(void **state)
{
	static u8 regs[8] = {[5] = 0x60}; /* LSR: transmitter empty */

	(void)state;
	assert_int_equal(console_set_uart(UART_NS16550, regs, 0, 1), OK);
	assert_string_equal(console_name(), "ns16550a");
	console_write_raw("Z", 1);
	assert_int_equal(regs[0], 'Z');
	assert_int_equal(out_len, 0);
	assert_int_equal(console_use_irqs(), OK);
	assert_int_equal(regs[1], 1);
}

#define HARTS	4
#define REPORTS 100

static unsigned int chatters;

/* Hart 1 is the port and its interrupt. */
static void chatter(unsigned int hart)
{
	if (!rcu_watching())
		rcu_hart_init();
	for (int i = 0; i < REPORTS && hart != 1; i++) {
		if (hart == 0)
			while (!guest_n(0, "guest text", 10))
				sched_yield();
		else
			log_report("hart %u report %02d", hart, i);
	}
	if (hart != 1)
		__atomic_fetch_add(&chatters, 1, __ATOMIC_RELEASE);
	while (hart == 1 &&
	       (__atomic_load_n(&chatters, __ATOMIC_ACQUIRE) < HARTS - 1 || console_pending()))
		console_send();
}

/* Every report is a line of its own, and all the guest's bytes are there. */
static void test_many_harts(void **state)
{
	size_t reports = 0, guest_bytes = 0;

	(void)state;
	chatters = 0;
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
	assert_int_equal(reports, (HARTS - 2) * REPORTS);
	assert_int_equal(guest_bytes, REPORTS * strlen("guest text"));
}

/* The same over a port that all of them send to; nothing gets lost, and the line's order is each one's own. */
static void port_chatter(unsigned int hart)
{
	if (!rcu_watching())
		rcu_hart_init();
	for (int i = 0; i < REPORTS; i++) {
		if (hart < 2)
			while (!guest_n(hart, "guest text", 10))
				console_send();
		else
			log_report("hart %u report %02d", hart, i);
	}
}

static void test_many_harts_at_a_port(void **state)
{
	(void)state;
	console_show(&guests[1], true);
	host_harts_run(HARTS, port_chatter);
	for (int i = 0; i < 10000 && console_pending(); i++) {
		port_shift(FIFO);
		console_irq();
	}
	assert_false(console_pending());
	port_shift(FIFO);
	out[out_len] = 0;
	for (char *p = strstr(out, "limen: "); p; p = strstr(p + 1, "limen: "))
		assert_int_equal(strcspn(p, "\r"), strlen("limen: hart 1 report 00"));
	for (char *p = out; (p = strstr(p, "\r\n")); p += 2)
		out_len -= 2;
	assert_int_equal(out_len, REPORTS * 2 * 10 + (HARTS - 2) * REPORTS * 23);
}

/* A hart that dies while it writes to the port holds the console's lock for ever; what is in the rings comes
 * before its last words. */
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
	log_report("before");
	guest("mid");
	dies = true;
	(void)console_send();
	out[out_len] = 0;
	assert_memory_equal(out, "limen: before\r\nmid\r\nlimen: last words\r\ndone\n", 45);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_log_waits_at_boot, setup),
		cmocka_unit_test_setup(test_bounce_buffer, setup),
		cmocka_unit_test_setup(test_input, setup),
		cmocka_unit_test_setup(test_poll_is_bounded, setup),
		cmocka_unit_test_setup(test_legacy, setup),
		cmocka_unit_test_setup(test_set_uart_refuses, setup),
		cmocka_unit_test_setup(test_set_uart, setup),
		cmocka_unit_test_setup(test_poll_without_room, setup),
		cmocka_unit_test_setup(test_guest_bytes_pass_unchanged, setup_thread),
		cmocka_unit_test_setup(test_line_on_a_fresh_line, setup_thread),
		cmocka_unit_test_setup(test_firmware_without_room, setup_thread),
		cmocka_unit_test_setup(test_many_harts, setup_thread),
		cmocka_unit_test_setup(test_nobody_waits, setup_port),
		cmocka_unit_test_setup(test_far_end_stops, setup_port),
		cmocka_unit_test_setup(test_interrupt_lost, setup_port),
		cmocka_unit_test_setup(test_empty_too_early, setup_port),
		cmocka_unit_test_setup(test_quick_port, setup_port),
		cmocka_unit_test_setup(test_payers, setup_port),
		cmocka_unit_test_setup(test_flood, setup_port),
		cmocka_unit_test_setup(test_kept_is_shown, setup_port),
		cmocka_unit_test_setup(test_drain, setup_port),
		cmocka_unit_test_setup(test_input_without_room, setup_port),
		cmocka_unit_test_setup(test_input_rests, setup_port),
		cmocka_unit_test_setup(test_many_harts_at_a_port, setup_port),
		cmocka_unit_test_setup(test_panic_passes_the_lock, setup_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
