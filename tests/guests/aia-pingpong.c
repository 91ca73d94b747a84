// SPDX-License-Identifier: BSD-2-Clause
/*
 * Two harts send a message back and forth, 10,000 times, and wait for it with interrupts on, without a
 * WFI: tests/boot/aia.t looks at how often limen had to run meanwhile. Each first stays on its hart for longer
 * than limen asks of who is to have a file of the hardware (guest/riscv/vcpu_vsfile.h), so that no more than the
 * first message finds it in memory, however quick the machine is.
 *
 * # expect: pass
 * # harts: 2
 */
#include "imsic.h"

#define ROUNDS	10000
#define STAY_MS 200

static volatile u64 turns[2];
static volatile bool ready[2];

const char *guest_needs(void)
{
	return machine.imsic ? NULL : "no AIA";
}

static void on_ext(struct hart *h)
{
	u32 id;

	while ((id = file_claim())) {
		if (id != 1)
			test_fail("hart %u took identity %u", h->index, id);
		turns[h->index]++;
	}
}

static void stay(void)
{
	u64 end = now() + ms(STAY_MS);

	while (now() < end)
		;
}

static void play(u64 me)
{
	struct hart *h = this_hart();

	stay();
	file_reset(true);
	file_enable(1);
	h->on_irq[IRQ_EXT] = on_ext;
	csr_set(sie, SEIP);
	irq_on();
	ready[me] = true;
	while (!ready[!me])
		;
	for (u64 n = 1; n <= ROUNDS && !test_failed(); n++) {
		if (me == 0)
			file_send(1, 1);
		if (!wait_for(turns[me] >= n, 20000))
			test_fail("hart %lu waits for message %lu", me, n);
		if (me == 1)
			file_send(0, 1);
	}
	irq_off();
	csr_clear(sie, SEIP);
}

static void ping_pong(void)
{
	T_EQ(hart_start(1, play, 1), 0);
	play(0);
	T_OK(hart_join(1));
	T_EQ(turns[0], ROUNDS);
	T_EQ(turns[1], ROUNDS);
}

const struct test guest_tests[] = {
	{"10,000 messages back and forth", ping_pong},
	{NULL, NULL},
};
