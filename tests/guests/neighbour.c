// SPDX-License-Identifier: BSD-2-Clause
/*
 * The VM that is measured by tests/boot/neighbour.t, beside one that is hostile (hostile.c). All times are of
 * its own clock; what it measures it prints on one line, "figures: name=value ...". Boot arguments:
 *
 *   role=compute	works without a break, and notes how much it got done in each window, and the
 *			longest time between two looks at the clock
 *   role=sleep		wakes by its timer every nap= us, does run= us of work, and notes how late it was
 *   role=first		notes when its first function ran, works for a while, and reboots itself
 *   role=wait		waits, and measures nothing
 *   from=, ms=, window=	when the measurement begins, how long it lasts, and how long a window is
 *   quiet=1		it has no console: the VM ends as one that failed, and its report has the sums in
 *			registers: s2 is the time in us, s3 the work or naps done, s4 the worst, s5 what was
 *			stolen, s6 the timers that were skipped
 */
#include "rt.h"

#include <string.h>

#define WINDOWS_MAX 128
#define UNIT_INSNS  1000 /* how many instructions a unit of work has */

/* Of each window: the work done, and the worst that was seen, a gap or a late wake-up, in ticks. */
static u64 work[WINDOWS_MAX], worst[WINDOWS_MAX], window;

/* What SBI STA tells (SBI 3.0, chapter 16). */
static struct {
	u32 sequence, flags;
	u64 steal;
	u8 preempted, pad[47];
} __attribute__((aligned(64))) sta;

/* In one piece, which the simulator runs fast. */
static void unit_of_work(void)
{
	__asm__ volatile(".rept %0\n addi t0, t0, 1\n .endr" ::"i"(UNIT_INSNS) : "t0");
}

static u64 stolen_us(void)
{
	return READ_ONCE(sta.steal) / 1000;
}

static u64 in_us(u64 ticks)
{
	return ticks * 1000000 / machine.timebase;
}

struct span {
	u64 from, end, stolen;
};

static struct span begin(void)
{
	struct span s = {.from = ms(machine_bootarg_number("from"))};

	s.end = s.from + ms(machine_bootarg_number("ms"));
	(void)sbi(SBI_EXT_STA, STA_SET_SHMEM, (u64)&sta);
	while (now() < s.from)
		;
	s.stolen = stolen_us();
	return s;
}

static void note(u64 at, u64 units, u64 late)
{
	u64 i = at / window;

	if (i >= WINDOWS_MAX)
		return;
	work[i] += units;
	if (late > worst[i])
		worst[i] = late;
}

/* Those that the measurement is long. */
static void print_windows(void)
{
	u64 n = ms(machine_bootarg_number("ms")) / window;

	print(" work=");
	for (u64 i = 0; i < n && i < WINDOWS_MAX; i++)
		print("%s%lu", i ? "," : "", work[i]);
	print(" worst_us=");
	for (u64 i = 0; i < n && i < WINDOWS_MAX; i++)
		print("%s%lu", i ? "," : "", in_us(worst[i]));
	print("\n");
}

static u64 worst_of_all(void)
{
	u64 most = 0;

	for (unsigned int i = 0; i < WINDOWS_MAX; i++)
		most = worst[i] > most ? worst[i] : most;
	return in_us(most);
}

/* Nothing is called while the registers have their values. */
static void fail_with(u64 us_, u64 done, u64 most, u64 stolen, u64 skipped)
{
	register u64 s2 __asm__("s2") = us_, s3 __asm__("s3") = done, s4 __asm__("s4") = most;
	register u64 s5 __asm__("s5") = stolen, s6 __asm__("s6") = skipped;
	register u64 a0 __asm__("a0") = 0, a1 __asm__("a1") = 1;
	register u64 a6 __asm__("a6") = 0, a7 __asm__("a7") = SBI_EXT_SRST;

	__asm__ volatile("ecall" ::"r"(s2), "r"(s3), "r"(s4), "r"(s5), "r"(s6), "r"(a0), "r"(a1),
			 "r"(a6), "r"(a7)
			 : "memory");
}

static void tell_in_registers(u64 us_, u64 done, u64 stolen, u64 skipped)
{
	if (machine_bootarg_number("quiet"))
		fail_with(us_, done, worst_of_all(), stolen, skipped);
}

/* A turn that is late is a gap between two looks at the clock. */
static void compute(void)
{
	struct span s = begin();
	u64 last = s.from, units = 0;

	while (last < s.end) {
		u64 t;

		unit_of_work();
		t = now();
		note(last - s.from, 1, t - last);
		units++;
		last = t;
	}
	tell_in_registers(in_us(last - s.from), units, stolen_us() - s.stolen, 0);
	print("figures: role=compute us=%lu units=%lu stolen_us=%lu", in_us(last - s.from), units,
	      stolen_us() - s.stolen);
	print_windows();
}

static void sleep_until(u64 t)
{
	timer_set(t);
	while (now() < t)
		wfi();
}

static void work_until(u64 t)
{
	while (now() < t)
		;
}

static void nap(void)
{
	u64 period = us(machine_bootarg_number("nap")), run = machine_bootarg_number("run");
	u64 naps = 0, skipped = 0, sum = 0;
	struct span s;

	csr_write(sie, 1UL << IRQ_TIMER);
	sleep_until(ms(machine_bootarg_number("from")));
	s = begin();
	for (u64 t = s.from + period; t < s.end; t += period) {
		u64 late;

		if (now() > t) {
			skipped++;
			continue;
		}
		sleep_until(t);
		late = now() - t;
		note(t - s.from, 1, late);
		sum += late;
		naps++;
		for (u64 i = 0; i < run; i++)
			unit_of_work();
	}
	tell_in_registers(in_us(now() - s.from), naps, stolen_us() - s.stolen, skipped);
	print("figures: role=sleep naps=%lu skipped=%lu mean_10ns=%lu stolen_us=%lu", naps, skipped,
	      naps ? in_us(sum * 100) / naps : 0, stolen_us() - s.stolen);
	print_windows();
}

/* The VM's clock began when limen started it. */
static void first(u64 t)
{
	print("figures: role=first first_us=%lu\n", in_us(t));
	work_until(ms(machine_bootarg_number("from")));
	(void)sbi(SBI_EXT_SRST, 0, 1, 0);
}

static bool role_is(const char *name)
{
	const char *role = machine_bootarg("role");
	unsigned int n = strlen(name);

	return role && !strncmp(role, name, n) && (role[n] == ' ' || !role[n]);
}

void guest_main(void)
{
	u64 t = now();

	window = ms(machine_bootarg_number("window"));
	if (role_is("compute"))
		compute();
	else if (role_is("sleep"))
		nap();
	else if (role_is("first"))
		first(t);
	csr_write(sie, 1UL << IRQ_TIMER);
	sleep_until(ms(machine_bootarg_number("stay")));
	power_off(0);
}
