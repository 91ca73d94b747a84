// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bench guest: what crossing the threshold costs, in instructions as a guest sees them.
 *
 * It is meant for `qemu-system-riscv64 -icount shift=0`, where an instruction takes a nanosecond,
 * so that the clock counts instructions: 100 a tick at 10 MHz. A measurement begins and ends with a
 * tick; what it spun to get there is taken off. tools/bench runs it and prints the table.
 *
 * Output: a line "bench: <row> <tenths of an instruction>" a row, "bench: <row> absent" where the
 * machine has no such thing, and "bench: end".
 *
 * # expect: pass
 * # harts: 1
 */
#include "rt.h"

typedef void loop_fn(u64 n, u64 arg);

loop_fn loop_empty, loop_base, loop_status, loop_set_timer, loop_stimecmp, loop_timer_sbi,
	loop_timer_sstc, loop_ipi, loop_fence_i, loop_sfence, loop_dbcn, loop_mmio_read,
	loop_mmio_write, loop_touch, loop_touch_empty, loop_compute;

u64 edge_begin(void);
u64 edge_end(u64 *spent);
u64 wfi_edge(u64 *spent, u64 ticks);

#define TURNS	      4096
#define WARM_TURNS    16
#define COMPUTE_INSNS 70000000UL
#define WFI_TURNS     256

static u64 insns_per_tick;

/* Instructions from begin to end of loop(n, arg), and a few more that are always the same. */
static u64 measure(loop_fn *loop, u64 n, u64 arg)
{
	u64 begin = edge_begin(), end, spent;

	loop(n, arg);
	end = edge_end(&spent);
	return (end - begin) * insns_per_tick - spent;
}

static void report(const char *row, u64 tenths)
{
	print("bench: %s %lu\n", row, tenths);
}

static void absent(const char *row)
{
	print("bench: %s absent\n", row);
}

/* Tenths of an instruction; the spin at the end may be off by two instructions in the whole. */
static u64 per_turn(u64 with, u64 without, u64 n)
{
	return with > without ? ((with - without) * 10 + n / 2) / n : 0;
}

static void run_row(const char *row, loop_fn *loop, u64 arg)
{
	u64 with, without;

	loop(WARM_TURNS, arg);
	with = measure(loop, TURNS, arg);
	without = measure(loop_empty, TURNS, arg);
	report(row, per_turn(with, without, TURNS));
}

static void calls(void)
{
	u64 self = this_hart()->id;

	run_row("base", loop_base, 0);
	run_row("hsm-status", loop_status, self);
	run_row("set-timer", loop_set_timer, 0);
	run_row("fence-i", loop_fence_i, self);
	run_row("sfence-vma", loop_sfence, self);
	run_row("dbcn-zero", loop_dbcn, 0);
}

static void interrupts(void)
{
	timer_set(~0UL);
	csr_write(sie, 1UL << IRQ_TIMER);
	run_row("timer-sbi", loop_timer_sbi, 0);
	if (have_sstc()) {
		run_row("timer-sstc", loop_timer_sstc, 0);
		csr_write(sie, 0);
		run_row("stimecmp", loop_stimecmp, ms(1000));
		timer_set(~0UL);
	} else {
		absent("timer-sstc");
		absent("stimecmp");
	}
	csr_write(sie, 1UL << IRQ_SOFT);
	run_row("ipi-self", loop_ipi, this_hart()->id);
	csr_write(sie, 0);
}

static void mmio(void)
{
	if (!machine.uart) {
		absent("mmio-read");
		absent("mmio-write");
		return;
	}
	run_row("mmio-read", loop_mmio_read, machine.uart);
	run_row("mmio-write", loop_mmio_write, machine.uart);
}

/* Pages nobody has touched, as far as this guest can know: in the second half of its RAM. */
static void first_touch(void)
{
	u64 from = machine.ram_base + machine.ram_size / 2, n = TURNS, with;

	if (n * PAGE_SIZE > machine.ram_size / 4)
		n = machine.ram_size / 4 / PAGE_SIZE;
	if (machine.dtb < from + n * PAGE_SIZE && machine.dtb + machine.dtb_size > from)
		from = machine.ram_base + machine.ram_size / 4;
	with = measure(loop_touch, n, from);
	report("first-touch", per_turn(with, measure(loop_touch_empty, n, from), n));
}

/* From the deadline to the end of the WFI. */
static void wfi_cost(void)
{
	long sum = 0;

	if (!have_sstc()) {
		absent("wfi");
		return;
	}
	csr_write(sie, 1UL << IRQ_TIMER);
	for (int i = 0; i < WFI_TURNS; i++) {
		u64 spent, late = wfi_edge(&spent, us(200));

		/* It may end early, and then it is no measurement. */
		if (csr_read(sip) & 1UL << IRQ_TIMER)
			sum += (long)(late * insns_per_tick - spent);
		else
			i--;
	}
	timer_set(~0UL);
	csr_write(sie, 0);
	report("wfi", sum > 0 ? (u64)sum * 10 / WFI_TURNS : 0);
}

/* All of it, not a share: tools/bench makes it per cent of COMPUTE_INSNS. */
static void compute(void)
{
	u64 with, without = measure(loop_compute, 1, 0);

	with = measure(loop_compute, COMPUTE_INSNS / 2 + 1, 0);
	report("compute-70m", (with - without) * 10);
}

/* Until other VMs, if there are any, have started and wait. */
static void let_others_start(void)
{
	u64 end = now() + ms(200);

	csr_write(sie, 1UL << IRQ_TIMER);
	for (timer_set(end); now() < end;)
		wfi();
	timer_set(~0UL);
	csr_write(sie, 0);
}

void guest_main(void)
{
	if (!machine.timebase || 1000000000 % machine.timebase) {
		print("Bail out! a timebase of %lu Hz\n", machine.timebase);
		power_off(1);
	}
	insns_per_tick = 1000000000 / machine.timebase;
	irq_off();
	let_others_start();
	calls();
	interrupts();
	mmio();
	first_touch();
	wfi_cost();
	compute();
	print("bench: end\n");
	power_off(0);
}
