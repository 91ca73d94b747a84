/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console over one serial port. Owns the port and the knowledge of where the cursor is.
 *
 * Lock order: log.lock, then console.lock. Nothing is taken inside it, and nobody is called with
 * it but the port's driver.
 */
#include "hyp/console.h"

#include "hyp/uart.h"
#include "lib/log.h"
#include "lib/spinlock.h"

#define READ_CHUNK  64 /* bytes handed on at a time */
#define READ_ROUNDS 8  /* chunks a poll: input must not keep a hart for ever */

static struct {
	struct spinlock lock;

	/* Under the lock. */
	struct uart uart;
	bool midline; /* the last byte out was not a line's end */

	/* Set as console_set_input() says, read without the lock. */
	void (*input)(void *arg, const char *s, size_t n);
	void *input_arg;

	bool panicking; /* read without the lock */
} console = {.lock = SPINLOCK_INIT("console")};

struct console_guard {
	bool locked;
	unsigned long flags;
};

static struct console_guard console_lock(void)
{
	if (READ_ONCE(console.panicking))
		return (struct console_guard){false, 0};
	return (struct console_guard){true, spin_lock_irqsave(&console.lock)};
}

static void console_unlock(struct console_guard g)
{
	if (g.locked)
		spin_unlock_irqrestore(&console.lock, g.flags);
}

/* Lock held. A port that is stuck loses the rest. */
static void console_put(const char *s, size_t n)
{
	if (n == 0 || !console.uart.ops)
		return;
	console.uart.ops->write(&console.uart, s, n);
	console.midline = s[n - 1] != '\n';
}

/* One line of the log's, whole. */
static void console_log_line(const char *s, size_t n)
{
	struct console_guard g = console_lock();

	if (console.midline)
		console_put("\r\n", 2);
	console_put(s, n);
	console_unlock(g);
}

void console_init_early(void)
{
	console.uart = (struct uart){.ops = &uart_sbi_ops};
	console.uart.ops->init(&console.uart);
	log_set_sink(console_log_line);
}

static bool console_layout_ok(const struct uart *u)
{
	if (!u->base || u->shift > 4)
		return false;
	return u->width == 1 || (u->width == 4 && u->shift >= 2);
}

int console_set_uart(enum uart_kind kind, volatile void *base, unsigned int shift,
		     unsigned int width)
{
	struct uart u = {.ops = &uart_sbi_ops, .base = base, .shift = shift, .width = width};
	struct console_guard g;

	if (kind == UART_NS16550)
		u.ops = &uart_ns16550_ops;
	else if (kind == UART_SIFIVE)
		u.ops = &uart_sifive_ops;
	if ((kind == UART_NS16550 && !console_layout_ok(&u)) || (kind == UART_SIFIVE && !base))
		return ERR_INVAL;
	g = console_lock();
	console.uart = u;
	console.uart.ops->init(&console.uart);
	console_unlock(g);
	return OK;
}

const char *console_name(void)
{
	const struct uart_ops *ops = READ_ONCE(console.uart.ops);

	return ops ? ops->name : "none";
}

void console_write_raw(const char *s, size_t n)
{
	struct console_guard g = console_lock();

	console_put(s, n);
	console_unlock(g);
}

void console_guest_write(const char *s, size_t n)
{
	while (n) {
		struct console_guard g = console_lock();
		size_t len = console.uart.ops ? min_u64(n, console.uart.ops->burst) : n;

		console_put(s, len);
		console_unlock(g);
		s += len;
		n -= len;
	}
}

void console_set_input(void (*fn)(void *arg, const char *s, size_t n), void *arg)
{
	if (fn) /* who has read the function before still needs its argument */
		console.input_arg = arg;
	/* Order: the argument, before the function that gets it.
	 * Pairs with: console_poll() [C1] */
	arch_store_release(&console.input, fn);
}

void console_poll(void)
{
	char buf[READ_CHUNK];
	size_t n = sizeof(buf);

	for (int round = 0; n == sizeof(buf) && round < READ_ROUNDS; round++) {
		struct console_guard g = console_lock();
		void (*fn)(void *, const char *, size_t);

		n = console.uart.ops ? console.uart.ops->read(&console.uart, buf, sizeof(buf)) : 0;
		console_unlock(g);
		/* Order: the function, before the argument that goes with it.
		 * Pairs with: console_set_input() [C1] */
		fn = arch_load_acquire(&console.input);
		if (n && fn)
			fn(console.input_arg, buf, n);
	}
}

int console_set_rx_irq(bool on)
{
	struct console_guard g = console_lock();
	int err = ERR_NOTSUP;

	if (console.uart.ops)
		err = console.uart.ops->set_rx_irq(&console.uart, on);
	console_unlock(g);
	return err;
}

void console_irq(void)
{
	struct console_guard g = console_lock();

	if (console.uart.ops && console.uart.ops->irq)
		console.uart.ops->irq(&console.uart);
	console_unlock(g);
	console_poll();
}

void console_drain(void)
{
	struct console_guard g = console_lock();

	if (console.uart.ops && console.uart.ops->drain)
		console.uart.ops->drain(&console.uart);
	console_unlock(g);
}

void console_panic_mode(void)
{
	WRITE_ONCE(console.panicking, true);
}
