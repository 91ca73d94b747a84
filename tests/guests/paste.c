// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads its UART more slowly than a machine's console sends, up to a '!', and says how many characters
 * came and how many of them are not those that tests/boot/input.t typed. Other harts compute meanwhile.
 */
#include "rt.h"

#define RBR	0
#define FCR	2
#define LSR	5
#define LSR_DR	1
#define FIFO_ON 7
#define PIECE	16 /* characters between two rests */
#define REST_US 300
#define SILENCE 30000 /* ms, after which nothing more comes */

static volatile bool done;

static void compute(u64 i)
{
	(void)i;
	while (!done)
		;
}

/* The n-th character that is typed. */
static u8 typed(u64 n)
{
	return (u8)('a' + (n * 7 + n / 26) % 26);
}

/* Waits for a character; '!' if none comes. */
static u8 next(volatile u8 *uart)
{
	return wait_for(uart[LSR] & LSR_DR, SILENCE) ? uart[RBR] : '!';
}

static void rest(void)
{
	u64 end = now() + us(REST_US);

	while (now() < end)
		;
}

static void paste(void)
{
	volatile u8 *uart = (volatile u8 *)machine.uart;
	u64 n = 0, wrong = 0;
	u8 c;

	uart[FCR] = FIFO_ON;
	print("ready\n");
	while ((c = next(uart)) != '!') {
		wrong += c != typed(n++);
		if (n % PIECE == 0)
			rest();
	}
	print("%lu characters, %lu wrong\n", n, wrong);
}

void guest_main(void)
{
	for (unsigned int i = 1; i < hart_count() && i < MAX_HARTS; i++)
		T_EQ(hart_start(i, compute, i), 0);
	paste();
	done = true;
	power_off(0);
}
