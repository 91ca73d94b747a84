/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line for a person that says what is wrong with something they gave: which file, node and
 * property, and what to give instead. Made where the fault is found, printed by whoever started.
 *
 * What is quoted from a hostile file goes through here: a line holds printable ASCII alone.
 */
#ifndef GUEST_IMAGE_ERRLINE_H
#define GUEST_IMAGE_ERRLINE_H

#include <stdarg.h>

#include "lib/compiler.h"
#include "lib/err.h"

struct errline {
	char text[160]; /* ends with NUL, no newline; a longer line is cut */
};

/* How much of a name or a word out of a file a line quotes: "%.*s" with this before it. */
#define ERRLINE_WORD 31

/* Writes the line and returns code, so that a caller can say `return errline_set(...)`. Any
 * context. */
enum err errline_set(struct errline *e, enum err code, const char *fmt, ...) __printf(3, 4);
enum err errline_vset(struct errline *e, enum err code, const char *fmt, va_list ap) __printf(3, 0);

/*
 * The known word nearest to one that is not known, for a hint; NULL when none is near enough to
 * have been meant. known ends with NULL. Any context.
 */
const char *errline_nearest(const char *word, const char *const *known);

#endif
