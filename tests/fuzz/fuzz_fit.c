/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: any bytes as a FIT image, down to the plan of each VM.
 * A change of the bytes is followed by one that puts digests right, so that what is behind them is
 * reached.
 * Sources: guest/image/{fit,config,config_property,payload,loader,tree,errline}.c with libfdt and libmd.
 */
#include <sha2.h>
#include <string.h>

#include "guest/image/payload.h"
#include "tests/fuzz/fdt_mutate.h"
#include "tests/fuzz/input.h"

static u64 config_buf[PAYLOAD_CONFIG_MAX / 8];
static struct config config;

/* Each digest of the image becomes that of its bytes, wherever they are. */
static void put_digests(u8 *fdt, size_t size, int image)
{
	const struct fit fit = {fdt, size, fdt_totalsize(fdt)};
	struct fit_image found;
	struct errline e;
	u8 digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;
	int node;

	if (fit_find(&fit, fdt_get_name(fdt, image, NULL), &found, &e) || found.node != image)
		return;
	SHA256Init(&ctx);
	SHA256Update(&ctx, found.data, found.size);
	SHA256Final(digest, &ctx);
	fdt_for_each_subnode (node, fdt, image)
		(void)fdt_setprop_inplace(fdt, node, "value", digest, sizeof(digest));
}

static void put_all_digests(u8 *fdt, size_t size)
{
	int image;

	if (!fdt_is_whole(fdt, size))
		return;
	fdt_for_each_subnode (image, fdt, fdt_path_offset(fdt, "/images"))
		put_digests(fdt, size, image);
}

/* The configuration that is inside of the tree is a tree itself. Returns the size of the whole. */
static size_t mutate_config(u8 *data, size_t size, size_t max)
{
	size_t room = size + 2 * FDT_MUTATE_ROOM, used = size;
	u8 *fdt = malloc(room), *inner = malloc(room);
	struct fit_image found;
	struct errline e;
	struct fit fit;

	if (fdt_totalsize(data) == size && !fdt_open_into(data, fdt, (int)room) &&
	    !fit_open(fdt, room, &fit, &e) && !fit_find_config(&fit, &found, &e) &&
	    found.size < size && fdt_getprop(fdt, found.node, "data", NULL)) {
		memcpy(inner, found.data, found.size);
		used = fdt_mutate(inner, found.size, found.size + FDT_MUTATE_ROOM);
		(void)fdt_setprop(fdt, found.node, "data", inner, (int)used);
		(void)fdt_pack(fdt);
		used = fdt_totalsize(fdt);
		if (used <= max)
			memcpy(data, fdt, used);
		else
			used = size;
	}
	free(fdt);
	free(inner);
	return used;
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed)
{
	u8 *copy; /* aligned */

	fdt_chance_seed = seed;
	if (fdt_is_whole(data, size) && fdt_chance(2))
		size = mutate_config(data, size, max);
	else
		size = fdt_mutate(data, size, max);
	if (!fdt_chance(16))
		return size;
	copy = malloc(size);
	memcpy(copy, data, size);
	put_all_digests(copy, size);
	memcpy(data, copy, size);
	free(copy);
	return size;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *blob = malloc(size); /* aligned, and watched at its end */
	struct vm_payload p;
	struct errline e;
	struct fit fit;
	unsigned int i;

	if (size)
		memcpy(blob, data, size);
	if (!fit_open(blob, size, &fit, &e) &&
	    !payload_config(&fit, config_buf, sizeof(config_buf), NULL, &config, &e)) {
		for (i = 0; i < config.count; i++) {
			if (vm_payload(&fit, &config.vms[i], KIB(256), &p) != config.vms[i].err)
				abort();
		}
	}
	free(blob);
	return 0;
}
