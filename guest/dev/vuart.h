/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model of an NS16550A serial port, as a guest sees it: eight registers of one byte, 16 bytes of
 * receive FIFO, and a transmitter that is busy only while the host side has no room.
 *
 * Time does not exist in it: a byte written is sent at once, so the transmitter is empty again before
 * the guest can look, as long as the host side has room for a FIFO more; and the receive time-out (four
 * characters' time without news) has always passed, so bytes under the FIFO's trigger level interrupt
 * at once, as a time-out.
 *
 * What the host side gives is taken while there is room; it is told when the guest has made room. Only
 * loopback can overrun.
 *
 * Lock order: u->lock > the interrupt controller's lock, and what tx() takes. rx_room() is called with
 * no lock held.
 *
 * Spec: National Semiconductor PC16550D data sheet (June 1995), section 8, "Registers".
 */
#ifndef GUEST_DEV_VUART_H
#define GUEST_DEV_VUART_H

#include "guest/dev/virq.h"
#include "guest/mem/mmio.h"
#include "lib/spinlock.h"
#include "lib/types.h"

#define VUART_SIZE 8 /* bytes of guest physical address space */
#define VUART_HZ \
	1843200 /* clock-frequency for the guest's tree; the divisor after reset, 1,
			    * then means 115200 baud */

#define VUART_FIFO 16

struct vuart;

/* Called where the guest's access or vuart_receive() was; they must not block. */
struct vuart_ops {
	/* The guest sends. Returns whether there is room for VUART_FIFO bytes more; if not,
	 * vuart_sent() has to be called once there is. With u->lock held. */
	bool (*tx)(struct vuart *u, u8 byte);
	/* With no lock of the model's held. The guest has emptied the receiver after vuart_receive()
	 * took less than it was given; it may be called again, from here too. May be NULL. */
	void (*rx_room)(struct vuart *u);
};

/* A received character and the line errors that came with it. */
struct vuart_char {
	u8 byte;
	u8 errors; /* UART_LSR_PE, _FE, _BI */
};

struct vuart {
	const struct vuart_ops *ops; /* constant */
	void *arg;		     /* for the owner; constant */
	struct virq_line irq;	     /* connected before the guest runs */

	struct spinlock lock; /* protects all below */
	u8 ier, fcr, lcr, mcr, scr, dll, dlm;
	u8 msr;		/* modem inputs and what changed since they were read */
	bool overrun;	/* LSR.OE */
	bool thr_event; /* the transmitter became empty, not yet seen in IIR */
	bool tx_full;	/* the host side had no room; shown as a transmitter that is not empty */
	bool irq_high;	/* what the line was last told */
	bool refused;	/* vuart_receive() took less than it was given */
	u8 head, count; /* of the receive FIFO */
	u8 bad;		/* characters in it with errors */
	struct vuart_char rx[VUART_FIFO];
};

/* A port after power-on. The line is connected to a controller afterwards. */
void vuart_init(struct vuart *u, const struct vuart_ops *ops, void *arg);

/* Back to that state, the line low. The guest must not be running. */
void vuart_reset(struct vuart *u);

/* Bytes for the guest, from outside. Returns how many were taken, from the first on; for the rest
 * rx_room() is called. Any context, interrupts in any state. */
size_t vuart_receive(struct vuart *u, const u8 *bytes, size_t n);

/* The host side has room again. Any context, interrupts in any state. */
void vuart_sent(struct vuart *u);

/* Takes up to n bytes out of the receiver for who reads past the registers; returns how many. As the
 * guest's accesses. */
size_t vuart_take(struct vuart *u, u8 *bytes, size_t n);

/* A break on the line. Returns OK, or ERR_AGAIN: no room, later (as vuart_receive()). Any context,
 * interrupts in any state. */
enum err vuart_receive_break(struct vuart *u);

/* The guest's accesses; reg counts modulo 8. Any context, interrupts in any state. */
u8 vuart_read(struct vuart *u, unsigned int reg);
void vuart_write(struct vuart *u, unsigned int reg, u8 val);

/* For the MMIO bus; dev is the struct vuart. Anything but one byte is ERR_INVAL, past the last
 * register ERR_RANGE. */
extern const struct mmio_ops vuart_mmio_ops;

#endif
