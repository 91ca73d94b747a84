/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console over one serial port. Owns the port, what goes to it next, and whether anybody waits for
 * it.
 *
 * Lock order: log.lock, then console.lock, then a ring's. Nobody is called with console.lock but the
 * port's driver, and who tells how much room there is for input. A port that is slow (struct uart_ops)
 * keeps the lock for as long as it likes, so of those that run guests or log nobody takes it then:
 * console_send() does all, in a thread of its own.
 *
 * Tags: [C1] an argument, before the functions that get it.
 */
#include "hyp/console/console.h"

#include "hyp/console/uart.h"
#include "hyp/sched/bill.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "rcu/rcu.h"

#define READ_CHUNK  16	  /* bytes handed on at a time */
#define SEND_ROUNDS 4	  /* bursts a console_send() */
#define TELL_ROUNDS 4	  /* of those who wait for room, with interrupts off */
#define LAST_BYTES  65536 /* of what is in rings when a panic comes */

static struct {
	struct spinlock lock;

	/* Under the lock. */
	struct uart uart;
	bool tx_irq, rx_irq; /* as the port has been told */
	bool rx_held;	     /* who gets input had no room */
	bool tx_rests;	     /* until console_go_on() */
	bool rx_rests;	     /* the same */

	/* Set as console_set_input() says, read without the lock. */
	const struct console_input *input;
	void *input_arg;

	/* Set while one hart runs. */
	bool irqs;	    /* the port's are used */
	void (*wake)(void); /* without: who calls console_send() */

	/* Read without the lock. */
	bool waits; /* who writes waits for the port */
	bool panicking;
} console = {.lock = SPINLOCK_INIT("console"), .waits = true};

static struct outmix mix; /* as it says; under the lock */

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

/* ---- who waits for the port: lock held -------------------------------------------------------- */

/* A port that is stuck loses the rest. */
static void put_waiting(const char *s, size_t n)
{
	if (n == 0 || !console.uart.ops)
		return;
	console.uart.ops->write(&console.uart, s, n);
	mix.midline = s[n - 1] != '\n';
}

/* The next piece of what is in the rings; how many bytes went. */
static size_t send_waiting(void)
{
	const char *s;
	size_t n = console.uart.ops ? outmix_next(&mix, &s) : 0;

	if (n)
		n = console.uart.ops->write(&console.uart, s, min_u64(n, console.uart.ops->burst));
	if (n)
		outmix_sent(&mix, s, n);
	return n;
}

/* ---- who does not: lock held ------------------------------------------------------------------ */

static void set_irqs(void)
{
	bool tx = console.irqs && !READ_ONCE(console.waits) && !console.tx_rests &&
		  (outmix_pending(&mix) || mix.due);
	bool rx = console.irqs && !console.rx_held && !console.rx_rests;

	if (tx == console.tx_irq && rx == console.rx_irq)
		return;
	console.tx_irq = tx;
	console.rx_irq = rx;
	(void)console.uart.ops->set_irqs(&console.uart, rx, tx);
}

/* Up to n bytes, as the port takes them. */
static size_t send_some(size_t n)
{
	const char *s;
	size_t done = 0;

	while (done < n) {
		size_t len = outmix_next(&mix, &s);

		if (len) {
			bill_note(outmix_payer(&mix));
			len = console.uart.ops->send(&console.uart, s, min_u64(len, n - done));
		}
		if (!len)
			break;
		outmix_sent(&mix, s, len);
		done += len;
	}
	return done;
}

/* A transmitter that became empty before its interrupt was turned on may never tell of it: so one more
 * look at it then. */
static size_t send_burst(size_t n)
{
	bool was_on = console.tx_irq;
	size_t done = send_some(n);

	set_irqs();
	if (!was_on && console.tx_irq && done < n) {
		done += send_some(n - done);
		set_irqs();
	}
	return done;
}

/* ---- output ----------------------------------------------------------------------------------- */

/* The machine boots, or ends, and there are no guests that run; or it panics. */
static bool nobody_sends(void)
{
	return READ_ONCE(console.waits) || READ_ONCE(console.panicking);
}

/* A port that is quick gets of it what it has room for. */
static void put_log(const char *s, size_t n)
{
	struct console_guard g;

	(void)outring_put_whole(&mix.log.ring, s, n);
	if (console.uart.ops->slow)
		return;
	g = console_lock();
	(void)send_burst(console.uart.ops->burst);
	console_unlock(g);
}

/* One line of the log's, whole. It may come with any lock held but the console's. */
static void console_log_line(const char *s, size_t n)
{
	struct console_guard g;

	if (!nobody_sends()) {
		put_log(s, n);
		return;
	}
	g = console_lock();
	if (mix.midline)
		put_waiting("\r\n", 2);
	put_waiting(s, n);
	console_unlock(g);
}

void console_init_early(void)
{
	outmix_init(&mix);
	console.waits = true;
	console.wake = NULL;
	console.irqs = console.tx_irq = console.rx_irq = console.rx_held = false;
	console.tx_rests = console.rx_rests = false;
	console.uart = (struct uart){.ops = &uart_firmware_ops};
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
	struct uart u = {.ops = &uart_firmware_ops, .base = base, .shift = shift, .width = width};
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

int console_use_irqs(void)
{
	struct console_guard g = console_lock();
	int err = console.uart.ops->set_irqs(&console.uart, true, false);

	console.irqs = console.rx_irq = !err;
	console_unlock(g);
	return err;
}

void console_begin(void (*wake)(void))
{
	struct console_guard g = console_lock();

	console.wake = console.irqs ? NULL : wake;
	WRITE_ONCE(console.waits, false);
	console_unlock(g);
}

bool console_pending(void)
{
	return outmix_pending(&mix) || READ_ONCE(mix.due);
}

/* Tells some of those who wait for room. Returns whether there are more. */
static bool tell_room(void)
{
	struct outsource *s;
	int n = 0;

	rcu_read_lock();
	do {
		struct console_guard g = console_lock();

		s = outmix_take_due(&mix);
		if (!s)
			set_irqs();
		console_unlock(g);
		if (s)
			s->room(s);
	} while (s && ++n < TELL_ROUNDS);
	rcu_read_unlock();
	return s != NULL;
}

size_t console_send(void)
{
	size_t all = 0, n, burst = console.uart.ops->burst;

	for (int round = 0; round < SEND_ROUNDS; round++) {
		struct console_guard g = console_lock();
		bool due;

		n = send_burst(burst);
		due = mix.due != 0;
		console_unlock(g);
		while (due)
			due = tell_room();
		all += n;
		if (n < burst)
			break;
	}
	return all;
}

void console_write_raw(const char *s, size_t n)
{
	struct console_guard g = console_lock();

	while (outring_has(&mix.log.ring, false) && send_waiting())
		;
	put_waiting(s, n);
	console_unlock(g);
}

void console_show_names(void)
{
	mix.names = true;
}

bool console_shows_names(void)
{
	return mix.names;
}

/* Something was put into a ring, or is to go out: n bytes at least. */
static void send_here(size_t n)
{
	size_t burst = console.uart.ops->burst;

	if (nobody_sends())
		return;
	if (console.uart.ops->slow) {
		console.wake();
		return;
	}
	for (size_t sent = burst; n && sent == burst; n -= min_u64(n, burst)) {
		struct console_guard g = console_lock();

		burst = min_u64(burst, n);
		sent = send_burst(burst);
		console_unlock(g);
	}
	if (console.wake && console_pending())
		console.wake();
}

size_t console_put(struct outsource *s, const char *text, size_t n, u32 spare, size_t *room)
{
	size_t took = outring_put(&s->ring, text, n, spare, room);

	if (READ_ONCE(s->shown) && took && outmix_notice(&mix, s))
		send_here(took);
	return took;
}

void console_end_line(struct outsource *s)
{
	outring_end_line(&s->ring);
	if (READ_ONCE(s->shown) && outmix_notice(&mix, s))
		send_here(1);
}

enum err console_add(struct outsource *s)
{
	struct console_guard g = console_lock();
	enum err err = outmix_add(&mix, s);

	if (!err && mix.names)
		outmix_show(&mix, s, true);
	console_unlock(g);
	return err;
}

void console_remove(struct outsource *s)
{
	struct console_guard g = console_lock();

	outmix_remove(&mix, s);
	set_irqs();
	console_unlock(g);
}

void console_show(struct outsource *s, bool shown)
{
	struct console_guard g = console_lock();

	outmix_show(&mix, s, shown);
	console_unlock(g);
	if (shown)
		send_here(1);
}

void console_age(void)
{
	struct console_guard g = console_lock();

	outmix_age(&mix);
	console_unlock(g);
	if (console_pending())
		send_here(1);
}

/* ---- input ------------------------------------------------------------------------------------ */

void console_set_input(const struct console_input *in, void *arg)
{
	if (in) /* who has read the functions before still needs their argument */
		console.input_arg = arg;
	/* Order: the argument, before the functions that get it.
	 * Pairs with: console_poll() [C1] */
	arch_store_release(&console.input, in);
	console_input_room();
}

void console_input_room(void)
{
	struct console_guard g;

	if (!console.irqs)
		return;
	g = console_lock();
	console.rx_held = false;
	set_irqs();
	console_unlock(g);
}

/* Reads a chunk, and hands it on; or holds the port. Returns whether there may be more to do. Who makes
 * room takes the lock afterwards (console_input_room()): so either it is seen here, or rx_held is seen
 * there. */
bool console_poll(void)
{
	char buf[READ_CHUNK];
	struct console_guard g = console_lock();
	/* Order: the functions, before the argument that goes with them.
	 * Pairs with: console_set_input() [C1] */
	const struct console_input *in = arch_load_acquire(&console.input);
	size_t room = in ? min_u64(in->room(console.input_arg), sizeof(buf)) : sizeof(buf);
	size_t n = room ? console.uart.ops->read(&console.uart, buf, room) : 0;

	if (!room) {
		console.rx_held = console.irqs;
		set_irqs();
	}
	console_unlock(g);
	if (n && in)
		in->put(console.input_arg, buf, n);
	return room && n == room;
}

/* One burst, and its consequences; the transmitter rests if that is not all. */
static void send_and_rest(void)
{
	struct console_guard g = console_lock();
	size_t burst = console.uart.ops->burst;
	bool all_went = send_burst(burst) == burst, more;

	more = mix.due;
	console_unlock(g);
	if (more)
		more = tell_room();
	g = console_lock();
	console.tx_rests = more || (all_went && outmix_pending(&mix));
	console_unlock(g);
}

/* A chunk each way. What is left to be read rests as well: a far end that is quicker than a line would have
 * one interrupt follow the other, and whoever was interrupted would not come to its look. */
static bool take_turn(bool reads)
{
	struct console_guard g;
	bool more = reads && console_poll(), rests;

	send_and_rest();
	g = console_lock();
	console.rx_rests = more;
	set_irqs();
	rests = console.tx_rests || more;
	console_unlock(g);
	return rests;
}

bool console_irq(void)
{
	struct console_guard g = console_lock();

	if (console.uart.ops->irq)
		console.uart.ops->irq(&console.uart);
	console_unlock(g);
	return take_turn(true);
}

bool console_go_on(void)
{
	struct console_guard g = console_lock();
	bool reads = console.rx_rests;

	console.tx_rests = console.rx_rests = false;
	console_unlock(g);
	return take_turn(reads);
}

/* ---- the end ---------------------------------------------------------------------------------- */

void console_drain(void)
{
	struct console_guard g;
	size_t n;

	do {
		g = console_lock();
		WRITE_ONCE(console.waits, true);
		n = send_waiting();
		console_unlock(g);
	} while (n);
	g = console_lock();
	set_irqs();
	if (console.uart.ops && console.uart.ops->drain)
		console.uart.ops->drain(&console.uart);
	console_unlock(g);
}

/* Other harts go on for a while, and may put in more. */
void console_panic_mode(void)
{
	size_t n = 1;

	WRITE_ONCE(console.panicking, true);
	outring_panic_mode();
	for (size_t all = 0; n && all < LAST_BYTES; all += n)
		n = send_waiting();
}
