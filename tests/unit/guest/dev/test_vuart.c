/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial port model: what Linux's 8250 driver does to find out what it has, to start it, to
 * send and to receive; each register's rules; and random accesses with the invariants looked at
 * after each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "guest/dev/vuart.h"
#include "guest/dev/vuart_regs.h"

static struct vuart u;
static bool line;	   /* the interrupt line */
static unsigned int rises; /* how often it rose */
static u8 sent[4096];
static size_t sent_count;
static unsigned int rooms; /* calls of rx_room */
static const char *more;   /* what rx_room gives then */
static bool full;	   /* outside has no room */

static void on_set(struct virq_line *l, bool level)
{
	assert_ptr_equal(l, &u.irq);
	assert_true(arch_irqs_off());
	assert_true(level != line);
	line = level;
	rises += level;
}

static const struct virq_ops line_ops = {.set = on_set};

static bool on_tx(struct vuart *v, u8 byte)
{
	assert_ptr_equal(v, &u);
	sent[sent_count++ % sizeof(sent)] = byte;
	return !full;
}

/* It may use the model. */
static void on_room(struct vuart *v)
{
	rooms++;
	if (more)
		more += vuart_receive(v, (const u8 *)more, strlen(more));
}

static const struct vuart_ops ops = {.tx = on_tx, .rx_room = on_room};

static int setup(void **state)
{
	(void)state;
	vuart_init(&u, &ops, NULL);
	virq_connect(&u.irq, &line_ops, NULL, 1, VIRQ_LEVEL);
	line = false;
	rises = 0;
	sent_count = 0;
	rooms = 0;
	more = NULL;
	full = false;
	return 0;
}

static u8 in(unsigned int reg)
{
	return vuart_read(&u, reg);
}

static void out(unsigned int reg, unsigned int val)
{
	vuart_write(&u, reg, (u8)val);
}

static size_t feed(const char *s)
{
	return vuart_receive(&u, (const u8 *)s, strlen(s));
}

static void test_reset(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 2; n++) {
		assert_int_equal(in(UART_IER), 0);
		assert_int_equal(in(UART_IIR), UART_IIR_NONE);
		assert_int_equal(in(UART_LCR), 0);
		assert_int_equal(in(UART_MCR), 0);
		assert_int_equal(in(UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
		assert_int_equal(in(UART_MSR), UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD);
		assert_int_equal(in(UART_RBR), 0);
		/* A driver that reads the divisor divides by it. */
		out(UART_LCR, UART_LCR_DLAB);
		assert_int_equal(in(UART_DLL), 1);
		assert_int_equal(in(UART_DLM), 0);
		out(UART_DLL, 9);
		out(UART_LCR, 3);
		out(UART_IER, 0xf);
		out(UART_FCR, 0xc1);
		out(UART_MCR, 0x1f);
		out(UART_THR, 1);
		vuart_reset(&u);
		assert_false(line);
	}
}

/* autoconfig() of Linux 6.12, in drivers/tty/serial/8250/8250_port.c: is there a port, and is it a
 * 16550A and none of its cousins? */
static void test_linux_autoconfig(void **state)
{
	u8 scratch, save_lcr, save_mcr, status1, status2;

	(void)state;
	scratch = in(UART_IER);
	out(UART_IER, 0);
	assert_int_equal(in(UART_IER)&0xf, 0);
	out(UART_IER, 0xf);
	assert_int_equal(in(UART_IER)&0xf, 0xf);
	out(UART_IER, scratch);
	/* Loopback. */
	save_mcr = in(UART_MCR);
	save_lcr = in(UART_LCR);
	out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS);
	status1 = in(UART_MSR)&0xf0;
	out(UART_MCR, save_mcr);
	assert_int_equal(status1, UART_MSR_DCD | UART_MSR_CTS);
	/* Which kind: the top bits of IIR. EFR is where FCR is. */
	out(UART_LCR, 0xbf);
	out(UART_FCR, 0);
	out(UART_LCR, 0);
	out(UART_FCR, UART_FCR_ENABLE);
	assert_int_equal(in(UART_IIR)&UART_IIR_FIFO, UART_IIR_FIFO); /* 16550A */
	/* ST16C650: EFR would read 0, V1 with DLAB, V2 with 0xbf. */
	out(UART_LCR, UART_LCR_DLAB);
	assert_int_not_equal(in(UART_IIR), 0);
	out(UART_LCR, 0xbf);
	assert_int_not_equal(in(UART_IIR), 0);
	/* National's SuperIO: EXCR1 would follow MCR's loop bit. */
	out(UART_LCR, 0);
	status1 = in(UART_MCR);
	out(UART_LCR, 0xe0);
	status2 = in(UART_IIR);
	assert_int_equal((status2 ^ status1) & UART_MCR_LOOP, 0);
	out(UART_LCR, 0);
	out(UART_MCR, status1 ^ UART_MCR_LOOP);
	out(UART_LCR, 0xe0);
	status2 = in(UART_IIR);
	out(UART_LCR, 0);
	out(UART_MCR, status1);
	assert_int_equal((status2 ^ status1) & UART_MCR_LOOP, 0);
	/* TI16750: bit 5 of IIR with 64-byte FIFOs. */
	out(UART_FCR, UART_FCR_ENABLE | 0x20);
	assert_int_equal(in(UART_IIR) >> 5, 6);
	out(UART_FCR, UART_FCR_ENABLE);
	out(UART_LCR, UART_LCR_DLAB);
	out(UART_FCR, UART_FCR_ENABLE | 0x20);
	assert_int_equal(in(UART_IIR) >> 5, 6);
	out(UART_FCR, UART_FCR_ENABLE);
	out(UART_LCR, 0);
	/* XScale: bit 6 of IER. */
	out(UART_IER, 0x40);
	assert_int_equal(in(UART_IER)&0x40, 0);
	out(UART_LCR, save_lcr);
	assert_false(line);
	assert_int_equal(sent_count, 0);
}

/* size_fifo(): how many bytes looped back does the receiver keep? */
static void test_linux_size_fifo(void **state)
{
	unsigned int count;

	(void)state;
	out(UART_LCR, 0);
	out(UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX);
	out(UART_MCR, UART_MCR_LOOP);
	out(UART_LCR, UART_LCR_DLAB);
	out(UART_DLL, 1);
	out(UART_DLM, 0);
	out(UART_LCR, 3);
	for (count = 0; count < 256; count++)
		out(UART_THR, count);
	for (count = 0; (in(UART_LSR)&UART_LSR_DR) && count < 256; count++)
		assert_int_equal(in(UART_RBR), count);
	assert_int_equal(count, 16);
	assert_int_equal(sent_count, 0);
}

/* serial8250_do_startup() and what it tests there. */
static void test_linux_startup(void **state)
{
	u8 iir1, iir, lsr;

	(void)state;
	out(UART_FCR, UART_FCR_ENABLE);
	out(UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX);
	out(UART_FCR, 0);
	in(UART_LSR);
	in(UART_RBR);
	in(UART_IIR);
	in(UART_MSR);
	assert_int_not_equal(in(UART_LSR), 0xff);
	/* Does it say "empty" again when the interrupt is enabled anew? (Else UART_BUG_THRE.) */
	out(UART_IER, UART_IER_THRI);
	assert_true(line);
	iir1 = in(UART_IIR);
	assert_false(line);
	out(UART_IER, 0);
	out(UART_IER, UART_IER_THRI);
	assert_true(line);
	iir = in(UART_IIR);
	out(UART_IER, 0);
	assert_false(iir1 & UART_IIR_NONE);
	assert_false(iir & UART_IIR_NONE);
	out(UART_LCR, 3);
	out(UART_MCR, UART_MCR_OUT2);
	/* Does enabling it interrupt? (Else UART_BUG_TXEN.) */
	out(UART_IER, UART_IER_THRI);
	lsr = in(UART_LSR);
	iir = in(UART_IIR);
	out(UART_IER, 0);
	assert_true(lsr & UART_LSR_TEMT);
	assert_int_equal(iir & UART_IIR_ID, UART_IIR_THRI);
	in(UART_LSR);
	in(UART_RBR);
	in(UART_IIR);
	in(UART_MSR);
	out(UART_FCR, UART_FCR_ENABLE | UART_FCR_TRIGGER);
	out(UART_IER, UART_IER_RLSI | UART_IER_RDI);
	assert_false(line);
}

/* The driver's interrupt handler, until the line is low; returns how often it ran. */
static char got[4096];
static size_t got_count;

static unsigned int service(const char **text)
{
	unsigned int n = 0;

	for (; line && n < 1000; n++) {
		u8 iir = in(UART_IIR), lsr;

		assert_false(iir & UART_IIR_NONE);
		lsr = in(UART_LSR);
		while (lsr & (UART_LSR_DR | UART_LSR_BI)) {
			got[got_count++] = (char)in(UART_RBR);
			lsr = in(UART_LSR);
		}
		in(UART_MSR);
		if (!(lsr & UART_LSR_THRE) || !(u.ier & UART_IER_THRI))
			continue;
		for (int i = 0; i < 16 && **text; i++)
			out(UART_THR, (u8) * (*text)++);
		if (!**text)
			out(UART_IER, UART_IER_RLSI | UART_IER_RDI);
	}
	return n;
}

static void start_driver(void)
{
	got_count = 0;
	out(UART_FCR, UART_FCR_ENABLE | 0x80);
	out(UART_LCR, 3);
	out(UART_MCR, UART_MCR_OUT2 | UART_MCR_RTS | UART_MCR_DTR);
	out(UART_IER, UART_IER_RLSI | UART_IER_RDI);
}

static void test_linux_send(void **state)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog, and then some\r\n";
	const char *left = text;

	(void)state;
	start_driver();
	out(UART_IER, UART_IER_RLSI | UART_IER_RDI | UART_IER_THRI);
	assert_int_equal(service(&left), (sizeof(text) - 1 + 15) / 16);
	assert_false(line);
	assert_int_equal(sent_count, sizeof(text) - 1);
	assert_memory_equal(sent, text, sizeof(text) - 1);
}

static void test_linux_receive(void **state)
{
	static const char text[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *none = "";

	(void)state;
	start_driver();
	more = text + feed(text);
	assert_ptr_equal(more, text + 16);
	service(&none);
	assert_false(line);
	assert_int_equal(got_count, sizeof(text) - 1);
	assert_memory_equal(got, text, sizeof(text) - 1);
	/* Told once for each refusal. */
	assert_int_equal(rooms, 3);
	assert_int_equal(*more, 0);
}

/* printk() in the middle of sending: the console turns interrupts off and on again. */
static void test_linux_console_between(void **state)
{
	u8 ier;

	(void)state;
	start_driver();
	out(UART_IER, UART_IER_THRI);
	assert_int_equal(in(UART_IIR)&UART_IIR_ID, UART_IIR_THRI);
	assert_false(line);
	ier = in(UART_IER);
	out(UART_IER, 0);
	out(UART_THR, 'x');
	assert_false(line);
	out(UART_IER, ier);
	assert_true(line);
}

static void test_thri_rules(void **state)
{
	(void)state;
	out(UART_IER, UART_IER_THRI);
	assert_true(line && rises == 1);
	/* Another cause above it: reading IIR then does not clear it. */
	out(UART_IER, UART_IER_THRI | UART_IER_RDI);
	feed("a");
	assert_int_equal(in(UART_IIR), UART_IIR_RDI);
	assert_int_equal(in(UART_IIR), UART_IIR_RDI);
	assert_int_equal(in(UART_RBR), 'a');
	assert_int_equal(in(UART_IIR), UART_IIR_THRI);
	assert_int_equal(in(UART_IIR), UART_IIR_NONE);
	assert_false(line);
	/* Writing IER again with the bit already set is no event; sending is. */
	out(UART_IER, UART_IER_THRI);
	assert_false(line);
	out(UART_THR, 'x');
	assert_true(line && sent_count == 1 && sent[0] == 'x');
	out(UART_IER, 0);
	assert_false(line);
}

static void test_triggers(void **state)
{
	static const unsigned int level[] = {1, 4, 8, 14};

	(void)state;
	out(UART_IER, UART_IER_RDI);
	for (unsigned int t = 0; t < 4; t++) {
		out(UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX | t << 6);
		assert_false(line);
		for (unsigned int n = 1; n <= 16; n++) {
			assert_int_equal(feed("a"), 1);
			assert_true(line);
			assert_int_equal(in(UART_IIR)&UART_IIR_ID,
					 n >= level[t] ? UART_IIR_RDI : UART_IIR_TIMEOUT);
		}
		assert_int_equal(feed("b"), 0);
		for (unsigned int n = 16; n > 0; n--) {
			assert_true(line && (in(UART_LSR)&UART_LSR_DR));
			assert_int_equal(in(UART_RBR), 'a');
		}
		assert_true(!line && !(in(UART_LSR)&UART_LSR_DR));
		assert_int_equal(in(UART_RBR), 0);
		assert_int_equal(in(UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	}
}

/* Without FIFO there is room for one; turning it on or off empties it. */
static void test_no_fifo(void **state)
{
	(void)state;
	assert_int_equal(feed("ab"), 1);
	assert_int_equal(in(UART_IIR), UART_IIR_NONE);
	out(UART_FCR, UART_FCR_CLEAR_RX); /* not without the enable bit */
	assert_true(in(UART_LSR)&UART_LSR_DR);
	out(UART_FCR, UART_FCR_ENABLE);
	assert_false(in(UART_LSR)&UART_LSR_DR);
	assert_int_equal(rooms, 1);
	assert_int_equal(feed("abc"), 3);
	out(UART_FCR, UART_FCR_ENABLE);
	assert_true(in(UART_LSR)&UART_LSR_DR);
	out(UART_FCR, 0);
	assert_false(in(UART_LSR)&UART_LSR_DR);
	assert_int_equal(in(UART_IIR), UART_IIR_NONE);
}

static void test_break(void **state)
{
	(void)state;
	out(UART_FCR, UART_FCR_ENABLE);
	out(UART_IER, UART_IER_RLSI);
	feed("a");
	assert_int_equal(vuart_receive_break(&u), OK);
	feed("b");
	/* Not seen before the break is what would be read next. */
	assert_false(line);
	assert_int_equal(in(UART_LSR),
			 UART_LSR_DR | UART_LSR_THRE | UART_LSR_TEMT | UART_LSR_FIFOERR);
	assert_int_equal(in(UART_RBR), 'a');
	assert_true(line);
	assert_int_equal(in(UART_IIR)&UART_IIR_ID, UART_IIR_RLSI);
	assert_int_equal(in(UART_LSR) & (UART_LSR_BI | UART_LSR_DR | UART_LSR_FIFOERR),
			 UART_LSR_BI | UART_LSR_DR | UART_LSR_FIFOERR);
	assert_false(line);
	assert_false(in(UART_LSR) & (UART_LSR_BI | UART_LSR_FIFOERR));
	assert_int_equal(in(UART_RBR), 0);
	assert_int_equal(in(UART_RBR), 'b');
	/* Read without a look at LSR. */
	assert_int_equal(vuart_receive_break(&u), OK);
	assert_true(line);
	assert_int_equal(in(UART_RBR), 0);
	assert_false(line);
	assert_int_equal(in(UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	for (int i = 0; i < 16; i++)
		assert_int_equal(vuart_receive_break(&u), OK);
	assert_int_equal(vuart_receive_break(&u), ERR_AGAIN);
	out(UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX);
	assert_true(!line && rooms == 1);
}

static void test_overrun(void **state)
{
	(void)state;
	out(UART_MCR, UART_MCR_LOOP);
	out(UART_IER, UART_IER_RLSI);
	out(UART_THR, 'a');
	assert_false(in(UART_LSR)&UART_LSR_OE);
	out(UART_THR, 'b');
	assert_true(line);
	assert_int_equal(in(UART_IIR), UART_IIR_RLSI);
	assert_true(in(UART_LSR)&UART_LSR_OE);
	assert_false(line || (in(UART_LSR)&UART_LSR_OE));
	assert_int_equal(in(UART_RBR), 'b'); /* a register is replaced ... */
	out(UART_FCR, UART_FCR_ENABLE);
	for (int i = 0; i < 17; i++)
		out(UART_THR, 'a' + i);
	assert_true(in(UART_LSR)&UART_LSR_OE);
	for (int i = 0; i < 16; i++) /* ... a FIFO keeps what it has */
		assert_int_equal(in(UART_RBR), 'a' + i);
	assert_int_equal(sent_count, 0);
}

/* In loopback the port does not hear the outside, which is told when it does again. */
static void test_loopback_deaf(void **state)
{
	(void)state;
	out(UART_FCR, UART_FCR_ENABLE);
	feed("a");
	out(UART_MCR, UART_MCR_LOOP);
	assert_int_equal(feed("b"), 0);
	assert_int_equal(vuart_receive_break(&u), ERR_AGAIN);
	assert_int_equal(in(UART_RBR), 'a');
	assert_int_equal(rooms, 0);
	more = "b";
	out(UART_MCR, 0);
	assert_int_equal(rooms, 1);
	assert_int_equal(in(UART_RBR), 'b');
}

static void test_modem(void **state)
{
	static const struct {
		u8 mcr, msr, delta_on, delta_off;
	} c[] = {
		{UART_MCR_RTS, UART_MSR_CTS, UART_MSR_DCTS, UART_MSR_DCTS},
		{UART_MCR_DTR, UART_MSR_DSR, UART_MSR_DDSR, UART_MSR_DDSR},
		{UART_MCR_OUT2, UART_MSR_DCD, UART_MSR_DDCD, UART_MSR_DDCD},
		{UART_MCR_OUT1, UART_MSR_RI, 0, UART_MSR_TERI},
	};

	(void)state;
	out(UART_MCR, 0xff);
	assert_int_equal(in(UART_MCR), UART_MCR_ALL);
	out(UART_MCR, UART_MCR_LOOP);
	in(UART_MSR);
	out(UART_IER, UART_IER_MSI);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		out(UART_MCR, UART_MCR_LOOP | c[i].mcr);
		assert_int_equal(line, c[i].delta_on != 0);
		if (line)
			assert_int_equal(in(UART_IIR), UART_IIR_MSI);
		assert_int_equal(in(UART_MSR), c[i].msr | c[i].delta_on);
		assert_false(line);
		assert_int_equal(in(UART_MSR), c[i].msr);
		out(UART_MCR, UART_MCR_LOOP);
		assert_true(line);
		assert_int_equal(in(UART_MSR), c[i].delta_off);
	}
	out(UART_MCR, 0);
	assert_int_equal(in(UART_MSR), UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD | UART_MSR_DCTS |
					       UART_MSR_DDSR | UART_MSR_DDCD);
}

/* The highest of the causes shows. */
static void test_priority(void **state)
{
	(void)state;
	out(UART_FCR, UART_FCR_ENABLE);
	out(UART_MCR, UART_MCR_RTS | UART_MCR_LOOP);
	out(UART_IER, UART_IER_ALL);
	for (int i = 0; i < 17; i++)
		out(UART_THR, i);
	assert_int_equal(in(UART_IIR)&UART_IIR_ID, UART_IIR_RLSI);
	in(UART_LSR);
	assert_int_equal(in(UART_IIR)&UART_IIR_ID, UART_IIR_RDI);
	out(UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX);
	assert_int_equal(in(UART_IIR)&UART_IIR_ID, UART_IIR_THRI);
	assert_int_equal(in(UART_IIR)&UART_IIR_ID, UART_IIR_MSI);
	assert_true(line);
	in(UART_MSR);
	assert_false(line);
	assert_int_equal(rises, 1);
}

static void test_plain_registers(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < 256; v++) {
		out(UART_SCR, v);
		assert_int_equal(in(UART_SCR), v);
		out(UART_LCR, v);
		assert_int_equal(in(UART_LCR), v);
		out(UART_LCR, UART_LCR_DLAB);
		out(UART_DLL, v);
		out(UART_DLM, ~v);
		assert_int_equal(in(UART_DLL), v);
		assert_int_equal(in(UART_DLM), ~v & 0xff);
		out(UART_LCR, 0);
		assert_int_equal(in(UART_IER), 0);
		out(UART_LSR, v);
		out(UART_MSR, v);
		assert_int_equal(in(UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	}
	assert_int_equal(sent_count, 0);
	assert_false(line);
}

static void test_mmio(void **state)
{
	u64 val = 0x1ff;

	(void)state;
	for (u64 off = 0; off < 12; off++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			enum err want = width != 1 ? ERR_INVAL : off < 8 ? OK : ERR_RANGE;

			assert_int_equal(vuart_mmio_ops.read(&u, off, width, &val), want);
			val = 0x1ff;
			assert_int_equal(vuart_mmio_ops.write(&u, off, width, &val), want);
		}
	}
	assert_int_equal(vuart_mmio_ops.read(&u, UART_SCR, 1, &val), OK);
	assert_int_equal(val, 0xff);
	assert_int_equal(vuart_mmio_ops.read(&u, ~0ULL, 1, &val), ERR_RANGE);
	assert_int_equal(vuart_mmio_ops.read(&u, 1ULL << 32, 1, &val), ERR_RANGE);
}

static u64 random_state;

static u32 rnd(u32 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (u32)(random_state >> 32) % below;
}

/* What the line must be, worked out from the registers another way. */
static bool wants_service(void)
{
	bool error = u.overrun || (u.count && u.rx[u.head].errors);

	return (error && u.ier >> 2 & 1) || (u.count && u.ier & 1) ||
	       (u.thr_event && u.ier >> 1 & 1) || ((u.msr & 0xf) && u.ier >> 3 & 1);
}

static void check_invariants(void)
{
	unsigned int bad = 0;

	for (unsigned int i = 0; i < u.count; i++)
		bad += u.rx[(u.head + i) % VUART_FIFO].errors != 0;
	assert_int_equal(u.bad, bad);
	assert_true(u.head < VUART_FIFO && u.count <= VUART_FIFO);
	assert_true((u.fcr & UART_FCR_ENABLE) || u.count <= 1);
	assert_true(!(u.ier & ~UART_IER_ALL) && !(u.mcr & ~UART_MCR_ALL));
	assert_int_equal(line, u.irq_high);
	assert_int_equal(line, wants_service());
}

static void random_step(void)
{
	static const u8 junk[64] = {1, 2, 3};
	u8 val = (u8)rnd(256);

	switch (rnd(8)) {
	case 0: vuart_receive(&u, junk, rnd(sizeof(junk))); break;
	case 1:
		if (rnd(4) == 0)
			vuart_receive_break(&u);
		break;
	case 2:
	case 3:
	case 4: out(rnd(~0U), rnd(2) ? val & 0x7f : val); break;
	default: in(rnd(~0U)); break;
	}
	/* Or the divisor latch would hide two registers half the time. */
	if ((u.lcr & UART_LCR_DLAB) && rnd(2))
		out(UART_LCR, 3);
	if ((u.mcr & UART_MCR_LOOP) && rnd(8) == 0)
		out(UART_MCR, 0xb);
}

/* While outside has no room the transmitter is not empty, and tells of it when it is again. */
static void test_no_room_outside(void **state)
{
	(void)state;
	out(UART_FCR, UART_FCR_ENABLE);
	full = true;
	out(UART_THR, 'a');
	assert_int_equal(in(UART_LSR), 0);
	out(UART_IER, UART_IER_THRI);
	assert_false(line);
	out(UART_THR, 'b'); /* outside says what becomes of it */
	assert_int_equal(sent_count, 2);
	assert_false(line);
	full = false;
	vuart_sent(&u);
	assert_true(line);
	assert_int_equal(in(UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
	assert_int_equal(in(UART_IIR), UART_IIR_FIFO | UART_IIR_THRI);
	assert_false(line);
	vuart_sent(&u); /* nothing has changed */
	assert_false(line);
	out(UART_THR, 'c');
	assert_true(line);
	assert_int_equal(rises, 2);
}

/* A reset of the port makes no room outside. */
static void test_reset_without_room(void **state)
{
	(void)state;
	full = true;
	out(UART_THR, 'a');
	vuart_reset(&u);
	assert_int_equal(in(UART_LSR), 0);
	vuart_sent(&u);
	assert_int_equal(in(UART_LSR), UART_LSR_THRE | UART_LSR_TEMT);
}

/* Past the registers: with the divisor's latch open too, and who gives more is told of room. */
static void test_take(void **state)
{
	static const char text[] = "0123456789abcdefghijklm";
	u8 bytes[32];

	(void)state;
	assert_int_equal(vuart_take(&u, bytes, 4), 0);
	out(UART_FCR, UART_FCR_ENABLE);
	out(UART_IER, UART_IER_RDI);
	out(UART_LCR, UART_LCR_DLAB);
	more = text + feed(text);
	assert_true(line);
	assert_int_equal(vuart_take(&u, bytes, 5), 5);
	assert_int_equal(rooms, 0);
	assert_int_equal(vuart_take(&u, bytes + 5, 27), 11);
	assert_int_equal(rooms, 1);
	assert_int_equal(vuart_take(&u, bytes + 16, 16), 7);
	assert_memory_equal(bytes, text, 23);
	assert_false(line);
}

static void test_random(void **state)
{
	(void)state;
	random_state = 88172645463325252ULL;
	for (unsigned int i = 0; i < 1000000; i++) {
		random_step();
		check_invariants();
	}
	assert_true(sent_count > 1000 && rises > 1000 && rooms > 1000);
}

/* Offsets, widths and values of all kinds, as a guest may have them. */
static void test_hostile(void **state)
{
	(void)state;
	random_state = 4101842887655102017ULL;
	for (unsigned int i = 0; i < 300000; i++) {
		u64 off = ((u64)rnd(~0U) << 32 | rnd(~0U)) >> rnd(64);
		u64 val = (u64)rnd(~0U) << 32 | rnd(~0U);
		unsigned int width = rnd(2) ? 1 : rnd(16);

		if (rnd(2))
			vuart_mmio_ops.write(&u, off, width, &val);
		else
			vuart_mmio_ops.read(&u, off, width, &val);
		check_invariants();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reset, setup),
		cmocka_unit_test_setup(test_linux_autoconfig, setup),
		cmocka_unit_test_setup(test_linux_size_fifo, setup),
		cmocka_unit_test_setup(test_linux_startup, setup),
		cmocka_unit_test_setup(test_linux_send, setup),
		cmocka_unit_test_setup(test_linux_receive, setup),
		cmocka_unit_test_setup(test_linux_console_between, setup),
		cmocka_unit_test_setup(test_thri_rules, setup),
		cmocka_unit_test_setup(test_triggers, setup),
		cmocka_unit_test_setup(test_no_fifo, setup),
		cmocka_unit_test_setup(test_break, setup),
		cmocka_unit_test_setup(test_overrun, setup),
		cmocka_unit_test_setup(test_loopback_deaf, setup),
		cmocka_unit_test_setup(test_modem, setup),
		cmocka_unit_test_setup(test_priority, setup),
		cmocka_unit_test_setup(test_plain_registers, setup),
		cmocka_unit_test_setup(test_mmio, setup),
		cmocka_unit_test_setup(test_no_room_outside, setup),
		cmocka_unit_test_setup(test_reset_without_room, setup),
		cmocka_unit_test_setup(test_take, setup),
		cmocka_unit_test_setup(test_random, setup),
		cmocka_unit_test_setup(test_hostile, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
