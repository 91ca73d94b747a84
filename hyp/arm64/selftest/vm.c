/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small VMs at work, as TAP; and the scenario of `make demo`.
 */
#include <stdio.h>
#include <string.h>

#include "hyp/arm64/selftest/guests.h"
#include "hyp/arm64/selftest/vm_guests.h"
#include "hyp/arm64/vm.h"
#include "hyp/machine/reset.h"
#include "hyp/mem/kmem.h"
#include "lib/check.h"

#define VMS	      3
#define LIMIT_S	      60
#define TRIES	      20
#define SPIN_TIMER_MS 50 /* by then vm_guest_spins's timer is due */

static struct vm vms[VMS];
static struct vm_cpu *cpus[VMS]; /* never given back: a thread may still be ending */
static unsigned int number, failures;

static void print(const char *line)
{
	arch_console_write(line, strlen(line));
	arch_console_write("\n", 1);
}

static void ok(bool well, const char *what)
{
	char line[128];

	failures += !well;
	snprintf(line, sizeof(line), "%sok %u - %s", well ? "" : "not ", ++number, what);
	print(line);
}

static void skip(const char *what)
{
	char line[128];

	snprintf(line, sizeof(line), "ok %u - %s # SKIP needs another hart", ++number, what);
	print(line);
}

/* VM n anew, with that guest, on these harts: from the first one on so many. */
static void begin(unsigned int n, const char *guest, unsigned int first, unsigned int harts)
{
	static const char *const names[VMS] = {"one", "two", "three"};
	struct vm_cpu *c = cpus[n] = kmem_alloc(sizeof(*c));

	CHECK(c);
	CHECK(!vm_init(&vms[n], names[n], vm_guests_start,
		       (size_t)(vm_guests_end - vm_guests_start)));
	for (unsigned int i = first; i < first + harts; i++)
		hartmask_add(&c->harts, i);
	CHECK(!vm_start(c, &vms[n], (u64)(guest - vm_guests_start), n + 1));
}

static bool all_ended(void *arg)
{
	bool all = true;

	for (unsigned int n = 0; n < *(const unsigned int *)arg; n++)
		all &= vm_ended(cpus[n]) != VM_RUNS;
	return all;
}

/* The first n VMs come to their ends. */
static bool await(unsigned int n)
{
	return thread_wait(all_ended, &n, arch_clock() + LIMIT_S * arch_clock_hz()) == OK;
}

/* What vm_guest_works computes. */
static u64 expected(u64 number_of_vm)
{
	for (u64 i = 0; i < (u64)GUEST_ROUNDS * GUEST_STEPS; i++)
		number_of_vm = number_of_vm * GUEST_FACTOR + GUEST_ADDEND;
	return number_of_vm;
}

#define GUEST_SUM 0x4044000000000000UL /* 40.0, a round after the other */
_Static_assert(GUEST_ROUNDS == 40, "GUEST_SUM is another");

static bool worked(unsigned int n)
{
	const struct vm_cpu *c = cpus[n];
	char line[160];

	snprintf(line, sizeof(line),
		 "# vm %u: %lu calls, %lu device accesses, %lu waits, %lu interrupts, harts %lx", n,
		 c->calls, c->faults, c->waits, c->interrupts, c->been.word[0]);
	print(line);
	return vm_ended(c) == VM_ENDED && c->results[0] == expected(n + 1) &&
	       c->results[1] == GUEST_ROUNDS && c->results[2] == GUEST_ROUNDS &&
	       c->results[3] == GUEST_SUM && c->calls == GUEST_ROUNDS + 1 &&
	       c->faults == 2UL * GUEST_ROUNDS;
}

/* Where this machine's own computer is busy a timer is due before its guest can wait for it. */
static void one_alone(void)
{
	bool well = true, waited = false;

	for (unsigned int tries = 0; !waited && tries < TRIES; tries++) {
		begin(0, vm_guest_works, 0, 1);
		well &= await(1) && worked(0);
		waited = cpus[0]->waits > 0;
	}
	ok(well, "a guest computes, asks, faults, and takes its timer's interrupts");
	ok(waited, "and idles");
}

static void two_in_turn(const char *guest, const char *what)
{
	bool ended;

	begin(0, guest, 0, 1);
	begin(1, guest, 0, 1);
	ended = await(2);
	ok(ended && worked(0) && worked(1), what);
}

static bool has_moved(const struct vm_cpu *c)
{
	u64 been = c->been.word[0];

	return been & (been - 1);
}

/* Three on two harts. Did one move? */
static bool share(bool *well)
{
	bool moved = false;

	for (unsigned int n = 0; n < VMS; n++)
		begin(n, vm_guest_works, 1, 2);
	*well &= await(VMS);
	for (unsigned int n = 0; n < VMS; n++) {
		*well &= worked(n);
		moved |= has_moved(cpus[n]);
	}
	return moved;
}

/* Whoever waits longest is taken to the other hart, by shares; how soon, depends on who ends first. */
static void three_on_two(void)
{
	bool moved = false, well = true;

	if (arch_hart_count() < 3) {
		skip("three on two harts, which share them");
		skip("and move");
		return;
	}
	for (unsigned int tries = 0; !moved && tries < TRIES; tries++)
		moved = share(&well);
	ok(well, "three on two harts, which share them");
	ok(moved, "and move");
}

/* One that does what it may not, beside one that works. */
static void bad(const char *guest, const char *what)
{
	bool ended;

	begin(0, vm_guest_works, 0, 1);
	begin(1, guest, arch_hart_count() - 1, 1);
	ended = await(2);
	ok(ended && vm_ended(cpus[1]) == VM_FAULTED && worked(0), what);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void sleep_ms(u64 ms)
{
	(void)thread_wait(never, NULL, arch_clock() + arch_clock_hz() / 1000 * ms);
}

static void stopped(void)
{
	unsigned int last = arch_hart_count() - 1;

	begin(0, vm_guest_spins, last, 1);
	while (hartmask_empty(&cpus[0]->been) || (last && !guest_is_in(&cpus[0]->run)))
		thread_yield();
	vm_stop(cpus[0]);
	ok(await(1) && vm_ended(cpus[0]) == VM_STOPPED, "a guest that never ends is stopped");
	/* Its timer would be due by now; a debug build looks that nobody's is. */
	sleep_ms(SPIN_TIMER_MS);
	ok(true, "and its timer with it");
	begin(0, vm_guest_spins, last, 1);
	sleep_ms(SPIN_TIMER_MS);
	vm_stop(cpus[0]);
	(void)await(1);
	begin(0, vm_guest_works, last, 1);
	ok(await(1) && worked(0), "one that has not taken its interrupt leaves the next its own");
}

__noreturn static void test(void)
{
	char line[16];

	one_alone();
	two_in_turn(vm_guest_works, "two in turn on a hart");
	two_in_turn(vm_guest_works_slowly, "two that lose it while they handle an interrupt");
	three_on_two();
	bad(vm_guest_faults, "a guest that reads where nothing is ends alone");
	bad(vm_guest_reaches, "so does one that calls the firmware");
	stopped();
	snprintf(line, sizeof(line), "1..%u", number);
	print(line);
	machine_power_off(failures != 0);
}

/* The guest that is shown has the last hart; limen's own threads and the other VM have the first. */
__noreturn static void demo(void)
{
	begin(0, vm_guest_demo, arch_hart_count() - 1, 1);
	begin(1, vm_guest_demo_other, 0, 1);
	machine_power_off(!await(2) || vm_ended(cpus[0]) != VM_ENDED);
}

void selftest_guests(const struct bootargs *b)
{
	if (b->arch.guests == BOOTARGS_GUESTS_TEST)
		test();
	if (b->arch.guests == BOOTARGS_GUESTS_DEMO)
		demo();
}
