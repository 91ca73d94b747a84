// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupt files, and messages that are counted. See imsic.h.
 */
#include "imsic.h"

#define STIP	  (1UL << IRQ_TIMER)
#define PER_PAIR  7	/* identities for each sender and receiver: 8 * 7 fit into 63 */
#define QUIET_MS  20000 /* a message takes no longer, however slow the computer */
#define NAP_EVERY 64

void file_reset(bool on)
{
	file_write(EIDELIVERY, 0);
	file_write(EITHRESHOLD, 0);
	for (u32 w = 0; w <= machine.imsic_ids / 64; w++) {
		file_write(EIE0 + 2 * w, 0);
		file_write(EIP0 + 2 * w, 0);
	}
	file_write(EIDELIVERY, on);
}

volatile u32 *file_page(unsigned int i)
{
	u64 index = (u64)machine_imsic_index(&harts[i]);

	return (volatile u32 *)(machine.imsic + (index << machine.imsic_guest_bits << 12));
}

/* Of one sender to one receiver, one identity. Written by the one that it names. */
struct count {
	u32 sent, taken;
};

static struct count counts[MAX_HARTS][MAX_HARTS][PER_PAIR];
static unsigned int nharts;
static bool nap_too;
static u64 end;
static volatile u32 gate, done;
static volatile u32 *page[MAX_HARTS];

static u32 identity(unsigned int sender, u32 k)
{
	return 1 + sender * PER_PAIR + k;
}

static void on_message(struct hart *h)
{
	u32 id;

	while ((id = file_claim())) {
		unsigned int sender = (id - 1) / PER_PAIR;
		struct count *c = &counts[sender % MAX_HARTS][h->index][(id - 1) % PER_PAIR];

		if (sender >= nharts)
			test_fail("hart %u took identity %u, which nobody sends", h->index, id);
		else if (c->taken == __atomic_load_n(&c->sent, __ATOMIC_ACQUIRE))
			test_fail("hart %u took identity %u of hart %u twice, after %u", h->index,
				  id, sender, c->taken);
		else
			__atomic_store_n(&c->taken, c->taken + 1, __ATOMIC_RELEASE);
	}
}

static bool is_taken(const struct count *c)
{
	return __atomic_load_n(&c->taken, __ATOMIC_ACQUIRE) == c->sent;
}

static void send_round(unsigned int me, u32 k)
{
	for (unsigned int to = 0; to < nharts; to++) {
		struct count *c = &counts[me][to][k];

		if (!is_taken(c))
			continue;
		__atomic_store_n(&c->sent, c->sent + 1, __ATOMIC_RELEASE);
		__asm__ volatile("fence w, o" ::: "memory");
		*page[to] = identity(me, k);
	}
}

/* A message ends it, or the timer. */
static void nap(u64 round)
{
	irq_off();
	timer_set(now() + us(200 + round % 7 * 300));
	wfi();
	irq_on();
	timer_set(~0UL);
}

static void compute(u64 rounds)
{
	for (volatile u64 i = 0; i < rounds;)
		i++;
}

static void on_timer(struct hart *h)
{
	(void)h;
	timer_set(~0UL);
}

static void all_taken(unsigned int me)
{
	for (unsigned int to = 0; to < nharts; to++)
		for (u32 k = 0; k < PER_PAIR; k++)
			if (!wait_for(is_taken(&counts[me][to][k]), QUIET_MS))
				test_fail("message %u of hart %u to hart %u, identity %u, is lost",
					  counts[me][to][k].sent, me, to, identity(me, k));
}

static void open_file(struct hart *h)
{
	h->on_irq[IRQ_EXT] = on_message;
	h->on_irq[IRQ_TIMER] = on_timer;
	file_reset(true);
	file_write(EIE0, ~0UL);
	timer_set(~0UL);
	csr_set(sie, SEIP | STIP);
	irq_on();
}

/* Who is in time waits for nobody's messages alone, so all go on taking until all are done. */
static void take_part(u64 me)
{
	open_file(this_hart());
	__atomic_fetch_add(&gate, 1, __ATOMIC_ACQ_REL);
	while (gate < nharts)
		;
	for (u64 round = 0; now() < end && !test_failed(); round++) {
		send_round((unsigned int)me, round % PER_PAIR);
		compute(20 + round % 300);
		if (nap_too && round % NAP_EVERY == me)
			nap(round);
	}
	all_taken((unsigned int)me);
	__atomic_fetch_add(&done, 1, __ATOMIC_ACQ_REL);
	while (done < nharts)
		;
	irq_off();
	csr_clear(sie, SEIP | STIP);
}

u64 messages_count(unsigned int n, u64 ms_, bool naps)
{
	u64 taken = 0;

	for (unsigned int i = 0; i < MAX_HARTS; i++)
		for (unsigned int j = 0; j < MAX_HARTS; j++)
			for (u32 k = 0; k < PER_PAIR; k++)
				counts[i][j][k] = (struct count){0};
	nharts = n;
	nap_too = naps;
	gate = done = 0;
	for (unsigned int i = 0; i < n; i++)
		page[i] = file_page(i);
	end = now() + ms(ms_);
	for (unsigned int i = 1; i < n; i++)
		T_EQ(hart_start(i, take_part, i), 0);
	take_part(0);
	for (unsigned int i = 1; i < n; i++)
		T_OK(hart_join(i));
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = 0; j < n; j++)
			for (u32 k = 0; k < PER_PAIR; k++)
				taken += counts[i][j][k].taken;
	return taken;
}
