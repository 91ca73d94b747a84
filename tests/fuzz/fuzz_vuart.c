/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: a guest and a host side that do anything to a serial port, two bytes a step.
 * Sources: guest/vuart.c guest/virq.c, lib/ and arch/host/.
 */
#include <stdlib.h>

#include "guest/vuart.h"

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

static void on_tx(struct vuart *v, const u8 *bytes, size_t n)
{
	vuart_receive(v, bytes, n); /* as a terminal that echoes */
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
	case 2: vuart_reset(&u); break;
	case 3:
	case 4:
	case 5:
	case 6: vuart_read(&u, what); break;
	default: vuart_write(&u, what, val); break;
	}
	if (u.count > VUART_FIFO || u.head >= VUART_FIFO || u.bad > u.count || u.irq_high != line)
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	line = false;
	vuart_init(&u, &ops, NULL);
	virq_connect(&u.irq, &line_ops, NULL, 1, VIRQ_LEVEL);
	for (; size >= 2; size -= 2, data += 2)
		do_step(data[0], data[1]);
	return 0;
}
