/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's console as a serial port (SBI 3.0, "Debug Console Extension" and "Legacy
 * Extensions"). DBCN takes and gives bytes in memory at a physical address; a buffer of limen's
 * own stands between, so that nobody else's memory is shown to the firmware. Legacy calls move a
 * byte each and serve where DBCN is missing or hidden. There are no interrupts, and firmware that polls a
 * port of its own keeps the hart for as long as the bytes take.
 */
#include "hyp/console/uart.h"

#include "arch/arch.h"
#include "sbi/fw.h"

#include <string.h>

#define BOUNCE 256 /* bytes; aligned to its size, so it lies in one page */
#define BURST  16 /* bytes at a time, when others wait: one and a half milliseconds at 115200 baud */

static char bounce[BOUNCE] __aligned(BOUNCE);
static u64 bounce_offset;

void uart_firmware_set_offset(u64 virt_minus_phys)
{
	bounce_offset = virt_minus_phys;
}

static hpa_t bounce_hpa(size_t at)
{
	return HPA((u64)(uintptr_t)bounce + at - bounce_offset);
}

static void sbi_init(struct uart *u)
{
	u->fifo = BOUNCE;
}

/* Sends what the bounce buffer holds, n bytes; returns how many. DBCN may take fewer at a time. */
static size_t sbi_flush(struct uart *u, size_t n)
{
	unsigned int patience = u->stuck ? 1 : UART_PATIENCE / 64;
	size_t done = 0;

	while (done < n) {
		long r = fw_console_write(bounce_hpa(done), n - done);

		if (r < 0 || (r == 0 && --patience == 0))
			break;
		done += (size_t)r;
	}
	u->stuck = done < n;
	return done;
}

static size_t sbi_write_dbcn(struct uart *u, const char *s, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t len = min_u64(n - done, BOUNCE);
		size_t sent;

		memcpy(bounce, s + done, len);
		sent = sbi_flush(u, len);
		done += sent;
		if (sent < len)
			break;
	}
	return done;
}

/* Of a firmware that fails to send as of one that has no room: the bytes stay. */
static size_t sbi_send(struct uart *u, const char *s, size_t n)
{
	size_t i = 0;
	long r;

	n = min_u64(n, BURST);
	if (fw_has(FW_DBCN)) {
		memcpy(bounce, s, n);
		r = fw_console_write(bounce_hpa(0), n);
		i = r < 0 ? 0 : min_u64((u64)r, n);
	} else {
		while (i < n && fw_console_byte((u8)s[i]) == OK)
			i++;
	}
	u->stuck &= i == 0;
	return i;
}

static size_t sbi_write(struct uart *u, const char *s, size_t n)
{
	size_t done = 0;

	if (fw_has(FW_DBCN))
		return sbi_write_dbcn(u, s, n);
	while (done < n && fw_console_byte((u8)s[done]) == OK)
		done++;
	return done;
}

static size_t sbi_read(struct uart *u, char *buf, size_t n)
{
	size_t i = 0;
	long r;
	int c;

	(void)u;
	if (fw_has(FW_DBCN)) {
		r = fw_console_read(bounce_hpa(0), min_u64(n, BOUNCE));
		if (r <= 0)
			return 0;
		memcpy(buf, bounce, (size_t)r);
		return (size_t)r;
	}
	while (i < n && (c = fw_console_getchar()) >= 0)
		buf[i++] = (char)c;
	return i;
}

static int sbi_set_irqs(struct uart *u, bool rx, bool tx)
{
	(void)u;
	return rx || tx ? ERR_NOTSUP : OK;
}

const struct uart_ops uart_firmware_ops = {
	.name = "SBI",
	.burst = BURST,
	.slow = true,
	.init = sbi_init,
	.send = sbi_send,
	.write = sbi_write,
	.read = sbi_read,
	.set_irqs = sbi_set_irqs,
};
