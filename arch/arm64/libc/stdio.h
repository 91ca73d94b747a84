/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of the C library's stdio.h, what limen uses: see string.h. Conversions are d, u, x, p, s, c and %, with
 * the flags 0 and -, width and precision (* too), and l, ll, z.
 */
#ifndef ARCH_ARM64_LIBC_STDIO_H
#define ARCH_ARM64_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

int snprintf(char *buf, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t n, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

#endif
