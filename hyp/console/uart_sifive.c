/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SiFive UART (SiFive FU740-C000 manual v1p6, chapter 17). Registers are words; a read of rxdata
 * takes the byte out, so it is read once and then looked at.
 */
#include "hyp/console/uart.h"

#include "arch/arch.h"
#include "hyp/machine/mmio.h"

#define TXDATA 0x00
#define RXDATA 0x04
#define TXCTRL 0x08
#define RXCTRL 0x0c
#define IE     0x10
#define IP     0x14

#define TXDATA_FULL  (1U << 31)
#define RXDATA_EMPTY (1U << 31)
#define TXCTRL_TXEN  (1U << 0)
#define TXCTRL_TXCNT (7U << 16) /* IP_TXWM: fewer than this many wait */
#define TXCTRL_EMPTY (1U << 16) /* one as the number */
#define RXCTRL_RXEN  (1U << 0)
#define RXCTRL_RXCNT (7U << 16) /* interrupt when more than this many wait: none */
#define IE_TXWM	     (1U << 0)
#define IE_RXWM	     (1U << 1)
#define IP_TXWM	     (1U << 0)

static u32 reg_read(const struct uart *u, unsigned int reg)
{
	return mmio_read32(u->base + reg);
}

static void reg_write(const struct uart *u, unsigned int reg, u32 v)
{
	mmio_write32(u->base + reg, v);
}

static void sifive_init(struct uart *u)
{
	reg_write(u, IE, 0);
	reg_write(u, TXCTRL, (reg_read(u, TXCTRL) & ~TXCTRL_TXCNT) | TXCTRL_EMPTY | TXCTRL_TXEN);
	reg_write(u, RXCTRL, (reg_read(u, RXCTRL) & ~RXCTRL_RXCNT) | RXCTRL_RXEN);
	u->fifo = 1;
}

/* Until the register's bits of the mask read as value. */
static bool wait_bits(struct uart *u, unsigned int reg, u32 mask, u32 value)
{
	unsigned int patience = u->stuck ? 1 : UART_PATIENCE;

	while ((reg_read(u, reg) & mask) != value) {
		if (--patience == 0)
			return false;
		arch_relax();
	}
	return true;
}

static size_t sifive_send(struct uart *u, const char *s, size_t n)
{
	size_t done = 0;

	while (done < n && !(reg_read(u, TXDATA) & TXDATA_FULL))
		reg_write(u, TXDATA, (u8)s[done++]);
	u->stuck &= done == 0;
	return done;
}

static size_t sifive_write(struct uart *u, const char *s, size_t n)
{
	size_t done = 0;

	while (done < n) {
		u->stuck = !wait_bits(u, TXDATA, TXDATA_FULL, 0);
		if (u->stuck)
			break;
		reg_write(u, TXDATA, (u8)s[done++]);
	}
	return done;
}

static void sifive_drain(struct uart *u)
{
	u->stuck = !wait_bits(u, IP, IP_TXWM, IP_TXWM);
}

static size_t sifive_read(struct uart *u, char *buf, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		u32 v = reg_read(u, RXDATA);

		if (v & RXDATA_EMPTY)
			break;
		buf[i] = (char)v;
	}
	return i;
}

static int sifive_set_irqs(struct uart *u, bool rx, bool tx)
{
	reg_write(u, IE, (rx ? IE_RXWM : 0) | (tx ? IE_TXWM : 0));
	return OK;
}

const struct uart_ops uart_sifive_ops = {
	.name = "sifive,uart0",
	.burst = 32,
	.init = sifive_init,
	.send = sifive_send,
	.write = sifive_write,
	.drain = sifive_drain,
	.read = sifive_read,
	.set_irqs = sifive_set_irqs,
};
