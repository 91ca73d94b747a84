/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/arm64/pl011.h"

#include "arch/arch.h"
#include "hyp/console/console.h"

#define UARTDR	(0 / 4)
#define UARTFR	(0x18 / 4)
#define FR_TXFF (1U << 5)
#define UARTCR	(0x30 / 4)
#define CR_ON	0x301 /* it, its transmitter and its receiver */

static volatile u32 *uart;

void pl011_init(volatile u32 *regs)
{
	uart = regs;
	if (uart)
		uart[UARTCR] = CR_ON;
}

void arch_console_write(const char *s, size_t n)
{
	for (; uart && n; n--) {
		while (uart[UARTFR] & FR_TXFF)
			arch_relax();
		uart[UARTDR] = (u8)*s++;
	}
}

/* It never takes a lock. */
void console_panic_mode(void)
{
}
