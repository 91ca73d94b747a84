/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: any bytes as a configuration.
 * Sources: guest/image/{config,config_property,tree,errline}.c with libfdt.
 */
#include <string.h>

#include "guest/image/config.h"
#include "tests/fuzz/fdt_mutate.h"
#include "tests/fuzz/input.h"

static const char *const features[] = {"sstc", "htinst", "htval", "vmidlen", NULL};
static struct config config;

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed)
{
	fdt_chance_seed = seed;
	return fdt_mutate(data, size, max);
}

static void check(const struct vm_config *vm)
{
	if (vm->err) {
		require(memchr(vm->why.text, '\0', sizeof(vm->why.text)) != NULL);
		return;
	}
	require(strlen(vm->name) >= 1 && strlen(vm->name) <= CONFIG_NAME_MAX);
	require(vm->cpus >= 1 && vm->cpus <= CONFIG_CPUS_MAX);
	require(vm->memory && vm->memory <= CONFIG_MEMORY_MAX);
	require(IS_ALIGNED(vm->memory, CONFIG_MEMORY_ALIGN));
	require(vm->kernel && strlen(vm->kernel) <= CONFIG_PAYLOAD_MAX);
	require(strlen(vm->bootargs) <= CONFIG_BOOTARGS_MAX);
	config_hides(vm, "sstc");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *tree = malloc(size); /* aligned, and watched at its end */
	struct errline e;
	unsigned int i;

	if (size)
		memcpy(tree, data, size);
	if (!config_read(tree, size, features, &config, &e)) {
		require(config.count >= 1 && config.count <= CONFIG_VMS_MAX);
		for (i = 0; i < config.count; i++)
			check(&config.vms[i]);
		require(config_console(&config) < (int)config.count);
	}
	free(tree);
	return 0;
}
