/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/vconsole.h"

#include "guest/vuart_regs.h"
#include "hyp/console.h"
#include "lib/log.h"

/* Hands what waits to the UART as far as it takes it. */
static void feed(struct vconsole *c)
{
	while (c->head != c->tail) {
		u32 at = c->tail % VCONSOLE_RING;
		u32 run = c->head - c->tail;

		if (run > VCONSOLE_RING - at)
			run = VCONSOLE_RING - at;
		at = (u32)vuart_receive(c->uart, &c->ring[at], run);
		c->tail += at;
		if (at < run)
			return;
	}
}

static void input(void *arg, const char *s, size_t n)
{
	struct vconsole *c = arg;
	unsigned long flags = spin_lock_irqsave(&c->lock);

	for (size_t i = 0; i < n && c->head - c->tail < VCONSOLE_RING; i++)
		c->ring[c->head++ % VCONSOLE_RING] = (u8)s[i];
	feed(c);
	spin_unlock_irqrestore(&c->lock, flags);
}

static void uart_tx(struct vuart *u, const u8 *bytes, size_t n)
{
	vconsole_write(u->arg, (const char *)bytes, n);
}

static void uart_room(struct vuart *u)
{
	struct vconsole *c = u->arg;
	unsigned long flags = spin_lock_irqsave(&c->lock);

	feed(c);
	spin_unlock_irqrestore(&c->lock, flags);
}

static const struct vuart_ops uart_ops = {uart_tx, uart_room};

void vconsole_init(struct vconsole *c, struct vuart *uart)
{
	c->uart = uart;
	c->lock = (struct spinlock)SPINLOCK_INIT("vconsole");
	vuart_init(uart, &uart_ops, c);
}

void vconsole_own(struct vconsole *c)
{
	c->owner = true;
	log_set_quiet(true);
	console_set_input(input, c);
}

void vconsole_disown(struct vconsole *c)
{
	if (!c->owner)
		return;
	console_set_input(NULL, NULL);
	log_set_quiet(false);
}

void vconsole_write(struct vconsole *c, const char *s, size_t n)
{
	if (c->owner)
		console_guest_write(s, n);
}

/* A byte that the UART holds already, for a guest that reads the debug console instead. */
static bool take_from_uart(struct vuart *u, char *byte)
{
	if (vuart_read(u, UART_LCR) & UART_LCR_DLAB || !(vuart_read(u, UART_LSR) & UART_LSR_DR))
		return false;
	*byte = (char)vuart_read(u, UART_RBR);
	return true;
}

size_t vconsole_read(struct vconsole *c, char *s, size_t n)
{
	size_t i = 0;

	while (i < n && take_from_uart(c->uart, &s[i]))
		i++;
	return i;
}
