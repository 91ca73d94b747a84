// SPDX-License-Identifier: BSD-2-Clause
/*
 * Says that it is there, waits in its own code for a line on its UART, says it once more, and ends.
 * Where limen polls, nothing but limen's own timer brings the line; tests/boot/input.t looks.
 */
#include "rt.h"

#define UART   0x10000000UL
#define RBR    0
#define LSR    5
#define LSR_DR 1
#define LINE   40

static volatile unsigned char *const uart = (volatile unsigned char *)UART;

static void read_line(char *line)
{
	unsigned int n = 0;

	while (n < LINE) {
		while (!(uart[LSR] & LSR_DR))
			;
		line[n] = (char)uart[RBR];
		if (line[n] == '\n')
			break;
		n++;
	}
	line[n < LINE ? n : LINE - 1] = '\0';
}

void guest_main(void)
{
	char line[LINE];

	print("ready\n");
	read_line(line);
	print("got <%s>\n", line);
	power_off(0);
}
