// SPDX-License-Identifier: BSD-2-Clause
/*
 * The parts that VMs play in tests/boot/console.t; "part=" in the boot arguments says which:
 *
 *	flood	writes numbered lines through DBCN until none of it is taken for a while; then to its UART,
 *		which is not empty in the end, and 40 bytes all the same; then reads up to a '!', says what
 *		it saw, and ends
 *	count	writes numbered lines at once; then looks at the clock all the time, and says at a 'q' how
 *		long it was kept from that at most, and ends. With "prints=1" it writes meanwhile
 *	say	writes some lines, the first half of each through DBCN and the rest through its UART; after
 *		"wait=" milliseconds
 */
#include "rt.h"

#include <stdio.h>
#include <string.h>

#define RBR	 0
#define THR	 0
#define FCR	 2
#define LSR	 5
#define LSR_DR	 0x01
#define LSR_THRE 0x20
#define FIFO_ON	 7

#define STANDS_MS  100	  /* nothing is taken for so long: the port stands */
#define FLOOD_MAX  600000 /* bytes; more than all that may stand on their way */
#define KEPT_LINES 2000
#define UNASKED	   40

static volatile u8 *uart;

static u64 dbcn_write(const char *s, u64 n)
{
	struct sbiret r = sbi(SBI_EXT_DBCN, DBCN_WRITE, n, (u64)s, 0);

	return r.error ? 0 : (u64)r.value;
}

/* Returns whether all of it was taken, before nothing was for STANDS_MS. */
static bool write_while_taken(const char *s, u64 n)
{
	while (n) {
		u64 took;

		if (!wait_for((took = dbcn_write(s, n)) != 0, STANDS_MS))
			return false;
		s += took;
		n -= took;
	}
	return true;
}

static u64 number_line(char *line, size_t size, u64 i)
{
	return (u64)snprintf(line, size, "line %06lu of many, each of them with its number\n", i);
}

/* How many lines were taken as a whole. */
static u64 flood_dbcn(void)
{
	char line[80];
	u64 i = 0, bytes = 0, n;

	do {
		n = number_line(line, sizeof(line), i++);
		bytes += n;
	} while (bytes < FLOOD_MAX && write_while_taken(line, n));
	return i;
}

/* How many bytes the transmitter has asked for. */
static u64 flood_uart(void)
{
	u64 n = 0;

	while (n < FLOOD_MAX && wait_for(uart[LSR] & LSR_THRE, STANDS_MS)) {
		uart[THR] = '.';
		n++;
	}
	return n;
}

static void flood(void)
{
	u64 lines, asked;

	print("flooding\n");
	lines = flood_dbcn();
	asked = flood_uart();
	for (int i = 0; i < UNASKED; i++)
		uart[THR] = '-';
	while (!(uart[LSR] & LSR_DR) || uart[RBR] != '!')
		;
	print("\n%lu lines, %lu bytes asked for\n", lines, asked);
}

static bool asked_to_end(void)
{
	return (uart[LSR] & LSR_DR) && uart[RBR] == 'q';
}

static void count(void)
{
	bool prints = machine_bootarg_number("prints");
	u64 longest = 0, last, t, look;
	char line[80];

	for (u64 i = 0; i < KEPT_LINES; i++)
		(void)write_while_taken(line, number_line(line, sizeof(line), i));
	look = last = now();
	for (;;) {
		t = now();
		if (t - last > longest)
			longest = t - last;
		last = t;
		if (t - look < ms(1))
			continue;
		look = t;
		if (prints)
			(void)dbcn_write("counts on\n", 10);
		if (asked_to_end())
			break;
	}
	print("\nkept for %lu us at most\n", longest * 1000000 / machine.timebase);
}

static void say(void)
{
	u64 end = now() + ms(machine_bootarg_number("wait"));
	char half[40];

	while (now() < end)
		;
	for (u64 i = 0; i < 20; i++) {
		snprintf(half, sizeof(half), "says %lu, ", i);
		(void)write_while_taken(half, strlen(half));
		for (const char *s = "and the rest\n"; *s; s++) {
			while (!(uart[LSR] & LSR_THRE))
				;
			uart[THR] = (u8)*s;
		}
	}
}

static bool plays(const char *part)
{
	const char *s = machine_bootarg("part");

	return s && !strncmp(s, part, strlen(part));
}

void guest_main(void)
{
	uart = (volatile u8 *)machine.uart;
	uart[FCR] = FIFO_ON;
	if (plays("flood"))
		flood();
	else if (plays("count"))
		count();
	else
		say();
	power_off(0);
}
