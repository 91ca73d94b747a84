/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NS16550A (National Semiconductor PC16550D, June 1995) with registers at any power-of-two distance,
 * accessed as bytes or words. Two habits of the DesignWare APB UART are known: the busy-detect
 * interrupt, and a character time-out with nothing to read.
 */
#include "hyp/console/uart.h"

#include "arch/arch.h"
#include "hyp/machine/mmio.h"

#define RBR 0 /* read */
#define THR 0 /* write */
#define IER 1
#define IIR 2 /* read */
#define FCR 2 /* write */
#define LCR 3
#define MCR 4
#define LSR 5
#define USR 31 /* DesignWare alone */

#define IER_ERBFI	 0x01
#define IER_ETBEI	 0x02
#define FCR_FIFO_ENABLE	 0x01
#define IIR_ID		 0x0f
#define IIR_NO_INT	 0x01
#define IIR_DW_BUSY	 0x07
#define IIR_CHAR_TIMEOUT 0x0c
#define IIR_FIFO	 0xc0
#define LCR_DLAB	 0x80
#define MCR_OUT2	 0x08 /* lets the interrupt out on PC-like boards */
#define MCR_DTR_RTS_OUT2 0x0b
#define LSR_DR		 0x01
#define LSR_THRE	 0x20
#define LSR_TEMT	 0x40

static u8 reg_read(const struct uart *u, unsigned int reg)
{
	const volatile u8 *p = u->base + ((size_t)reg << u->shift);

	return u->width == 4 ? (u8)mmio_read32(p) : mmio_read8(p);
}

static void reg_write(const struct uart *u, unsigned int reg, u8 v)
{
	volatile u8 *p = u->base + ((size_t)reg << u->shift);

	if (u->width == 4)
		mmio_write32(p, v);
	else
		mmio_write8(p, v);
}

static bool wait_lsr(struct uart *u, u8 bit)
{
	/* A stuck device gets one look at each write, until it moves again. */
	unsigned int patience = u->stuck ? 1 : UART_PATIENCE;

	while (!(reg_read(u, LSR) & bit)) {
		if (--patience == 0)
			return false;
		arch_relax();
	}
	return true;
}

/* Turning the FIFOs on empties them, so what firmware or loader wrote goes out first. */
static void ns16550_init(struct uart *u)
{
	u->stuck = !wait_lsr(u, LSR_TEMT);
	reg_write(u, LCR, reg_read(u, LCR) & (u8)~LCR_DLAB);
	reg_write(u, IER, 0);
	reg_write(u, FCR, FCR_FIFO_ENABLE);
	u->fifo = (reg_read(u, IIR) & IIR_FIFO) == IIR_FIFO ? 16 : 1;
	u->room = 0;
}

/* Into a FIFO that has room for them. */
static void put(struct uart *u, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		reg_write(u, THR, (u8)s[i]);
	u->room -= (unsigned int)n;
}

/* THRE says that the whole FIFO is empty: one look is good for u->fifo bytes, however they come. */
static size_t ns16550_send(struct uart *u, const char *s, size_t n)
{
	if (u->room < n && (reg_read(u, LSR) & LSR_THRE))
		u->room = u->fifo;
	n = min_u64(n, u->room);
	put(u, s, n);
	u->stuck &= n == 0;
	return n;
}

static size_t ns16550_write(struct uart *u, const char *s, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t len;

		u->stuck = !wait_lsr(u, LSR_THRE);
		if (u->stuck)
			break;
		u->room = u->fifo;
		len = min_u64(n - done, u->fifo);
		put(u, s + done, len);
		done += len;
	}
	return done;
}

static void ns16550_drain(struct uart *u)
{
	u->stuck = !wait_lsr(u, LSR_TEMT);
}

static size_t ns16550_read(struct uart *u, char *buf, size_t n)
{
	size_t i = 0;

	while (i < n && (reg_read(u, LSR) & LSR_DR))
		buf[i++] = (char)reg_read(u, RBR);
	return i;
}

static int ns16550_set_irqs(struct uart *u, bool rx, bool tx)
{
	if (!(reg_read(u, MCR) & MCR_OUT2))
		reg_write(u, MCR, reg_read(u, MCR) | MCR_DTR_RTS_OUT2);
	reg_write(u, IER, (rx ? IER_ERBFI : 0) | (tx ? IER_ETBEI : 0));
	return OK;
}

static void ns16550_irq(struct uart *u)
{
	u8 iir = reg_read(u, IIR);

	if (iir & IIR_NO_INT && (iir & IIR_ID) != IIR_DW_BUSY)
		return;
	if ((iir & IIR_ID) == IIR_DW_BUSY)
		(void)reg_read(u, USR);
	else if ((iir & IIR_ID) == IIR_CHAR_TIMEOUT && !(reg_read(u, LSR) & LSR_DR))
		(void)reg_read(u, RBR);
}

const struct uart_ops uart_ns16550_ops = {
	.name = "ns16550a",
	.burst = 16,
	.init = ns16550_init,
	.send = ns16550_send,
	.write = ns16550_write,
	.drain = ns16550_drain,
	.read = ns16550_read,
	.set_irqs = ns16550_set_irqs,
	.irq = ns16550_irq,
};
