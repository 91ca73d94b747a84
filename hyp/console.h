/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's console: one serial port, shared by limen's lines and a guest's bytes.
 *
 * A line of limen's starts at the beginning of a line: when a guest has left the cursor in the
 * middle of one, the line goes on a fresh one. A guest's bytes pass through unchanged both ways.
 */
#ifndef HYP_CONSOLE_H
#define HYP_CONSOLE_H

#include "lib/err.h"
#include "lib/types.h"

enum uart_kind {
	UART_SBI,     /* the firmware's console; base, shift and width unused */
	UART_NS16550, /* also DesignWare's */
	UART_SIFIVE,  /* shift and width unused */
};

/* Console through the firmware, and the log's lines through the console. After fw_probe(); once,
 * while one hart runs. */
void console_init_early(void);

/*
 * Goes over to another serial port: its registers mapped at base, register n at n << shift, width
 * bytes an access. Receive interrupts are off afterwards. Any context.
 * ERR_INVAL: no base, a width other than 1 or 4, or a shift that does not fit it (2..4 with width
 * 4, 0..4 with width 1); the old port stays.
 */
int console_set_uart(enum uart_kind kind, volatile void *base, unsigned int shift,
		     unsigned int width);

/* The name of the present port's kind, for a person. Any context. */
const char *console_name(void);

/* Bytes out as they are: what arch_console_write() is. Any context; polls the device. */
void console_write_raw(const char *s, size_t n);

/* A guest's bytes out as they are. Any context that RCU watches; polls the device, with interrupts
 * off for one burst of it at a time. s must not change or fault meanwhile. */
void console_guest_write(const char *s, size_t n);

/* Who gets input: fn(arg, bytes, n) is called by console_poll() and console_irq(), without the
 * console's lock; n > 0. NULL: input is dropped, and after a grace period fn is not called any more. Another
 * one than before is set only then. */
void console_set_input(void (*fn)(void *arg, const char *s, size_t n), void *arg);

/* Takes what has arrived and hands it on. Any context that RCU watches. */
void console_poll(void);

/* Receive interrupts on or off. ERR_NOTSUP: the port has none, console_poll() has to be called. */
int console_set_rx_irq(bool on);

/* The port's interrupt: acknowledges it and does console_poll()'s work. Interrupts off. */
void console_irq(void);

/* What was written so far is out when it returns, or the port is stuck: before the machine ends or begins anew, which empties
 * the port's FIFO. Any context; polls the device. */
void console_drain(void);

/* The machine is about to stop: no locks from now on, no way back. Any context. */
void console_panic_mode(void);

#endif
