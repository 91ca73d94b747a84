/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: a guest and a host side that do anything to a serial port, two bytes a step.
 * Sources: guest/dev/vuart.c guest/dev/virq.c, lib/ and arch/host/.
 */
#include <stdlib.h>

#include "guest/dev/vuart.h"

static struct vuart u;
static bool line;

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void on_set(struct virq_line *l, bool level)
{
	(void)l;
	if (line == level)
		abort();
	line = level;
}

static u8 echo;
static bool echoes;

/* As a terminal that echoes, and has no room now and then. */
static bool on_tx(struct vuart *v, u8 byte)
{
	(void)v;
	echo = byte;
	echoes = true;
	return byte & 3;
}

static void on_room(struct vuart *v)
{
	static const u8 text[] = "0123456789abcdefghij";

	vuart_receive(v, text, 10);
}

static const struct virq_ops line_ops = {.set = on_set};
static const struct vuart_ops ops = {.tx = on_tx, .rx_room = on_room};

static void do_step(u8 what, u8 val)
{
	u8 bytes[32] = {val};

	switch (what >> 4) {
	case 0: vuart_receive(&u, bytes, val % 32); break;
	case 1: (void)vuart_receive_break(&u); break;
	case 2: val & 1 ? vuart_reset(&u) : vuart_sent(&u); break;
	case 3: vuart_take(&u, bytes, val % 32); break;
	case 4:
	case 5:
	case 6: vuart_read(&u, what); break;
	default: vuart_write(&u, what, val); break;
	}
	if (echoes)
		vuart_receive(&u, &echo, 1);
	echoes = false;
	if (u.count > VUART_FIFO || u.head >= VUART_FIFO || u.bad > u.count || u.irq_high != line)
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	line = echoes = false;
	vuart_init(&u, &ops, NULL);
	virq_connect(&u.irq, &line_ops, NULL, 1, VIRQ_LEVEL);
	for (; size >= 2; size -= 2, data += 2)
		do_step(data[0], data[1]);
	return 0;
}
