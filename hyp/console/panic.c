/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panic. The owner is the hart that came first; it prints, then gives each other hart its turn.
 *
 * A turn is one word: a hart's number and OFFERED (by the owner), TAKEN and DONE (by that hart). A
 * hart that does not take its offer in time is reported as silent, and the offer is withdrawn, so
 * that no two harts ever print at once. No locks: the hart that holds one may be the one that died.
 */
#include "hyp/console/panic.h"

#include <string.h>

#include "arch/arch.h"
#include "hyp/console/console.h"
#include "hyp/console/panic_trace.h"
#include "hyp/console/tracedump.h"
#include "hyp/machine/reset.h"
#include "lib/log.h"

#define ANSWER_MS 100  /* for a kicked hart to come */
#define PRINT_MS  5000 /* for it to print, on a slow serial line */

enum turn_state {
	TURN_NONE,
	TURN_OFFERED,
	TURN_TAKEN,
	TURN_DONE,
};

#define TURN(hart, state) ((u32)(hart) << 2 | (state))

static u32 panic_owner; /* index of the owning hart, plus 1 */
static u32 panic_turn;	/* TURN() */

/* What a hart has to say. */
struct panic_story {
	const char *what, *file;
	int line;
	const struct trap_frame *f;
	struct arch_place start;
};

noinstr bool panic_in_progress(void)
{
	return READ_ONCE(panic_owner) != 0;
}

static bool panic_wait(u32 turn, unsigned int ms)
{
	u64 hz = arch_clock_hz(), start = arch_clock();
	u64 limit = (hz ? hz : 10000000) / 1000 * ms;

	/* Order: what that hart printed, before what this one prints.
	 * Pairs with: panic_turn_change() [N1] */
	while (arch_load_acquire(&panic_turn) == turn) {
		if (arch_clock() - start > limit)
			return false;
		arch_relax();
	}
	return true;
}

static bool panic_turn_change(u32 from, u32 to)
{
	/* Order: what the hart before printed, before what the next one prints.
	 * Pairs with: panic_ask(), panic_wait() [N1] */
	return __atomic_compare_exchange_n(&panic_turn, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* The lines of a long story behind its first. */
static void panic_tell_rest(const char *what)
{
	while (*(what += strcspn(what, "\n"))) {
		what++;
		log_report("panic: %.*s", (int)strcspn(what, "\n"), what);
	}
}

static void panic_tell(const struct panic_story *s)
{
	if (s->file)
		log_report("panic: %.*s at %s:%d, hart %u", (int)strcspn(s->what, "\n"), s->what,
			   s->file, s->line, arch_hart_index());
	else if (s->what)
		log_report("panic: %s, hart %u", s->what, arch_hart_index());
	else
		log_report("hart %u was at:", arch_hart_index());
	if (s->f && s->what)
		arch_frame_report(s->f);
	if (s->what)
		panic_tell_rest(s->what);
	panic_print_trace(&s->start);
}

/* Gives hart i its turn and waits until it is over. */
static void panic_ask(unsigned int i)
{
	/* Order: what this hart printed, before what that one prints.
	 * Pairs with: panic_turn_change() [N1] */
	arch_store_release(&panic_turn, TURN(i, TURN_OFFERED));
	arch_kick_handler(i);
	if (!panic_wait(TURN(i, TURN_OFFERED), ANSWER_MS) &&
	    panic_turn_change(TURN(i, TURN_OFFERED), TURN_NONE)) {
		log_report("hart %u: no answer", i);
		return;
	}
	if (!panic_wait(TURN(i, TURN_TAKEN), PRINT_MS))
		log_report("hart %u: did not finish", i);
}

/* The log's last lines, where the console has not had them. */
static void panic_print_log(char *text, size_t n)
{
	char *end;

	if (n == 0)
		return;
	log_report("the log's last lines before that:");
	for (; n && (end = memchr(text, '\n', n)); text = end + 1) {
		n -= (size_t)(end + 1 - text);
		log_report("| %.*s", (int)(end - text), text);
	}
}

static __noreturn void panic_lead(const struct panic_story *s)
{
	static char kept[1024];
	size_t n = 0;
	unsigned int i;

	console_panic_mode();
	if (log_panic_mode())
		n = log_copy(kept, sizeof(kept));
	panic_tell(s);
	for_each_hart (i)
		if (i != arch_hart_index())
			panic_ask(i);
	panic_print_log(kept, n);
	tracedump_last(TRACEDUMP_PANIC);
	log_report("panic: the machine stops");
	machine_power_off(true);
}

static __noreturn void panic_follow(const struct panic_story *s)
{
	u32 me = arch_hart_index();

	/* A failure while this hart was printing ends its turn. */
	if (!panic_turn_change(TURN(me, TURN_TAKEN), TURN(me, TURN_DONE))) {
		while (!panic_turn_change(TURN(me, TURN_OFFERED), TURN(me, TURN_TAKEN)))
			arch_relax();
		panic_tell(s);
		panic_turn_change(TURN(me, TURN_TAKEN), TURN(me, TURN_DONE));
	}
	machine_halt();
}

/* The owner failed once more, in here: say so if that still works, then stop without a word. */
static __noreturn void panic_again(const struct panic_story *s)
{
	static unsigned int depth;

	if (depth++ == 0)
		log_report("panic: while in panic: %s", s->what);
	if (depth > 2)
		machine_halt();
	machine_power_off(true);
}

static __noreturn void panic_enter(const struct panic_story *s)
{
	u32 me = arch_hart_index() + 1, owner = 0;

	arch_irq_off();
	/* Order: one hart leads, before it prints and stops the others; of all that fail one wins.
	 * Pairs with: itself, on the other harts [N2] */
	if (__atomic_compare_exchange_n(&panic_owner, &owner, me, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		panic_lead(s);
	if (owner == me)
		panic_again(s);
	panic_follow(s);
}

/* Where s begins: in the frame, or in the function whose frame address is fp. */
static void panic_start(struct panic_story *s, void *fp)
{
	if (s->f)
		arch_frame_place(s->f, &s->start);
	else
		s->start = (struct arch_place){.fp = (uintptr_t)fp, .sp = (uintptr_t)fp - 1};
}

void arch_panic(const char *file, int line, const char *what)
{
	struct panic_story s = {.what = what, .file = file, .line = line};

	panic_start(&s, __builtin_frame_address(0));
	panic_enter(&s);
}

void arch_panic_frame(const char *what, struct trap_frame *f)
{
	struct panic_story s = {.what = what, .f = f};

	panic_start(&s, NULL);
	panic_enter(&s);
}

void panic_join(const struct trap_frame *f)
{
	struct panic_story s = {.f = f};

	panic_start(&s, __builtin_frame_address(0));
	panic_follow(&s);
}
