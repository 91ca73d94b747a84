/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See vconsole.h.
 */
#include "guest/dev/vconsole.h"

#include "guest/dev/vuart_regs.h"
#include "hyp/mem/kmem.h"
#include "lib/check.h"
#include "lib/log.h"

_Static_assert(OUTRING_LOW >= VUART_FIFO, "a UART that is told of room has room for its FIFO");

/* ---- input ------------------------------------------------------------------------------------ */

/* Hands what waits to the UART as far as it takes it; returns whether there is more room now. */
static bool feed(struct vconsole *c)
{
	u32 before = c->tail;

	while (c->head != c->tail) {
		u32 at = c->tail % VCONSOLE_RING;
		u32 run = (u32)min_u64(c->head - c->tail, VCONSOLE_RING - at);

		at = (u32)vuart_receive(c->uart, &c->ring[at], run);
		WRITE_ONCE(c->tail, c->tail + at);
		if (at < run)
			break;
	}
	return c->tail != before;
}

static size_t input_room(void *arg)
{
	const struct vconsole *c = arg;

	return VCONSOLE_RING - (READ_ONCE(c->head) - READ_ONCE(c->tail));
}

/* The one that puts in is the one that asked for room: there is no less now. */
static void input(void *arg, const char *s, size_t n)
{
	struct vconsole *c = arg;
	unsigned long flags = spin_lock_irqsave(&c->lock);

	for (size_t i = 0; i < n; i++)
		c->ring[(c->head + i) % VCONSOLE_RING] = (u8)s[i];
	WRITE_ONCE(c->head, c->head + (u32)n);
	(void)feed(c);
	spin_unlock_irqrestore(&c->lock, flags);
}

static const struct console_input input_ops = {input_room, input};

static void uart_room(struct vuart *u)
{
	struct vconsole *c = u->arg;
	unsigned long flags = spin_lock_irqsave(&c->lock);
	bool room = feed(c);

	spin_unlock_irqrestore(&c->lock, flags);
	if (room && READ_ONCE(c->owner))
		console_input_room();
}

size_t vconsole_read(struct vconsole *c, char *s, size_t n)
{
	size_t all = 0, got;

	do {
		got = vuart_take(c->uart, (u8 *)s + all, n - all);
		all += got;
	} while (got);
	return all;
}

/* ---- output ----------------------------------------------------------------------------------- */

/* A guest that sends to a transmitter that is not empty loses the byte, as it would elsewhere. */
static bool uart_tx(struct vuart *u, u8 byte)
{
	struct vconsole *c = u->arg;
	char text = (char)byte;
	size_t room;

	if (!console_put(&c->out, &text, 1, 0, &room))
		outring_lose(&c->out.ring, 1);
	return room >= OUTRING_LOW;
}

static void output_room(struct outsource *s)
{
	vuart_sent(container_of(s, struct vconsole, out)->uart);
}

/* What the UART's transmitter has said that it has room for stays free. */
size_t vconsole_write(struct vconsole *c, const char *s, size_t n)
{
	size_t room;

	return console_put(&c->out, s, n, VUART_FIFO, &room);
}

/* ---- whose the console is --------------------------------------------------------------------- */

static const struct vuart_ops uart_ops = {uart_tx, uart_room};

enum err vconsole_init(struct vconsole *c, struct vuart *uart, const char *name,
		       struct sched_group *payer, struct mem_account *account)
{
	char *buf = kmem_alloc_charged(account, VCONSOLE_OUTPUT);
	enum err err;

	if (!buf)
		return ERR_NOMEM;
	c->uart = uart;
	c->lock = (struct spinlock)SPINLOCK_INIT("vconsole");
	vuart_init(uart, &uart_ops, c);
	c->out = (struct outsource){.name = name, .room = output_room, .payer = payer};
	outring_init(&c->out.ring, buf, VCONSOLE_OUTPUT);
	err = console_add(&c->out);
	c->added = !err;
	return err;
}

void vconsole_destroy(struct vconsole *c, struct mem_account *account)
{
	DCHECK(!c->owner); /* or what is typed goes where it was */
	kmem_free_charged(account, c->out.ring.buf);
	c->out.ring.buf = NULL;
}

void vconsole_listen(struct vconsole *c)
{
	WRITE_ONCE(c->owner, true);
	console_set_input(&input_ops, c);
}

void vconsole_own(struct vconsole *c)
{
	vconsole_listen(c);
	log_set_quiet(!console_shows_names());
	console_show(&c->out, true);
}

void vconsole_disown(struct vconsole *c)
{
	if (!c->owner)
		return;
	WRITE_ONCE(c->owner, false);
	console_set_input(NULL, NULL);
	log_set_quiet(false);
}

size_t vconsole_rest(struct vconsole *c)
{
	if (!c->out.shown)
		return 0;
	console_end_line(&c->out);
	return outring_unseen(&c->out.ring);
}

u64 vconsole_unseen(struct vconsole *c)
{
	return outring_unseen(&c->out.ring);
}

void vconsole_leave(struct vconsole *c)
{
	vconsole_disown(c);
	if (c->added)
		console_remove(&c->out);
	c->added = false;
}
