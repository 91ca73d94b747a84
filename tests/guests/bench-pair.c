// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bench guest's other half: what two harts of a guest cost that have to do with each other. As in
 * bench.c the clock counts instructions; here those of all harts of the machine, since QEMU runs them
 * in turn. A hart that waits executes none, and one of the two always runs, so there is no idle time
 * to be taken out; what a hart spins is counted, and taken off.
 *
 * Boot argument rows=: wake, for two vCPUs with a hart each; switch, for two on one hart; own, for two
 * on harts that are nobody else's, where a WFI stays in the guest.
 *
 * Output as of bench.c. tools/bench runs it.
 */
#include "rt.h"

#include <string.h>

typedef void loop_fn(u64 n, u64 arg);

loop_fn loop_empty, loop_sfence, loop_ask_wake, loop_echo_wake, loop_ask_fp, loop_echo_fp,
	loop_ask_vector, loop_echo_vector, loop_ask_spin, loop_echo_spin, loop_spin,
	loop_fence_soon, loop_ask_msi, loop_echo_msi;

u64 edge_begin(void);
u64 edge_end(u64 *spent);

#define TURNS	   512
#define WARM_TURNS 16

/* QEMU also goes from hart to hart at moments of its own. If that hart was to let another go on, which
 * spins meanwhile, it spins for as long as QEMU lets it: so each row is the least of some. */
#define TRIES 3

/* In bench-loops.S: turns of waiting for the hart of this id, and instructions of one. */
#define IDS	  64
#define PAIR_SPIN 7
extern volatile u64 pair_spins[IDS];

extern u64 pair_pages[IDS];
#define PAIR_IDENTITY 1

static u64 insns_per_tick, other;
static u64 awaited = 1UL << IRQ_SOFT; /* in sie: what ends a wait */

/* What the other hart is to do: fn(turns, hart id of this one). */
static loop_fn *echo;

static u64 spins(void)
{
	u64 sum = 0;

	for (int i = 0; i < IDS; i++)
		sum += pair_spins[i];
	return sum;
}

/* Instructions of all harts, without those of a turn that waits. */
static u64 measure(loop_fn *loop, u64 n, u64 arg, u64 of_spin)
{
	u64 spun = spins(), begin = edge_begin(), end, spent;

	loop(n, arg);
	end = edge_end(&spent);
	return (end - begin) * insns_per_tick - spent - (spins() - spun) * of_spin;
}

static u64 least(loop_fn *loop, u64 of_spin)
{
	u64 min = ~0UL;

	loop(WARM_TURNS, other);
	for (int i = 0; i < TRIES; i++) {
		u64 one = measure(loop, TURNS, other, of_spin);

		min = one < min ? one : min;
	}
	return min;
}

/* siselect and sireg by number. */
static void file_write(u64 reg, u64 v)
{
	__asm__ volatile("csrw 0x150, %0; csrw 0x151, %1" ::"r"(reg), "r"(v) : "memory");
}

/* All of the state on, so that the loops may touch it; the one identity in the hart's interrupt file. */
static void state_on(void)
{
	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	if (awaited != 1UL << IRQ_EXT)
		return;
	file_write(0x70, 1); /* eidelivery */
	file_write(0x72, 0); /* eithreshold */
	file_write(0xc0, 1UL << PAIR_IDENTITY);
}

static void other_hart(u64 boot_id)
{
	state_on();
	csr_write(sie, awaited);
	echo(TRIES * TURNS + WARM_TURNS, boot_id);
}

/* As other_hart(), with a timer interrupt that is pending always. */
static void other_spins(u64 boot_id)
{
	timer_set(0);
	csr_write(sie, 1UL << IRQ_SOFT | 1UL << IRQ_TIMER);
	echo(TRIES * TURNS + WARM_TURNS, boot_id);
}

/* Until the other hart waits. */
static void sleep(u64 ticks)
{
	u64 enabled = csr_read(sie), end = now() + ticks;

	csr_write(sie, 1UL << IRQ_TIMER);
	for (timer_set(end); now() < end;)
		wfi();
	timer_set(~0UL);
	csr_write(sie, enabled);
}

/*
 * Until other VMs, if there are any, have started and wait. In many short sleeps: QEMU lets the hart that
 * starts them go on for half the time to the next timer, also while that one spins for this hart's answer to
 * a fence.
 */
static void settle(void)
{
	for (int i = 0; i < 400; i++)
		sleep(us(500));
}

static void report(const char *row, u64 with, u64 without)
{
	print("bench: %s %lu\n", row,
	      with > without ? ((with - without) * 10 + TURNS / 2) / TURNS : 0);
}

static void begin(loop_fn *fn, void (*how)(u64 boot_id))
{
	echo = fn;
	if (hart_start(1, how, this_hart()->id)) {
		print("Bail out! no second hart\n");
		power_off(1);
	}
	/* Longer than a vCPU has to be on its hart to be given an interrupt file there. */
	sleep(ms(60));
}

/* Asks, and the other answers, the same number of times. */
static void pair(const char *row, loop_fn *ask, loop_fn *answer, void (*how)(u64), u64 of_spin)
{
	u64 with, without;

	state_on();
	begin(answer, how);
	csr_write(sie, awaited);
	if (of_spin) {
		timer_set(0);
		csr_write(sie, 1UL << IRQ_SOFT | 1UL << IRQ_TIMER);
	}
	with = least(ask, of_spin);
	without = measure(loop_empty, TURNS, other, 0);
	timer_set(~0UL);
	csr_write(sie, 0);
	hart_join(1);
	report(row, with, without);
}

static void fence(const char *row, loop_fn *loop)
{
	u64 with, without;

	with = least(loop, PAIR_SPIN);
	without = measure(loop_empty, TURNS, other, 0);
	report(row, with, without);
}

static void wait_once(u64 n, u64 arg)
{
	(void)n;
	(void)arg;
	while (!(csr_read(sip) & 1UL << IRQ_SOFT))
		wfi();
	csr_clear(sip, 1UL << IRQ_SOFT);
}

/* While the other hart is in wait(), which ends with an IPI. */
static void fence_while(const char *row, loop_fn *loop, loop_fn *wait, void (*how)(u64))
{
	begin(wait, how);
	fence(row, loop);
	sbi(SBI_EXT_IPI, 0, 1, other);
	hart_join(1);
}

/* The same by a store to the other's interrupt file, where there are any. */
static void wake_by_msi(const char *row)
{
	if (!machine.imsic)
		return;
	for (unsigned int i = 0; i < hart_count(); i++)
		pair_pages[harts[i].id % IDS] = machine.imsic + ((u64)machine_imsic_index(&harts[i])
								 << machine.imsic_guest_bits << 12);
	awaited = 1UL << IRQ_EXT;
	pair(row, loop_ask_msi, loop_echo_msi, other_hart, 0);
	awaited = 1UL << IRQ_SOFT;
}

static void rows_wake(void)
{
	pair("wake", loop_ask_wake, loop_echo_wake, other_hart, 0);
	wake_by_msi("wake-msi");
}

static void rows_switch(void)
{
	pair("switch", loop_ask_wake, loop_echo_wake, other_hart, 0);
	pair("switch-fp", loop_ask_fp, loop_echo_fp, other_hart, 0);
	pair("switch-vector", loop_ask_vector, loop_echo_vector, other_hart, 0);
	fence_while("fence-waits", loop_sfence, wait_once, other_hart);
	fence("fence-stopped", loop_sfence);
}

static void rows_own(void)
{
	pair("wake-own", loop_ask_wake, loop_echo_wake, other_hart, 0);
	wake_by_msi("wake-own-msi");
	pair("ipi-runs", loop_ask_spin, loop_echo_spin, other_spins, PAIR_SPIN);
	sbi(SBI_EXT_IPI, 0, 1, this_hart()->id);
	csr_write(sie, 1UL << IRQ_SOFT);
	fence_while("fence-runs", loop_fence_soon, loop_spin, other_spins);
}

void guest_main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} rows[] = {{"wake", rows_wake}, {"switch", rows_switch}, {"own", rows_own}};
	const char *which = machine_bootarg("rows");

	if (!machine.timebase || 1000000000 % machine.timebase || !which || hart_count() < 2) {
		print("Bail out! no rows=, no second hart, or a timebase of %lu Hz\n",
		      machine.timebase);
		power_off(1);
	}
	insns_per_tick = 1000000000 / machine.timebase;
	irq_off();
	csr_write(sie, 0);
	other = harts[1].id;
	settle();
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strncmp(which, rows[i].name, strcspn(which, " ")))
			rows[i].fn();
	print("bench: end\n");
	power_off(0);
}
