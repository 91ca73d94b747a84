// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that is paused, stopped and destroyed from outside (guest/selftest/lifecycle.c, which knows the box
 * at the beginning of RAM, and tests/boot/lifecycle.t). Each hart does something else: 0 computes, 1
 * sleeps in WFI from timer to timer, 2 does so in a retentive suspend, 3 is suspended until an IPI comes,
 * 4 was started and has stopped. The box says how often each did so, and by how much the guest's time
 * ever jumped.
 */
#include "rt.h"

#include <string.h>

#define MAGIC 0x6c696665UL
#define NAP   ms(100) /* longer than a hart is waited for: or what comes too early is not seen */
#define SSIP  (1UL << IRQ_SOFT)
#define STIP  (1UL << IRQ_TIMER)

enum command { GO_ON, POWER_OFF, FAIL, REBOOT };

static volatile struct {
	u64 magic;
	u64 command; /* written from outside */
	u64 beats[MAX_HARTS];
	u64 jump;  /* most that hart 0 saw its time go on between two looks, us */
	u64 late;  /* most that a timer was late, us */
	u64 steal; /* told to hart 0, us */
	u64 wrong; /* what cannot be: time or steal that goes back, steal that is more than time; a timer too early */
} *const box = (void *)0x80000000UL;

static struct {
	u32 sequence, flags;
	u64 steal;
	u8 pad[48];
} record __attribute__((aligned(64)));

static u64 in_us(u64 ticks)
{
	return ticks * 1000000 / machine.timebase;
}

static void obey(void)
{
	u64 command = box->command;

	if (command == POWER_OFF)
		power_off(0);
	if (command == FAIL)
		power_off(1);
	if (command == REBOOT)
		sbi(SBI_EXT_SRST, 0, 1, 0);
}

/* The time is read last: what was stolen up to then has passed. */
static void look_at_steal(void)
{
	u64 steal = READ_ONCE(record.steal) / 1000;

	if (steal < box->steal || steal > in_us(now()))
		box->wrong |= 2;
	box->steal = steal;
}

static void compute(void)
{
	u64 last = now();

	for (;;) {
		u64 t = now();

		if (t < last)
			box->wrong |= 1;
		else if (in_us(t - last) > box->jump)
			box->jump = in_us(t - last);
		last = t;
		look_at_steal();
		box->beats[0]++;
		obey();
	}
}

/* Sleeps, by whatever means, from one timer to the next. */
static void nap(u64 hart, void (*sleep)(void))
{
	csr_set(sie, STIP);
	for (;;) {
		u64 t = now() + NAP, woke, fired;

		timer_set(t);
		do {
			sleep();
			fired = csr_read(sip) & STIP;
			woke = now();
			if (fired && woke < t)
				box->wrong |= 16;
		} while (woke < t);
		if (in_us(woke - t) > box->late)
			box->late = in_us(woke - t);
		box->beats[hart]++;
	}
}

static void sleep_wfi(void)
{
	wfi();
}

static void sleep_suspended(void)
{
	sbi(SBI_EXT_HSM, HSM_HART_SUSPEND, 0, 0, 0);
}

static void napper(u64 hart)
{
	nap(hart, hart == 1 ? sleep_wfi : sleep_suspended);
}

/* Nothing but an IPI ends it. */
static void until_ipi(u64 hart)
{
	csr_write(sie, SSIP);
	for (;;) {
		sbi(SBI_EXT_HSM, HSM_HART_SUSPEND, 0, 0, 0);
		if (!(csr_read(sip) & SSIP)) {
			box->wrong |= 4;
			continue;
		}
		csr_clear(sip, SSIP);
		box->beats[hart]++;
	}
}

static void stops(u64 hart)
{
	box->beats[hart]++;
}

void guest_main(void)
{
	static void (*const fn[])(u64) = {NULL, napper, napper, until_ipi, stops};

	/* Whoever had this memory before has left nothing in it. */
	for (unsigned int i = 0; i < sizeof(*box) / 8; i++)
		if (((const volatile u64 *)box)[i] && i != 1)
			box->wrong |= 8;
	sbi(SBI_EXT_STA, STA_SET_SHMEM, (u64)&record, 0, 0);
	for (unsigned int i = 1; i < hart_count() && i < ARRAY_SIZE(fn); i++)
		hart_start(i, fn[i], i);
	box->magic = MAGIC;
	compute();
}
