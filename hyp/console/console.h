/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's console: one serial port, shared by limen's lines and guests' bytes.
 *
 * While the machine boots, and when it ends, whoever writes waits for the port. In between nobody does:
 * bytes go into rings (hyp/console/outmix.h) and from there to the port as it has room, by its transmit
 * interrupt or in a thread. A port whose far end does not read costs those who print, and nobody else.
 *
 * A line of limen's starts at the beginning of a line: when a guest has left the cursor in the middle
 * of one, the line goes on a fresh one. The bytes of a guest that is shown alone pass unchanged both
 * ways.
 */
#ifndef HYP_CONSOLE_CONSOLE_H
#define HYP_CONSOLE_CONSOLE_H

#include "hyp/console/outmix.h"
#include "lib/err.h"
#include "lib/types.h"

enum uart_kind {
	UART_FIRMWARE, /* the firmware's console; base, shift and width unused */
	UART_NS16550,  /* also DesignWare's */
	UART_SIFIVE,   /* shift and width unused */
};

/* ---- the port --------------------------------------------------------------------------------- */

/* Console through the firmware, and the log's lines through the console. After fw_probe(); once,
 * while one hart runs. */
void console_init_early(void);

/*
 * Goes over to another serial port: its registers mapped at base, register n at n << shift, width
 * bytes an access. Its interrupts are off afterwards. Any context, before console_begin().
 * ERR_INVAL: no base, a width other than 1 or 4, or a shift that does not fit it (2..4 with width
 * 4, 0..4 with width 1); the old port stays.
 */
int console_set_uart(enum uart_kind kind, volatile void *base, unsigned int shift,
		     unsigned int width);

/* The name of the present port's kind, for a person. Any context. */
const char *console_name(void);

/* Has the port's interrupts call for console_irq(). ERR_NOTSUP: it has none, and console_poll() and
 * console_send() have to be called. Before console_begin(). */
int console_use_irqs(void);

/* From now on nobody waits for the port. Where it has no interrupts wake() is called, with interrupts
 * in any state and locks held that lead to a runqueue's, when there is something for console_send() to
 * do; limen's own lines do not call it. Once. */
void console_begin(void (*wake)(void));

/* Sends as much as the port takes, up to some hundred bytes, and tells who waits for room. Returns how
 * many bytes. Interrupts are off for one burst of the port's at a time. Any context that RCU watches,
 * without locks. */
size_t console_send(void);

/* Is there something for console_send() to do? Any context; an answer that may be old. */
bool console_pending(void);

/* The port's interrupt: acknowledges it, takes some of what has arrived and sends a burst. True: the port
 * would take more at once, or has more; so that it does not keep the hart, it is left alone until
 * console_go_on(), which is to come after a while. Interrupts off. */
bool console_irq(void);

/* Sends another burst, and takes what was left; returns as console_irq(). Interrupts off. */
bool console_go_on(void);

/* What was written so far is out when it returns, or the port is stuck; and from now on who writes
 * waits for the port again: before the machine ends or begins anew, which empties the port's FIFO. Any
 * context; polls the device. */
void console_drain(void);

/* The machine is about to stop: no locks from now on, no way back; what is in the rings goes out before
 * anything else. Any context. */
void console_panic_mode(void);

/* ---- output ----------------------------------------------------------------------------------- */

/* Bytes out as they are, before what is in rings of guests: what arch_console_write() is. Any context;
 * polls the device. */
void console_write_raw(const char *s, size_t n);

/* More than one guest is shown, each line with a name in front. Before there is a source. */
void console_show_names(void);
bool console_shows_names(void);

/* With names: has what is no whole line go out if it has stood since the last call but one. Every so
 * many milliseconds; any context, without locks. */
void console_age(void);

/* A guest's output, s->name, s->ring and s->room being set: it has a place on the console, and is shown
 * if all are. ERR_NOMEM: there are too many. Any context, without locks. */
enum err console_add(struct outsource *s);

/* After a grace period the console does not touch it any more. What it has not sent is lost. Any
 * context, without locks. */
void console_remove(struct outsource *s);

/* Has it go to the port, with what it has kept so far; or keep what comes. Any context, without locks. */
void console_show(struct outsource *s, bool shown);

/* Has the end of what it wrote go out, be it a whole line or not. Any context, without locks. */
void console_end_line(struct outsource *s);

/*
 * Takes n bytes of a source's, or as many as there is room for beside spare bytes, and returns how many.
 * *room: what is left; less than OUTRING_LOW, and room() is called when there is more. Any context that RCU watches;
 * what locks are held lead to a runqueue's. s must not change or fault meanwhile. Interrupts are off
 * for one burst of the port's at a time.
 */
size_t console_put(struct outsource *s, const char *text, size_t n, u32 spare, size_t *room);

/* ---- input ------------------------------------------------------------------------------------ */

/* Who gets input. Both are called in interrupts, or where console_poll() was. */
struct console_input {
	/* How many bytes it has room for. Takes no lock. */
	size_t (*room)(void *arg);
	/* Takes n bytes, no more than there is room for. */
	void (*put)(void *arg, const char *s, size_t n);
};

/* Where there is no room, what comes stays in the port. in: NULL: input is dropped, and after a grace
 * period the one before is not called any more. Another one than before is set only then. */
void console_set_input(const struct console_input *in, void *arg);

/* There is room again. Any context, without locks that a handler wants. */
void console_input_room(void);

/* Takes some of what has arrived and hands it on. Returns whether there may be more that somebody has room
 * for. Any context that RCU watches, on one hart alone. */
bool console_poll(void);

#endif
