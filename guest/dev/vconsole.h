/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's end of the console: bytes from its UART and DBCN out, typed bytes in.
 *
 * Output goes into a ring of the VM's own memory. Where the VM is on the console (hyp/console/console.h), it
 * goes on from there as the port takes it, and while the ring is full the guest waits: its UART is not
 * empty, DBCN takes less. What a VM that is not there writes stays in the ring, the newest of it.
 *
 * Input waits in a ring until the guest's UART has room, and while that is full, in the machine's port.
 *
 * Lock order: lock, then the UART model's; that, then the console's.
 */
#ifndef GUEST_DEV_VCONSOLE_H
#define GUEST_DEV_VCONSOLE_H

#include "guest/dev/vuart.h"
#include "hyp/console/console.h"
#include "hyp/mem/page.h"
#include "lib/spinlock.h"
#include "lib/types.h"

#define VCONSOLE_RING	1024  /* of input; a power of two */
#define VCONSOLE_OUTPUT 16384 /* of output; a power of two */

struct vconsole {
	struct vuart *uart;
	struct outsource out;
	bool added; /* to the console; constant while the VM runs */
	bool owner; /* by the manager's thread */
	struct spinlock lock;
	u32 head, tail; /* bytes put and taken so far; written under lock, read without */
	u8 ring[VCONSOLE_RING];
};

/* Ties the console to the VM's UART, which is set up here. name: the VM's, constant. payer: the VM,
 * which pays for what it costs to send its bytes. ERR_NOMEM. */
enum err vconsole_init(struct vconsole *c, struct vuart *uart, const char *name,
		       struct sched_group *payer, struct mem_account *account);

/* Gives back what vconsole_init() took, if it took anything. A grace period after vconsole_leave(). */
void vconsole_destroy(struct vconsole *c, struct mem_account *account);

/* Makes it the machine's console: what it has written so far is shown, and limen's own lines go to
 * memory from here on, unless all VMs are shown. */
void vconsole_own(struct vconsole *c);

/* Input alone goes to it from here on: before a line says that it will own the console. */
void vconsole_listen(struct vconsole *c);

/* The machine's console is limen's again, if it was this one's. */
void vconsole_disown(struct vconsole *c);

/* Has the rest of its output go out; returns how much that is. Not on the console: none is. The VM does
 * not run. */
size_t vconsole_rest(struct vconsole *c);

/* How much it has written that nobody has seen. */
u64 vconsole_unseen(struct vconsole *c);

/* After a grace period no input comes here any more, and no output goes out. The VM does not run. */
void vconsole_leave(struct vconsole *c);

/* Output of the guest; returns how many bytes were taken. Any context that RCU watches. */
size_t vconsole_write(struct vconsole *c, const char *s, size_t n);

/* Takes up to n waiting bytes, those in the UART's FIFO first; returns how many. */
size_t vconsole_read(struct vconsole *c, char *s, size_t n);

#endif
