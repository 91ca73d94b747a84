/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who does the console's work while guests run: its interrupt, or a timer that looks for input and a
 * thread that sends. Both are on hart 0.
 *
 * The thread does not keep its hart: firmware may poll a port of its own for as long as bytes take, so
 * after each piece it rests for as long as that one took, and longer and longer while nothing is taken.
 */
#include "hyp/console/input.h"

#include "hyp/console/console.h"
#include "hyp/irq/hostirq.h"
#include "hyp/sched/thread.h"
#include "hyp/sched/timer.h"
#include "lib/irq.h"
#include "lib/log.h"
#include "lib/trace.h"

#define TICK_MS	      20  /* a person does not notice; 50 short interrupts a second */
#define BUSY_MS	      1	  /* while there is more to be read: a paste */
#define PACE_US	      200 /* between bursts, for a port that is quicker than a line: a simulator's */
#define REST_FIRST_US 500
#define REST_MOST_US  16000

static struct timer tick_timer, pace_timer;
static struct thread *sender;
static bool by_irq;

static u64 in_ticks(u64 us)
{
	return arch_clock_hz() * us / 1000000;
}

/* ---- without an interrupt --------------------------------------------------------------------- */

static bool pending(void *arg)
{
	(void)arg;
	return console_pending();
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* How long to rest after what was sent in `took` ticks; last is how long the last rest was. */
static u64 rest_after(size_t sent, u64 took, u64 last)
{
	if (sent)
		return took;
	return min_u64(max_u64(last * 2, in_ticks(REST_FIRST_US)), in_ticks(REST_MOST_US));
}

static void send_thread(void *arg)
{
	u64 rest = 0;

	(void)arg;
	for (;;) {
		u64 start;
		size_t sent;

		(void)thread_wait(pending, NULL, TIMER_NEVER);
		start = arch_clock();
		sent = console_send();
		rest = rest_after(sent, arch_clock() - start, rest);
		(void)thread_wait(never, NULL, arch_clock() + rest);
	}
}

static void wake_sender(void)
{
	thread_wake(sender);
}

/* ---- every 20 ms ------------------------------------------------------------------------------ */

static bool poll_input(void)
{
	trace_point(TRACE_INPUT, false, 0);
	return console_poll();
}

static void tick(struct timer *t)
{
	bool busy = !by_irq && poll_input();

	if (console_shows_names() && !busy)
		console_age();
	if (sender && console_pending())
		thread_wake(sender);
	timer_arm(t, arch_clock() + in_ticks((busy ? BUSY_MS : TICK_MS) * 1000UL));
}

static void tick_start(void)
{
	timer_init(&tick_timer, tick);
	irq_off();
	tick(&tick_timer);
	irq_on();
}

/* ---- with one --------------------------------------------------------------------------------- */

static void go_on_later(void)
{
	timer_arm(&pace_timer, arch_clock() + in_ticks(PACE_US));
}

static void pace(struct timer *t)
{
	(void)t;
	if (console_go_on())
		go_on_later();
}

static void on_interrupt(void *arg)
{
	(void)arg;
	trace_point(TRACE_INPUT, true, 0);
	if (console_irq())
		go_on_later();
}

/* Goes to hart 0. */
static bool use_interrupt(const struct platform *p)
{
	struct hostirq *line;

	if (p->uart.kind == PLATFORM_UART_NONE ||
	    hostirq_claim(&p->uart.irq, 0, on_interrupt, NULL, &line))
		return false;
	if (console_use_irqs()) {
		hostirq_free(line);
		return false;
	}
	timer_init(&pace_timer, pace);
	hostirq_enable(line);
	return true;
}

void input_init(const struct platform *p)
{
	by_irq = use_interrupt(p);
	log_info("console: %s, input %s", console_name(), by_irq ? "by interrupt" : "polled");
	if (!by_irq) {
		sender = thread_create("console", 0, send_thread, NULL);
		if (!sender)
			log_warn(
				"console: no memory for its thread: who writes waits for the port");
	}
	if (by_irq || sender)
		console_begin(wake_sender);
	if (!by_irq || console_shows_names())
		tick_start();
}
