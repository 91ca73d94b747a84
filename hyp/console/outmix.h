/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the console's port is to get next: limen's own lines and those VMs' bytes that are shown, one
 * after the other.
 *
 * limen's lines come first, whole, and at the beginning of a line. VMs have their turns, of a line or
 * OUTMIX_RUN bytes, so one that floods holds up nobody for longer. Where more than one VM is shown
 * (names), each line of theirs has the VM's name in front, and what is no whole line waits until it has
 * stood for a while. Otherwise bytes pass as they are.
 *
 * The owner of the mix has a lock of its own around all calls, but for those that say otherwise; in a
 * panic there is none.
 */
#ifndef HYP_CONSOLE_OUTMIX_H
#define HYP_CONSOLE_OUTMIX_H

#include "hyp/console/outring.h"
#include "lib/err.h"

#define OUTMIX_SOURCES 64
#define OUTMIX_NAME    31  /* letters of a name */
#define OUTMIX_RUN     256 /* bytes without an end of line that one gets in a row */
#define OUTMIX_LOG     16384

struct outmix;
struct sched_group;

struct outsource {
	struct outring ring;
	const char *name; /* constant while it is in the mix */
	/* There is room again, after outring_put() told of little. */
	void (*room)(struct outsource *s);
	struct sched_group *payer; /* whom the sending is charged to; NULL: nobody */
	u32 slot;		   /* its number in the mix */
	bool shown;		   /* it goes out; under the owner's lock, read without */
};

struct outmix {
	struct outsource log; /* limen's own lines; whole ones alone are put in */
	char log_bytes[OUTMIX_LOG];
	struct outsource *slot[OUTMIX_SOURCES];
	u64 ready; /* slots that have something to send; atomic */
	u64 due;   /* slots whose room() is to be called */

	/* Whose turn it is, and how much of it is left; or NULL. */
	struct outsource *cur;
	size_t left;
	u32 next; /* the slot whose turn comes then */

	/* A text of limen's that goes before all else. */
	char text[192];
	size_t text_at, text_len;

	bool midline; /* the last byte out was not a line's end */
	bool names;
};

void outmix_init(struct outmix *m);

/* Puts a source whose ring, name and room() are set into the mix, not shown. ERR_NOMEM: there are too
 * many. */
enum err outmix_add(struct outmix *m, struct outsource *s);

/* Takes it out, with all that it has not sent. After a grace period its room() is not called any more. */
void outmix_remove(struct outmix *m, struct outsource *s);

/* From now on it goes out, and first what its ring has kept; or no longer. */
void outmix_show(struct outmix *m, struct outsource *s, bool shown);

/* After something was put into a source that is shown. Any context, without the owner's lock. Returns
 * whether there is something to send. */
bool outmix_notice(struct outmix *m, struct outsource *s);

/* Is there anything to send? May be old without the owner's lock. */
bool outmix_pending(struct outmix *m);

/* Where the next bytes to send are, and how many; 0: there is nothing. */
size_t outmix_next(struct outmix *m, const char **s);

/* Who pays for sending those. */
static inline struct sched_group *outmix_payer(const struct outmix *m)
{
	return m->cur ? m->cur->payer : NULL;
}

/* n of those have gone. */
void outmix_sent(struct outmix *m, const char *s, size_t n);

/* What has stood since the last call but one counts as a line. With names, every so many milliseconds. */
void outmix_age(struct outmix *m);

/* The next source whose room() is to be called; NULL: there is none. */
struct outsource *outmix_take_due(struct outmix *m);

#endif
