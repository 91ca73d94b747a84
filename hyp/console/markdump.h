/* SPDX-License-Identifier: BSD-2-Clause */
/* The high-water marks (lib/marks.h), as lines of the log. */
#ifndef HYP_CONSOLE_MARKDUMP_H
#define HYP_CONSOLE_MARKDUMP_H

/* Reports the highest mark of each kind, with where it was, and those of each hart if there are several.
 * Nothing where no marks are compiled in. Harts may go on meanwhile. Any context. */
void markdump_all(void);

#endif
