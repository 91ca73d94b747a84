/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds the device tree a guest finds at boot. What is in it comes from the caller alone, never
 * from the host's tree.
 *
 * Devicetree Specification v0.4; bindings of dt-schema and Linux: serial/8250. What each vCPU is, and the
 * interrupt controller, is the architecture's (gtree_arch.h, found through the include path).
 */
#ifndef GUEST_IMAGE_GTREE_H
#define GUEST_IMAGE_GTREE_H

#include "gtree_arch.h"
#include "guest/image/errline.h"
#include "lib/types.h"

/* Room enough for any guest of limen: 64 vCPUs with a long list of extensions, long bootargs. */
#define GTREE_ROOM KIB(256)

struct gtree_params {
	gpa_t ram_base;
	u64 ram_size; /* bytes */
	u32 vcpus;    /* >= 1; hart ids 0 to vcpus - 1 */

	u32 timebase; /* ticks of the guest's clock a second */
	struct gtree_arch arch;

	/* Called every 10,000 instructions or so; NULL: nothing. */
	void (*look)(void);

	/* What the kernel is told. */
	const char *bootargs; /* NULL: none */
	gpa_t initrd;
	u64 initrd_size; /* bytes; 0: no initrd */
	const void *rng_seed;
	size_t rng_seed_size; /* bytes; 0: no seed */
};

/*
 * Builds the tree at buf (8-byte aligned, size bytes) and says in *used how long it is. Any
 * context. ERR_NOMEM: it does not fit. ERR_INVAL: the parameters make no guest. A line in *e says
 * more.
 */
enum err gtree_build(void *buf, size_t size, const struct gtree_params *p, size_t *used,
		     struct errline *e) __must_check;

#endif
