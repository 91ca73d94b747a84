/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks a flattened device tree over before anybody believes it. */
#ifndef GUEST_IMAGE_TREE_H
#define GUEST_IMAGE_TREE_H

#include "guest/image/errline.h"
#include "lib/types.h"

/*
 * Is there a whole flattened device tree at blob, of which max bytes may be read? After OK every
 * function of libfdt that reads is safe on it and ends, names are strings and lengths are within
 * it. what ("fit") begins the line in *e. Any context.
 * ERR_INVAL: blob is not 8-byte aligned. ERR_NOENT: no device tree. ERR_FORMAT: a broken one.
 */
enum err tree_check(const void *blob, size_t max, const char *what, struct errline *e) __must_check;

#endif
