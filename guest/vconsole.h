/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's end of the console: bytes from its UART and DBCN out, typed bytes in. Input waits in a
 * ring until the guest's UART has room; what comes while the ring is full is dropped, as a serial
 * line does. The output of a VM that does not own the console goes nowhere.
 *
 * Lock order: lock, then the UART model's.
 */
#ifndef GUEST_VCONSOLE_H
#define GUEST_VCONSOLE_H

#include "guest/vuart.h"
#include "lib/spinlock.h"
#include "lib/types.h"

#define VCONSOLE_RING 1024 /* a power of two */

struct vconsole {
	struct vuart *uart;
	bool owner; /* constant while the VM runs */
	struct spinlock lock;
	u32 head, tail; /* under lock: bytes put and taken so far */
	u8 ring[VCONSOLE_RING];
};

/* Ties the console to the VM's UART, which is set up here. */
void vconsole_init(struct vconsole *c, struct vuart *uart);

/* Makes it the machine's console: limen's own lines go to memory from here on. */
void vconsole_own(struct vconsole *c);

/* The machine's console is limen's again, if it was this one's; after a grace period no input comes here
 * any more. The VM does not run. */
void vconsole_disown(struct vconsole *c);

/* Output of the guest. Any context that RCU watches. */
void vconsole_write(struct vconsole *c, const char *s, size_t n);

/* Takes up to n waiting bytes, those in the UART's FIFO first; returns how many. */
size_t vconsole_read(struct vconsole *c, char *s, size_t n);

#endif
