/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What hyp/irq/hostirq.c and the drivers of interrupt controllers know of each other. Internal to them.
 */
#ifndef HYP_IRQ_HOSTIRQ_CHIP_H
#define HYP_IRQ_HOSTIRQ_CHIP_H

#include "hyp/irq/hostirq.h"

/* As many lines as the smallest interrupt file has identities, but for the one of kicks. */
#define HOSTIRQ_LINES	62
#define HOSTIRQ_SOURCES 1024

/* Interrupts that are taken at once; what comes after them has to interrupt again. */
#define HOSTIRQ_AT_ONCE 1U

#define HOSTIRQ_KICK  1 /* identity of a kick; the lowest is the most urgent */
#define HOSTIRQ_FIRST 2 /* identity of the first line */

struct hostirq {
	/* Constant while the line is somebody's. */
	void (*fn)(void *arg);
	void *arg;
	u32 source;   /* number at the controller; 0: a free line */
	u32 identity; /* where messages are used */
	enum platform_trigger trigger;

	/* Under the lock. */
	unsigned int hart;
	bool on;

	u64 count; /* written by the hart that takes the line */
};

/* A controller that wires lead to. The calls that take a line hold the lock. */
struct hostirq_chip {
	const char *name;
	u32 phandle;
	u32 sources; /* 1 to this */
	bool (*reaches)(unsigned int hart);
	void (*setup)(const struct hostirq *l);			 /* trigger; off */
	void (*route)(const struct hostirq *l, unsigned int to); /* l->hart: where it went so far */
	void (*mask)(const struct hostirq *l, bool off);
	void (*drop)(const struct hostirq *l); /* off, and in nobody's service: it goes nowhere */
	void (*hart_init)(void);
	u32 (*take)(void); /* claims what there is, up to HOSTIRQ_AT_ONCE; how many that were */
	void (*again)(const struct hostirq *l); /* fn is done, messages are used; or NULL */
};

/* Where interrupts arrive that are messages, each hart's own. */
struct hostirq_files {
	const char *name;
	void (*hart_init)(void);
	u32 (*take)(
		bool *kick); /* what is pending, up to HOSTIRQ_AT_ONCE and up to a kick; how many */
};

/*
 * Makes ready what the architecture found, with every line off, and this hart as hostirq_hart_init() does.
 * chip: where wires lead; NULL: nowhere limen knows, and hostirq_claim() fails. files: where messages go;
 * NULL: nowhere. Boot hart, before the others run; once.
 */
void hostirq_init(const struct hostirq_chip *chip, const struct hostirq_files *files);

/*
 * The hart's pins. The architecture defines these in irq_inline.h, which is found through the include
 * path. Interrupts off.
 *
 *   void irq_ext_off(void)	the calling hart's external interrupt off,
 *   void irq_ext_on(void)	and on
 *   bool irq_ext_pending(void)	is it pending?
 *   void irq_raise_soft(void)	the interrupt that a kick brings is pending
 */

/* Runs the line of a source, or of a message's identity. False: nobody's. Interrupts off. */
bool hostirq_run_source(u32 source);
bool hostirq_run_identity(u32 identity);

/* A source that nobody has came through: said once. */
void hostirq_stray(u32 source);

/* The lock of the lines, for a driver's registers that more than one hart writes. Interrupts off. */
void hostirq_lock(void);
void hostirq_unlock(void);

#endif
