/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limen's own boot arguments; see bootargs.h.
 */
#include "hyp/tree/bootargs.h"

#include <stdio.h>
#include <string.h>

/* A part of the arguments. */
struct word {
	const char *s;
	size_t n;
};

static bool is(struct word w, const char *name)
{
	return strlen(name) == w.n && memcmp(w.s, name, w.n) == 0;
}

/* Cuts the next word off *s; words are what stands between the separators. */
static struct word next_word(const char **s, const char *separators)
{
	struct word w;

	*s += strspn(*s, separators);
	w.s = *s;
	w.n = strcspn(*s, separators);
	*s += w.n;
	return w;
}

static void complain(const struct bootargs_warn *warn, const char *what, struct word w)
{
	char line[BOOTARGS_LINE_MAX], *c;

	snprintf(line, sizeof(line), "boot arguments: %s: \"%.*s\"%s", what, (int)min_u64(w.n, 60),
		 w.s, w.n > 60 ? "..." : "");
	for (c = line; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	warn->line(warn->arg, line);
}

static bool hide_one(struct bootargs *b, struct word w)
{
	if (!is(w, "all"))
		return bootargs_arch_hide(&b->arch, w.s, w.n);
	bootargs_arch_hide_all(&b->arch);
	return true;
}

/* Takes the words between commas one by one; one() says whether it knows a word. */
static void parse_list(struct bootargs *b, struct word list,
		       bool (*one)(struct bootargs *b, struct word w), const char *unknown,
		       const struct bootargs_warn *warn)
{
	while (list.n > 0) {
		struct word w = {list.s, 0};

		while (w.n < list.n && w.s[w.n] != ',')
			w.n++;
		if (w.n > 0 && !one(b, w))
			complain(warn, unknown, w);
		if (w.n < list.n)
			w.n++;
		list.s += w.n;
		list.n -= w.n;
	}
}

static void parse_hide(struct bootargs *b, struct word list, const struct bootargs_warn *warn)
{
	parse_list(b, list, hide_one, "hide= does not know", warn);
}

static void parse_loglevel(struct bootargs *b, struct word w, const struct bootargs_warn *warn)
{
	if (is(w, "error"))
		b->loglevel = LOG_ERROR;
	else if (is(w, "warn"))
		b->loglevel = LOG_WARN;
	else if (is(w, "info"))
		b->loglevel = LOG_INFO;
	else
		complain(warn, "loglevel= is error, warn or info, not", w);
}

static void parse_console(struct bootargs *b, struct word w, const struct bootargs_warn *warn)
{
	if (is(w, "all"))
		b->console_all = true;
	else
		complain(warn, "console= is all, not", w);
}

static void parse_panic(struct bootargs *b, struct word w, const struct bootargs_warn *warn)
{
	if (is(w, "check"))
		b->panic = BOOTARGS_PANIC_CHECK;
	else if (is(w, "trap"))
		b->panic = BOOTARGS_PANIC_TRAP;
	else if (is(w, "overflow"))
		b->panic = BOOTARGS_PANIC_OVERFLOW;
	else
		complain(warn, "panic= is check, trap or overflow, not", w);
}

static void parse_selftest(struct bootargs *b, struct word w, const struct bootargs_warn *warn)
{
	b->selftest_vms = is(w, "conformance,vms");
	if (b->selftest_vms || is(w, "conformance"))
		b->selftest_conformance = true;
	else if (is(w, "lifecycle"))
		b->selftest_lifecycle = true;
	else
		complain(warn, "selftest= is conformance, conformance,vms or lifecycle, not", w);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void parse_testdev(struct bootargs *b, struct word w, const struct bootargs_warn *warn)
{
	u64 v = 0;
	size_t i = 2;

	if (w.n > 2 && w.s[0] == '0' && w.s[1] == 'x')
		for (; i < w.n && v < BOOTARGS_TESTDEV_END / 16 && hex_digit(w.s[i]) >= 0; i++)
			v = v * 16 + (u64)hex_digit(w.s[i]);
	if (i == w.n && v && IS_ALIGNED(v, 4096))
		b->testdev = v;
	else
		complain(warn, "testdev= is a port's address, as 0x10011000, not", w);
}

static bool trace_one(struct bootargs *b, struct word w)
{
	enum trace_event ev = trace_find(w.s, w.n);

	if (is(w, "on"))
		b->trace = TRACE_ALL;
	else if (ev < TRACE_EVENTS)
		b->trace |= (u32)BIT(ev);
	else
		return false;
	return true;
}

static void parse_trace(struct bootargs *b, struct word list, const struct bootargs_warn *warn)
{
	parse_list(b, list, trace_one, "trace= does not know", warn);
}

/* Cuts a comma and a decimal number off the front of *w. */
static bool next_number(struct word *w, u32 *n)
{
	u64 v = 0;
	size_t i = 1;

	if (w->n < 2 || w->s[0] != ',')
		return false;
	for (; i < w->n && w->s[i] >= '0' && w->s[i] <= '9' && v <= BOOTARGS_TORTURE_MAX; i++)
		v = v * 10 + (u64)(w->s[i] - '0');
	if (i == 1 || v > BOOTARGS_TORTURE_MAX)
		return false;
	*n = (u32)v;
	*w = (struct word){w->s + i, w->n - i};
	return true;
}

/* rcu, rcu,PERIODS or rcu,PERIODS,GUESTS */
static bool parse_torture_rcu(struct bootargs *b, struct word w)
{
	u32 periods = BOOTARGS_TORTURE_PERIODS, guests = 0;

	if (w.n < 3 || memcmp(w.s, "rcu", 3) != 0)
		return false;
	w = (struct word){w.s + 3, w.n - 3};
	if ((w.n && !next_number(&w, &periods)) || (w.n && !next_number(&w, &guests)) || w.n)
		return false;
	b->torture = BOOTARGS_TORTURE_RCU;
	b->torture_periods = periods;
	b->torture_guests = guests;
	return true;
}

static void parse_torture(struct bootargs *b, struct word w, const struct bootargs_warn *warn)
{
	if (is(w, "stall")) {
		b->torture = BOOTARGS_TORTURE_STALL;
		b->torture_periods = b->torture_guests = 0;
	} else if (!parse_torture_rcu(b, w)) {
		complain(warn, "torture= is rcu, rcu,PERIODS,GUESTS or stall, not", w);
	}
}

static const struct {
	const char *key; /* with its "=" */
	void (*parse)(struct bootargs *b, struct word value, const struct bootargs_warn *warn);
} keys[] = {
	{"hide=", parse_hide},	       {"loglevel=", parse_loglevel}, {"panic=", parse_panic},
	{"selftest=", parse_selftest}, {"torture=", parse_torture},   {"trace=", parse_trace},
	{"console=", parse_console},   {"testdev=", parse_testdev},
};

/* Is it a key of the architecture's? */
static bool parse_arch(struct bootargs *b, struct word w, const struct bootargs_warn *warn)
{
	for (const struct bootargs_arch_key *k = bootargs_arch_keys; k->key; k++) {
		size_t n = strlen(k->key);

		if (w.n < n || memcmp(w.s, k->key, n) != 0)
			continue;
		if (!k->take(&b->arch, w.s + n, w.n - n))
			complain(warn, k->values, (struct word){w.s + n, w.n - n});
		return true;
	}
	return false;
}

static void parse_word(struct bootargs *b, struct word w, const struct bootargs_warn *warn)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t n = strlen(keys[i].key);

		if (w.n < n || memcmp(w.s, keys[i].key, n) != 0)
			continue;
		keys[i].parse(b, (struct word){w.s + n, w.n - n}, warn);
		return;
	}
	if (!parse_arch(b, w, warn))
		complain(warn, "not known", w);
}

void bootargs_parse(const char *args, struct bootargs *b, const struct bootargs_warn *warn)
{
	static const char blanks[] = " \t\r\n";
	struct word w;

	*b = (struct bootargs){.loglevel = LOG_INFO};
	if (!args)
		return;
	for (w = next_word(&args, blanks); w.n > 0; w = next_word(&args, blanks))
		parse_word(b, w, warn);
}
