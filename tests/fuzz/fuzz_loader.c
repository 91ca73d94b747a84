/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: the first bytes choose the RAM and the initrd, the rest is a kernel.
 * Sources: guest/image/{loader,errline}.c.
 */
#include <stdlib.h>
#include <string.h>

#include "guest/image/loader.h"
#include "guest/mem/gmap.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void require(bool c)
{
	if (!c)
		abort();
}

static void in_ram(const struct loader_env *env, u64 at, u64 size)
{
	require(at >= env->ram_base.a && at - env->ram_base.a <= env->ram_size);
	require(size <= env->ram_size - (at - env->ram_base.a));
}

static void apart(u64 a, u64 a_size, u64 b, u64 b_size)
{
	require(!a_size || !b_size || a + a_size <= b || b + b_size <= a);
}

static void check(const struct loader_plan *p, const struct loader_env *env, size_t size)
{
	unsigned int i, j;

	require(p->segs >= 1 && p->segs <= LOADER_SEGS_MAX);
	in_ram(env, p->entry.a, 1);
	in_ram(env, p->dtb.a, p->dtb_room);
	in_ram(env, p->initrd.a, p->initrd_size);
	apart(p->dtb.a, p->dtb_room, p->initrd.a, p->initrd_size);
	for (i = 0; i < p->segs; i++) {
		const struct loader_seg *s = &p->seg[i];

		require(s->src <= size && s->filesz <= size - s->src && s->filesz <= s->memsz);
		in_ram(env, s->dest.a, s->memsz);
		apart(s->dest.a, s->memsz, p->dtb.a, p->dtb_room);
		apart(s->dest.a, s->memsz, p->initrd.a, p->initrd_size);
		for (j = 0; j < i; j++)
			apart(s->dest.a, s->memsz, p->seg[j].dest.a, p->seg[j].memsz);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct loader_env env = {.ram_base = GPA(GMAP_RAM_BASE), .dtb_room = KIB(256)};
	struct loader_plan p;
	struct errline e;
	u8 *image;

	if (size < 10)
		return 0;
	env.ram_size = MIB(2) * (1 + data[0] + (data[1] & 1 ? (u64)data[1] << 30 : 0));
	memcpy(&env.initrd_size, data + 2, 8);
	data += 10;
	size -= 10;
	image = malloc(size); /* watched at its end */
	if (size)
		memcpy(image, data, size);
	if (!loader_plan(image, size, &env, &p, &e))
		check(&p, &env, size);
	free(image);
	return 0;
}
