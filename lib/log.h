/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limen's own log. Every line is kept in a ring in memory, and goes to the console with the
 * prefix "limen: " unless a guest owns the console. A report (log_report) goes there always: it
 * is how a person learns that a VM failed.
 *
 * Any context; formatted on the caller's stack (256 bytes a line, longer ones are cut); a spinlock
 * with interrupts off is held while a line goes out. Never call it while RCU is not watching.
 * Format strings are printf's without floating point; lines end without "\n".
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include "lib/compiler.h"
#include "lib/types.h"

#define LOG_LINE_MAX 256

void log_info(const char *fmt, ...) __printf(1, 2);
void log_warn(const char *fmt, ...) __printf(1, 2);
void log_error(const char *fmt, ...) __printf(1, 2);
void log_report(const char *fmt, ...) __printf(1, 2);

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
};

/* From now on lines less serious than least go to memory only. Any context. */
void log_set_level(enum log_level least);

/*
 * Where lines go instead of arch_console_write(): each call of the sink is one whole line, prefix
 * and "\r\n" included. The sink is called with the log's lock held and must not log. NULL brings
 * arch_console_write() back. While one hart runs.
 */
void log_set_sink(void (*sink)(const char *s, size_t n));

/*
 * The machine is about to stop: from now on every line goes to the console, and no lock is taken,
 * so that a hart that died holding it silences nobody. There is no way back. Any context. Returns
 * whether lines were being kept from the console.
 */
bool log_panic_mode(void);

/* From now on info, warnings and errors go to memory only (true), or to the console as well. */
void log_set_quiet(bool quiet);

/* Copies the newest part of the log, at most n bytes of whole text, to buf; returns how many.
 * Interrupts in any state. */
size_t log_copy(char *buf, size_t n);

#endif
