/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a FIT image: the container that holds limen's configuration and the guests' payloads.
 *
 * The format is U-Boot's "Flattened Image Tree" (doc/usage/fit/source_file_format): a flattened
 * device tree with a node per payload in /images, its bytes inside (`data`) or behind the tree
 * (`data-position` from the tree's start, or `data-offset` from its end rounded up to 4, with
 * `data-size`). /configurations/default names the configuration whose `fdt` is limen's own.
 *
 * Every byte of it is hostile. Nothing is read outside [blob, blob + max), and nothing is copied:
 * results point into the blob, which must stay and must not change.
 */
#ifndef GUEST_IMAGE_FIT_H
#define GUEST_IMAGE_FIT_H

#include "guest/image/errline.h"
#include "lib/types.h"

struct fit {
	const u8 *blob;
	size_t max;  /* bytes that may be read */
	size_t tree; /* bytes of the tree itself, <= max */
};

struct fit_image {
	const struct fit *fit;
	int node;	  /* in the tree */
	const char *name; /* in the tree */
	const u8 *data;	  /* any alignment */
	size_t size;	  /* > 0 */
};

/* Any context for all of these; what goes wrong is in *e as one line. */

/*
 * Looks whether a FIT starts at blob, of which max bytes may be read; 8-byte aligned.
 * ERR_NOENT: there is no device tree there at all. ERR_FORMAT: there is one, and it is broken or
 * has no /images. ERR_INVAL: blob is not aligned.
 */
enum err fit_open(const void *blob, size_t max, struct fit *fit, struct errline *e) __must_check;

/*
 * Finds payload `name` and where its bytes are. Its digest is not checked here.
 * ERR_NOENT: no such payload. ERR_FORMAT: without bytes, or compressed. ERR_RANGE: its bytes are
 * not within max.
 */
enum err fit_find(const struct fit *fit, const char *name, struct fit_image *image,
		  struct errline *e) __must_check;

/* Finds limen's configuration: the `fdt` of the default configuration. Errors as fit_find(). */
enum err fit_find_config(const struct fit *fit, struct fit_image *image,
			 struct errline *e) __must_check;

/*
 * Checks the payload against its digests, which must be SHA-256 and at least one. Takes time in
 * proportion to the size. ERR_NOENT: no digest. ERR_NOTSUP: another kind of digest.
 * ERR_FORMAT: a digest without its value. ERR_HASH: the payload is not what was packed.
 */
enum err fit_verify(const struct fit_image *image, struct errline *e) __must_check;

#endif
