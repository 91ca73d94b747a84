/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at a guest's kernel and says what goes where in the guest's RAM. Nothing is copied here:
 * the plan is pure numbers, each checked against the image and the RAM.
 *
 *   Linux Image	the architecture's boot-image-header in Linux's documents. At RAM base +
 *			text_offset if that is a multiple of 2 MiB, else + 2 MiB; starts at its
 *			first byte; takes image_size bytes.
 *   ELF64		System V gABI and the psABI: PT_LOAD segments at their physical
 *			addresses. The entry may be a virtual address of a segment (it is moved
 *			with it) or a physical one.
 *   raw binary		everything else: at RAM base + 2 MiB, starts at its first byte. Not what is packed, or
 *			a kernel in a wrapping or for another machine (guest/image/filekind.h).
 *
 * The guest's device tree and its initrd go as high as there is room, in that order: the tree at
 * the end of RAM at a multiple of 4 KiB, the initrd below it in whole pages of 4 KiB. Nothing
 * overlaps.
 */
#ifndef GUEST_IMAGE_LOADER_H
#define GUEST_IMAGE_LOADER_H

#include "guest/image/errline.h"
#include "lib/types.h"

#define LOADER_SEGS_MAX	  16
#define LOADER_RAW_OFFSET MIB(2)
#define LOADER_PAGE	  4096UL

enum loader_kind {
	LOADER_LINUX,
	LOADER_ELF,
	LOADER_RAW,
};

/* What the guest gives room in. */
struct loader_env {
	gpa_t ram_base;	 /* a multiple of 2 MiB */
	u64 ram_size;	 /* bytes; base + size does not wrap */
	u64 dtb_room;	 /* bytes kept for the guest's device tree, > 0 */
	u64 initrd_size; /* bytes; 0: no initrd */
};

/* filesz bytes of the image from src on go to dest; the rest up to memsz is zero. */
struct loader_seg {
	u64 src;
	gpa_t dest;
	u64 filesz;
	u64 memsz; /* >= filesz, > 0 */
};

struct loader_plan {
	enum loader_kind kind;
	unsigned int segs;
	struct loader_seg seg[LOADER_SEGS_MAX];
	gpa_t entry;
	gpa_t dtb;
	u64 dtb_room;
	gpa_t initrd;	 /* if initrd_size */
	u64 initrd_size; /* bytes */
};

/*
 * Makes the plan for the kernel of `size` bytes at image (any alignment). Any context.
 * The line in *e has no file or node before it: the caller knows whose kernel it is.
 * ERR_FORMAT: the image is broken. ERR_NOTSUP: it is for another machine, or packed.
 * ERR_NOMEM: kernel, tree and initrd do not fit into the RAM. ERR_RANGE: it wants to be where no
 * RAM is.
 */
enum err loader_plan(const void *image, size_t size, const struct loader_env *env,
		     struct loader_plan *plan, struct errline *e) __must_check;

/* "Linux Image", "ELF", "raw binary". Any context. */
const char *loader_kind_name(enum loader_kind kind);

#endif
