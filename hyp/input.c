/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/input.h"

#include "arch/riscv/hart.h"
#include "hyp/console.h"
#include "hyp/irq.h"
#include "hyp/timer.h"
#include "lib/irq.h"
#include "lib/log.h"

#define POLL_MS 20 /* a person does not notice; 50 short interrupts a second */

static struct timer poll_timer;

static void poll(struct timer *t)
{
	console_poll();
	timer_arm(t, arch_clock() + arch_clock_hz() * POLL_MS / 1000);
}

static bool by_interrupt(const struct platform *p)
{
	const struct platform_uart *u = &p->uart;

	if (u->kind == PLATFORM_UART_NONE || !u->has_irq || u->irq_parent != p->plic.phandle)
		return false;
	if (plic_init(p, hart_id(0), u->irq, console_irq))
		return false;
	return !console_set_rx_irq(true);
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
