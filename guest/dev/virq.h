/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupt lines: what a device model holds to interrupt its guest. A device says that
 * its line is high or low (level), or that something happened (edge); which controller hears it
 * is not the device's business.
 *
 * A line belongs to the device that embeds it. It is wired once, with virq_connect() by the
 * controller, before the device can run; until then, and after virq_disconnect(), what the device
 * says is dropped.
 *
 * Lock order: the device's own lock may be held; the controller's lock is taken below it. A device
 * that keeps its line's level in step with its registers calls virq_set() under the lock that
 * protects those registers, or two harts could tell the controller the levels in the wrong order.
 */
#ifndef GUEST_DEV_VIRQ_H
#define GUEST_DEV_VIRQ_H

#include "lib/types.h"

enum virq_trigger {
	VIRQ_LEVEL, /* active high: wants service for as long as it is high */
	VIRQ_EDGE,  /* rising edge: each one wants service once */
};

struct virq_line;

/* A controller's side. Both are called in any context, with interrupts in any state. */
struct virq_ops {
	void (*set)(struct virq_line *line, bool level);
	void (*pulse)(struct virq_line *line);
};

struct virq_line {
	const struct virq_ops *ops; /* NULL: not connected */
	void *controller;
	u32 source; /* the controller's number for this line */
	enum virq_trigger trigger;
};

/* Wires a line to a controller, which calls this. The device must not be running. */
void virq_connect(struct virq_line *line, const struct virq_ops *ops, void *controller, u32 source,
		  enum virq_trigger trigger);

/* Unwires it. The device must not be running. */
void virq_disconnect(struct virq_line *line);

/*
 * The line is high (true) or low from now on. Saying the same twice is harmless. On an edge line
 * a step from low to high is one edge.
 * Any context, interrupts in any state; does not block.
 */
void virq_set(struct virq_line *line, bool level);

/*
 * Something happened: one edge. On a level line it is high for an instant, which a controller
 * that latches requests serves once.
 * Any context, interrupts in any state; does not block.
 */
void virq_pulse(struct virq_line *line);

#endif
