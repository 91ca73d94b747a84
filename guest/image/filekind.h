/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file is that somebody gave in place of another, by its first bytes. Only kinds that have bytes of
 * their own, and that limen takes for nothing else: ELF files and Linux Images are the loader's.
 *
 * Pure: any context, every byte hostile.
 */
#ifndef GUEST_IMAGE_FILEKIND_H
#define GUEST_IMAGE_FILEKIND_H

#include "lib/types.h"

struct filekind {
	const char *what; /* "packed with xz" */
	const char *
		give; /* what to give in its place, for a kernel: "give the unpacked Image (unxz it first)" */
};

/* NULL: none of those it knows. size may be 0. */
const struct filekind *filekind_of(const void *data, size_t size);

#endif
