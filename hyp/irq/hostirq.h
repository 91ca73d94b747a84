/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the machine's devices, whatever controller they come through: one that signals harts
 * itself, or one that sends them messages. The architecture has the controllers, and hands them over
 * (hyp/irq/hostirq_chip.h).
 *
 * A line is one interrupt of one device, as the tree names it; it goes to one hart at a time.
 */
#ifndef HYP_IRQ_HOSTIRQ_H
#define HYP_IRQ_HOSTIRQ_H

#include "hyp/tree/platform.h"
#include "lib/err.h"

struct hostirq;

/* The calling hart can take interrupts, and be kicked through its interrupt file if it has one. It
 * knows its index. Interrupts off. */
void hostirq_hart_init(void);

/* A hart's external interrupt: takes what is there. True: a kick is among it, and what came with it may still
 * be pending. One that stays pending, again and again, is turned off, which the log says, and looked after
 * by a timer. Interrupts off, RCU watching. */
bool hostirq_take(void);

/*
 * Makes irq a line of the caller's, which goes to this hart and is off. fn(arg) is called for each
 * interrupt, interrupts off, RCU watching; a level that it leaves up calls it again. Any context that
 * may allocate nothing and block nowhere.
 * ERR_NOENT: no such controller or number, or that controller does not reach the hart. ERR_EXIST:
 * somebody has it. ERR_NOMEM: no room for more lines.
 */
enum err hostirq_claim(const struct platform_irq *irq, unsigned int hart, void (*fn)(void *arg),
		       void *arg, struct hostirq **out);

/* On and off. Off: fn may still be at work on another hart. Any context. */
void hostirq_enable(struct hostirq *l);
void hostirq_disable(struct hostirq *l);

/* Sends the line to another hart. What is on its way to the old one is taken there: none is lost.
 * ERR_NOENT: the controller does not reach that hart. Any context. */
enum err hostirq_set_hart(struct hostirq *l, unsigned int hart);

/* Gives the line back; fn is not running and will not be called any more. May block. */
void hostirq_free(struct hostirq *l);

/* How often fn was called. Any context. */
u64 hostirq_count(const struct hostirq *l);

#endif
