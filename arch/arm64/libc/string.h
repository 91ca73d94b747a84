/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of the C library's string.h, what limen uses. The library of a cross compiler is not linked: it may use
 * SIMD registers wherever it likes, and at EL2 these hold a guest's values.
 */
#ifndef ARCH_ARM64_LIBC_STRING_H
#define ARCH_ARM64_LIBC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);

#endif
