/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines for a person about what they gave, and hints by edit distance. */
#include "guest/image/errline.h"

#include <stdio.h>
#include <string.h>

#include "lib/types.h"

enum err errline_vset(struct errline *e, enum err code, const char *fmt, va_list ap)
{
	char *c;

	if (vsnprintf(e->text, sizeof(e->text), fmt, ap) < 0)
		e->text[0] = '\0';
	for (c = e->text; *c; c++) {
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	}
	return code;
}

enum err errline_set(struct errline *e, enum err code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	errline_vset(e, code, fmt, ap);
	va_end(ap);
	return code;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance of two words, both at most ERRLINE_WORD long, with one row of the table. */
static unsigned int distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned int row[ERRLINE_WORD + 1];
	size_t i, j;

	for (j = 0; j <= lb; j++)
		row[j] = (unsigned int)j;
	for (i = 1; i <= la; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (j = 1; j <= lb; j++) {
			unsigned int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

const char *errline_nearest(const char *word, const char *const *known)
{
	size_t len = strnlen(word, ERRLINE_WORD);
	const char *best = NULL;
	unsigned int best_distance = (unsigned int)(len + 2) / 2;

	for (; *known; known++) {
		unsigned int d = distance(word, len, *known, strnlen(*known, ERRLINE_WORD));

		if (d < best_distance) {
			best_distance = d;
			best = *known;
		}
	}
	return best;
}
