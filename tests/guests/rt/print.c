// SPDX-License-Identifier: BSD-2-Clause
/*
 * A test guest's console: SBI DBCN, or the UART where there is no DBCN. One lock, so that lines of
 * several harts stay whole.
 */
#include "rt.h"

#include <stdio.h>

static u32 lock;

static void uart_write(const char *s, int len)
{
	volatile u8 *uart = (volatile u8 *)machine.uart;

	for (int i = 0; i < len && uart; i++) {
		while (!(uart[5] & 0x20))
			;
		uart[0] = (u8)s[i];
	}
}

static void console_write(const char *s, int len)
{
	while (len > 0) {
		struct sbiret r = sbi(SBI_EXT_DBCN, DBCN_WRITE, len, (u64)s, 0);

		if (r.error || r.value < 0 || r.value > len) {
			uart_write(s, len);
			return;
		}
		s += r.value;
		len -= (int)r.value;
	}
}

void print(const char *fmt, ...)
{
	static char buf[512];
	va_list ap;
	int len;

	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		;
	va_start(ap, fmt);
	len = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(buf))
		len = sizeof(buf) - 1;
	console_write(buf, len);
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}
