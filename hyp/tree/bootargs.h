/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limen's own boot arguments, from bootargs in /chosen: words with blanks between them. What is
 * not understood is one line of warning and changes nothing. docs/boot-arguments.md is the page
 * for people, and a test holds it against the tables here.
 *
 * Pure code: any context, no state.
 */
#ifndef HYP_TREE_BOOTARGS_H
#define HYP_TREE_BOOTARGS_H

#include "bootargs_arch.h"
#include "lib/log.h"
#include "lib/trace.h"
#include "lib/types.h"

/* How limen is to fail on purpose (hyp/selftest/selftest.h). */
enum bootargs_panic {
	BOOTARGS_PANIC_NONE,
	BOOTARGS_PANIC_CHECK,	 /* a failed CHECK() */
	BOOTARGS_PANIC_TRAP,	 /* an access to where nothing is mapped */
	BOOTARGS_PANIC_OVERFLOW, /* a thread's stack runs over */
};

/* What is to be put under load (hyp/selftest/torture.h). */
enum bootargs_torture {
	BOOTARGS_TORTURE_NONE,
	BOOTARGS_TORTURE_RCU,	/* RCU with all it has */
	BOOTARGS_TORTURE_STALL, /* one reader that does not end: a report has to come */
};

#define BOOTARGS_TESTDEV_END (1UL << 56) /* what a page table can name */

#define BOOTARGS_TORTURE_PERIODS 1000	   /* grace periods without a number */
#define BOOTARGS_TORTURE_MAX	 100000000 /* the largest number taken */

struct bootargs {
	struct bootargs_arch arch; /* the architecture's own: what to do without, above all */
	enum log_level loglevel;   /* LOG_INFO without loglevel= */
	bool console_all;	   /* every VM's lines are shown, with its name */
	enum bootargs_panic panic;
	bool selftest_conformance; /* run the conformance suite, then end the machine */
	bool selftest_vms;	   /* while the VMs run */
	bool selftest_lifecycle; /* make, pause, stop and destroy VMs (guest/selftest/lifecycle.h) */
	enum bootargs_torture torture;
	u32 torture_periods; /* grace periods, at least; 0 without torture=rcu */
	u32 torture_guests;  /* harts that have to stay in their guests as long */
	u64 testdev;	     /* address of the port of hyp/machine/reset.h; 0: none */
	u32 trace;	     /* BIT(enum trace_event) of those to be on from the start */
};

/* Where a warning goes, a line without "\n". */
struct bootargs_warn {
	void (*line)(void *arg, const char *text);
	void *arg;
};

#define BOOTARGS_LINE_MAX 120 /* bytes of a warning, with its NUL */

/* Reads args (NULL: none) into *b, which is overwritten. */
void bootargs_parse(const char *args, struct bootargs *b, const struct bootargs_warn *warn);

/*
 * What the architecture does with its part. hide= takes a word of n bytes, or all that all means, and false
 * is that it does not know it. Keys of its own: the value does for it, or values says which do.
 */
bool bootargs_arch_hide(struct bootargs_arch *b, const char *word, size_t n);
void bootargs_arch_hide_all(struct bootargs_arch *b);

struct bootargs_arch_key {
	const char *key;    /* with its "=" */
	const char *values; /* "KEY= is ..., not" */
	bool (*take)(struct bootargs_arch *b, const char *value, size_t n);
};
extern const struct bootargs_arch_key bootargs_arch_keys[]; /* the last one's key is NULL */

#endif
