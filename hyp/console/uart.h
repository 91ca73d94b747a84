/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A serial port as the console sees it. The console's lock serializes all calls, except that in a
 * panic they come as they come: a driver keeps no state that could then fault.
 *
 * Line settings are the firmware's and stay as they are.
 */
#ifndef HYP_CONSOLE_UART_H
#define HYP_CONSOLE_UART_H

#include "lib/err.h"
#include "lib/types.h"

/* How long a driver polls for room in a transmitter: seconds with any real device, even one held
 * up by flow control, but not for ever. */
#define UART_PATIENCE 10000000U

struct uart;

struct uart_ops {
	const char *name;
	/* Most bytes of one send() that are worth a hold of the console's lock. */
	unsigned int burst;
	/* send() and read() may take their time: who cannot wait stays away from them. */
	bool slow;
	/* Makes the device ready; its interrupts off. Interrupts in any state. */
	void (*init)(struct uart *u);
	/* Takes as many of n bytes as it has room for now, and returns how many. */
	size_t (*send)(struct uart *u, const char *s, size_t n);
	/* Sends n bytes, polling; returns how many went out: fewer only if the device is stuck. */
	size_t (*write)(struct uart *u, const char *s, size_t n);
	/* Polls until what was written has left the FIFO, or the device is stuck; may be NULL. */
	void (*drain)(struct uart *u);
	/* Takes up to n bytes that have arrived; returns how many. Never waits. */
	size_t (*read)(struct uart *u, char *buf, size_t n);
	/* Interrupts on or off: that something has arrived, and that the transmitter is empty. ERR_NOTSUP:
	 * poll instead. */
	int (*set_irqs)(struct uart *u, bool rx, bool tx);
	/* Clears what of an interrupt read() does not; may be NULL. Before read(). */
	void (*irq)(struct uart *u);
};

struct uart {
	const struct uart_ops *ops;
	volatile u8 *base;  /* registers; MMIO drivers only */
	unsigned int shift; /* register n is at n << shift */
	unsigned int width; /* bytes an access: 1 or 4 */
	unsigned int fifo;  /* bytes the empty transmitter takes */
	unsigned int room;  /* of those, which it can still take without a look at it */
	bool stuck;	    /* the transmitter took nothing for all of UART_PATIENCE */
};

/* "ns16550a" and its relatives (National Semiconductor PC16550D, June 1995), the DesignWare ones
 * included. */
extern const struct uart_ops uart_ns16550_ops;

/* "sifive,uart0" (SiFive FU740-C000 manual v1p6, chapter 17). */
extern const struct uart_ops uart_sifive_ops;

/* The firmware's console: DBCN, or the legacy calls. */
extern const struct uart_ops uart_firmware_ops;

/* DBCN wants physical addresses: what to subtract from the address of a variable of limen's to get
 * its physical one. 0 until set. */
void uart_firmware_set_offset(u64 virt_minus_phys);

#endif
