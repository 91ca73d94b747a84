// SPDX-License-Identifier: BSD-2-Clause
/*
 * A test guest's way in and out: harts, time, the run of its tests.
 */
#include "rt.h"

#include <stdio.h>

struct hart harts[MAX_HARTS];
extern u8 stacks[MAX_HARTS][STACK_SIZE];
extern u8 trap_stacks[MAX_HARTS][STACK_SIZE];

void rt_main(u64 id, u64 dtb);
void rt_secondary(void);

/* ---- harts -------------------------------------------------------------------------------- */

/* Number 0 is the hart that booted; the others follow in the tree's order. Ids of absent harts
 * match nobody. */
static void harts_init(u64 boot_id)
{
	unsigned int next = 1;

	for (unsigned int i = 0; i < MAX_HARTS; i++) {
		harts[i].index = i;
		harts[i].stack = (u64)stacks[i + 1];
		harts[i].trap_stack = (u64)trap_stacks[i + 1];
		if (i)
			harts[i].id = ~0UL;
	}
	for (unsigned int i = 0; i < machine.nharts; i++)
		if (machine.hart[i].id != boot_id && next < MAX_HARTS)
			harts[next++].id = machine.hart[i].id;
}

unsigned int hart_count(void)
{
	return machine.nharts ? machine.nharts : 1;
}

long hart_start(unsigned int i, void (*fn)(u64 arg), u64 arg)
{
	struct hart *h = &harts[i];

	h->fn = fn;
	h->arg = arg;
	return sbi(SBI_EXT_HSM, HSM_HART_START, h->id, (u64)secondary_entry, arg).error;
}

bool patience(u64 *last, u64 *left)
{
	u64 t = now(), gone = t - *last, most = ms(1);

	*last = t;
	gone = gone < most ? gone : most;
	if (gone >= *left)
		return false;
	*left -= gone;
	return true;
}

bool hart_join(unsigned int i)
{
	struct sbiret r;

	return wait_for((r = sbi_hart_status(harts[i].id), !r.error && r.value == HSM_STOPPED),
			20000);
}

void rt_secondary(void)
{
	struct hart *h = this_hart();

	h->starts++;
	h->fn(h->arg);
	csr_write(sie, 0);
	sbi(SBI_EXT_HSM, HSM_HART_STOP);
	print("# hart %u could not stop\n", h->index);
}

/* ---- time --------------------------------------------------------------------------------- */

u64 ms(u64 n)
{
	return n * machine.timebase / 1000;
}

u64 us(u64 n)
{
	return n * machine.timebase / 1000000;
}

static void touch_stimecmp(u64 arg)
{
	(void)arg;
	stimecmp_write(~0UL);
}

bool have_sstc(void)
{
	static int known;

	if (!known)
		known = trap_try(touch_stimecmp, 0) == NO_TRAP ? 1 : 2;
	return known == 1;
}

void timer_set(u64 deadline)
{
	if (have_sstc())
		stimecmp_write(deadline);
	else
		sbi_set_timer(deadline);
}

bool bare(void)
{
	return sbi(SBI_EXT_BASE, BASE_GET_IMPL_ID).value == 1;
}

/* ---- tests -------------------------------------------------------------------------------- */

static u32 failures;
static char details[200];
static const char *skip_why;

void test_fail(const char *fmt, ...)
{
	va_list ap;

	if (__atomic_fetch_add(&failures, 1, __ATOMIC_ACQ_REL))
		return;
	va_start(ap, fmt);
	vsnprintf(details, sizeof(details), fmt, ap);
	va_end(ap);
}

bool test_failed(void)
{
	return __atomic_load_n(&failures, __ATOMIC_ACQUIRE);
}

void test_skip(const char *why)
{
	skip_why = why;
}

/* A test leaves no trace for the next: no interrupt enabled, no handler, no timer, no MMU. */
static void clean_up(void)
{
	struct hart *h = this_hart();

	irq_off();
	csr_write(sie, 0);
	csr_clear(sip, 1UL << IRQ_SOFT);
	timer_set(~0UL);
	mmu_off();
	for (int i = 0; i < 16; i++) {
		h->on_irq[i] = NULL;
		h->irqs[i] = 0;
	}
}

static bool run_test(unsigned int n, const struct test *t)
{
	failures = 0;
	skip_why = NULL;
	t->fn();
	clean_up();
	if (test_failed())
		print("not ok %u - %s: %s\n", n, t->name, details);
	else
		print("ok %u - %s%s%s\n", n, t->name, skip_why ? " # SKIP " : "",
		      skip_why ? skip_why : "");
	return !test_failed();
}

__attribute__((weak)) const struct test guest_tests[] = {{NULL, NULL}};

__attribute__((weak)) const char *guest_needs(void)
{
	return NULL;
}

__attribute__((weak)) void guest_main(void)
{
	const char *why = guest_needs();
	unsigned int n = 0;
	bool good = true;

	if (why) {
		print("1..0 # SKIP %s\n", why);
		power_off(0);
	}
	for (const struct test *t = guest_tests; t->name; t++)
		good &= run_test(++n, t);
	print("1..%u\n", n);
	power_off(good && n ? 0 : 1);
}

void power_off(u64 reason)
{
	struct sbiret r = sbi(SBI_EXT_SRST, 0, 0, reason);

	print("Bail out! SRST failed: %ld\n", r.error);
	for (;;)
		wfi();
}

void rt_main(u64 id, u64 dtb)
{
	machine_read(dtb);
	harts_init(id);
	if (!machine.timebase) {
		print("Bail out! no timebase-frequency in the device tree\n");
		power_off(1);
	}
	guest_main();
}
