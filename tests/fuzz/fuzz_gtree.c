/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: the tree of each guest of any configuration, on any machine. The first bytes say what the
 * machine is, and how much room there is; the rest is a configuration.
 * Sources: guest/image/{gtree,config,config_property,tree,errline}.c guest/riscv/{gtree_arch,gtree_aia}.c arch/riscv/{isa,ext,ext_rules}.c with libfdt.
 */
#include <string.h>

#include "arch/riscv/isa.h"
#include "guest/image/config.h"
#include "guest/image/gtree.h"
#include "guest/mem/gmap.h"
#include "tests/fuzz/fdt_mutate.h"
#include "tests/fuzz/input.h"

#define HEAD 32

static struct config config;
static u64 room[GTREE_ROOM / 8];

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed)
{
	size_t head = size < HEAD ? size : HEAD;

	fdt_chance_seed = seed;
	if (size < HEAD || !fdt_chance(3)) {
		(void)LLVMFuzzerMutate(data, head, head);
		return size;
	}
	return HEAD + fdt_mutate(data + HEAD, size - HEAD, max - HEAD);
}

struct text {
	char string[ISA_TEXT_MAX], list[ISA_TEXT_MAX];
	const char *words[EXT_COUNT];
	size_t count;
};

/* A set of extensions that there are, whatever the bits. */
static void describe(struct text *t, struct isa_set set)
{
	struct isa_set known = {{0}};
	unsigned int e;
	size_t n;

	for_each_ext(e) if (isa_has(&set, e)) isa_add(&known, e);
	isa_add(&known, EXT_I);
	require(!isa_build_string(&known, t->string, sizeof(t->string)));
	require(!isa_build_list(&known, t->list, sizeof(t->list), &n));
	t->count = 0;
	for (size_t at = 0; at < n; at += strlen(t->list + at) + 1)
		t->words[t->count++] = t->list + at;
}

static void build(const struct vm_config *vm, struct gtree_params p, size_t size)
{
	struct errline e;
	size_t used = 0;
	enum err err;

	p.ram_size = vm->memory;
	p.vcpus = vm->cpus;
	p.bootargs = vm->bootargs;
	err = gtree_build(room, size, &p, &used, &e);
	require(!err || err == ERR_NOMEM || err == ERR_INVAL);
	if (!err)
		require(used <= size && !fdt_check_full(room, used));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct gtree_params p = {.ram_base = GPA(GMAP_RAM_BASE), .arch.isa_base = "rv64i"};
	u8 *tree = size < HEAD ? NULL : malloc(size - HEAD + 1);
	struct isa_set set;
	struct text t;
	struct errline e;
	size_t space;

	if (!tree)
		return 0;
	input_begin(data, HEAD);
	set.w[0] = input_bytes(8);
	set.w[ISA_SET_WORDS - 1] = input_bytes(4);
	describe(&t, set);
	p.arch.isa = t.string;
	p.arch.isa_ext = t.words;
	p.arch.isa_exts = t.count;
	p.arch.mmu = (u32[]){39, 48, 57, 39}[input_below(4)];
	p.arch.cbom_block = (u32)input_below(3) * 64;
	p.arch.cboz_block = (u32)input_below(3) * 64;
	p.arch.cbop_block = (u32)input_below(3) * 64;
	p.timebase = (u32)input_bytes(2);
	p.arch.irqchip.aplic_size = input_below(3) * 0x8000;
	p.arch.irqchip.imsic_ids = p.arch.irqchip.aplic_size ? (u32)input_below(3) * 255 : 0;
	p.initrd = GPA(GMAP_RAM_BASE + input_bytes(2));
	p.initrd_size = input_bytes(2);
	p.rng_seed = data;
	p.rng_seed_size = input_below(HEAD);
	space = input_below(4) ? sizeof(room) : ALIGN_DOWN(input_below(16384), 8UL);
	memcpy(tree, data + HEAD, size - HEAD);
	if (!config_read(tree, size - HEAD, NULL, &config, &e))
		for (unsigned int i = 0; i < config.count; i++)
			if (!config.vms[i].err)
				build(&config.vms[i], p, space);
	free(tree);
	return 0;
}
