/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/input.h"

#include "hyp/console.h"
#include "hyp/hostirq.h"
#include "hyp/timer.h"
#include "lib/irq.h"
#include "lib/log.h"
#include "lib/trace.h"

#define POLL_MS 20 /* a person does not notice; 50 short interrupts a second */

static struct timer poll_timer;

static void poll(struct timer *t)
{
	trace_point(TRACE_INPUT, false, 0);
	console_poll();
	timer_arm(t, arch_clock() + arch_clock_hz() * POLL_MS / 1000);
}

static void on_interrupt(void *arg)
{
	(void)arg;
	trace_point(TRACE_INPUT, true, 0);
	console_irq();
}

/* Goes to hart 0. */
static bool by_interrupt(const struct platform *p)
{
	struct hostirq *line;

	if (p->uart.kind == PLATFORM_UART_NONE ||
	    hostirq_claim(&p->uart.irq, 0, on_interrupt, NULL, &line))
		return false;
	if (console_set_rx_irq(true)) {
		hostirq_free(line);
		return false;
	}
	hostirq_enable(line);
	return true;
}

void input_init(const struct platform *p)
{
	bool irq = by_interrupt(p);

	log_info("console: %s, input %s", console_name(), irq ? "by interrupt" : "polled");
	if (irq)
		return;
	timer_init(&poll_timer, poll);
	irq_off();
	poll(&poll_timer);
	irq_on();
}
