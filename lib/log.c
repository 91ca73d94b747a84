/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: a ring of the last lines, and their way to the console.
 *
 * Text from a guest, a device tree or a payload may be in a line, so nothing but printable ASCII
 * gets through: a terminal obeys control characters.
 *
 * Lock order: log.lock, then whatever the sink takes (the console's lock).
 */
#include "lib/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/spinlock.h"

#define LOG_RING   16384 /* bytes; a power of two */
#define LOG_PREFIX "limen: "
#define LOG_REPORT ~0U /* more serious than any level */

static struct {
	struct spinlock lock;

	/* Under the lock. */
	u64 written; /* bytes ever put in the ring */
	char ring[LOG_RING];

	/* Written rarely, read without the lock. */
	bool quiet;
	bool panicking;
	enum log_level level;
	void (*sink)(const char *s, size_t n);
} log_state = {.lock = SPINLOCK_INIT("log"), .level = LOG_INFO};

/* Whether the lock was taken, and the interrupt state to go back to. */
struct log_guard {
	bool locked;
	unsigned long flags;
};

static struct log_guard log_lock(void)
{
	if (READ_ONCE(log_state.panicking))
		return (struct log_guard){false, 0};
	return (struct log_guard){true, spin_lock_irqsave(&log_state.lock)};
}

static void log_unlock(struct log_guard g)
{
	if (g.locked)
		spin_unlock_irqrestore(&log_state.lock, g.flags);
}

/* In panic mode several harts may be here at once: text may mix, but stays in the ring. */
static void log_keep(const char *s, size_t n)
{
	u64 at = log_state.written;

	for (size_t i = 0; i < n; i++)
		log_state.ring[(at + i) % LOG_RING] = s[i];
	log_state.written = at + n;
}

static void log_out(const char *s, size_t n)
{
	void (*sink)(const char *, size_t) = READ_ONCE(log_state.sink);

	if (sink)
		sink(s, n);
	else
		arch_console_write(s, n);
}

static void log_clean(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			s[i] = s[i] == '\t' ? ' ' : '?';
}

/* Formats prefix and message to line, which has room for LOG_LINE_MAX bytes, and returns how many
 * it used. */
static size_t log_format(char *line, const char *severity, const char *fmt, va_list ap)
{
	size_t head = (size_t)snprintf(line, LOG_LINE_MAX, LOG_PREFIX "%s", severity);
	int n = vsnprintf(line + head, LOG_LINE_MAX - head, fmt, ap);
	size_t len = head + (n < 0 ? 0 : (size_t)n);

	if (len >= LOG_LINE_MAX) {
		len = LOG_LINE_MAX - 1;
		memcpy(line + len - 3, "...", 3);
	}
	log_clean(line, len);
	return len;
}

/* Reports are at the level LOG_REPORT. */
static bool log_is_shown(unsigned int level)
{
	if (level == LOG_REPORT || READ_ONCE(log_state.panicking))
		return true;
	return !READ_ONCE(log_state.quiet) && level <= (unsigned int)READ_ONCE(log_state.level);
}

static void log_line(unsigned int level, const char *severity, const char *fmt, va_list ap)
{
	char line[LOG_LINE_MAX + 1];
	size_t len = log_format(line, severity, fmt, ap);
	struct log_guard g = log_lock();

	line[len] = '\n';
	log_keep(line + sizeof(LOG_PREFIX) - 1, len + 1 - (sizeof(LOG_PREFIX) - 1));
	if (log_is_shown(level)) {
		memcpy(line + len, "\r\n", 2);
		log_out(line, len + 2);
	}
	log_unlock(g);
}

#define LOG_FUNCTION(name, level, severity)         \
	void name(const char *fmt, ...)             \
	{                                           \
		va_list ap;                         \
                                                    \
		va_start(ap, fmt);                  \
		log_line(level, severity, fmt, ap); \
		va_end(ap);                         \
	}

LOG_FUNCTION(log_info, LOG_INFO, "")
LOG_FUNCTION(log_warn, LOG_WARN, "warning: ")
LOG_FUNCTION(log_error, LOG_ERROR, "error: ")
LOG_FUNCTION(log_report, LOG_REPORT, "")

void log_set_level(enum log_level least)
{
	WRITE_ONCE(log_state.level, least);
}

void log_set_quiet(bool quiet)
{
	WRITE_ONCE(log_state.quiet, quiet && !READ_ONCE(log_state.panicking));
}

void log_set_sink(void (*sink)(const char *s, size_t n))
{
	WRITE_ONCE(log_state.sink, sink);
}

bool log_panic_mode(void)
{
	bool kept = READ_ONCE(log_state.quiet) || READ_ONCE(log_state.level) < LOG_INFO;

	WRITE_ONCE(log_state.panicking, true);
	WRITE_ONCE(log_state.quiet, false);
	return kept;
}

static char log_at(u64 pos)
{
	return log_state.ring[pos % LOG_RING];
}

/* Where a copy of at most n bytes starts: after a line's end, or at the log's beginning. */
static u64 log_copy_start(u64 end, size_t n)
{
	u64 oldest = end > LOG_RING ? end - LOG_RING : 0;
	u64 start = end - min_u64(n, end - oldest);

	if (start == 0 || (start > oldest && log_at(start - 1) == '\n'))
		return start;
	while (start < end && log_at(start) != '\n')
		start++;
	return start < end ? start + 1 : end;
}

size_t log_copy(char *buf, size_t n)
{
	struct log_guard g = log_lock();
	u64 end = log_state.written;
	u64 start = log_copy_start(end, n);

	for (u64 pos = start; pos < end; pos++)
		buf[pos - start] = log_at(pos);
	log_unlock(g);
	return end - start;
}
