/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: a guest and devices that do anything to an APLIC. The first four bytes are its size, then
 * each eight are one access or one line.
 * Sources: guest/riscv/vaplic{,_regs}.c guest/dev/virq.c, lib/ and arch/host/.
 */
#include <stdlib.h>
#include <string.h>

#include "guest/riscv/vaplic.h"
#include "hyp/mem/kmem.h"

#define FUZZ_HARTS 70

static bool ext[FUZZ_HARTS];
static struct vaplic_config config;
static struct virq_line line[VAPLIC_SOURCES_MAX + 1];

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

void *kmem_alloc(size_t size)
{
	return calloc(1, size);
}

void kmem_free(void *p)
{
	free(p);
}

static void on_ext(void *arg, u32 hart, bool level)
{
	if (arg != ext || hart >= config.harts || ext[hart] == level)
		abort();
	ext[hart] = level;
}

static void on_msi(void *arg, u32 hart, u32 guest, u32 eiid)
{
	if (arg != ext || hart >= config.harts || guest > config.geilen || eiid > 2047)
		abort();
}

static const struct vaplic_ops ops[] = {{on_ext, on_msi}, {on_ext, NULL}, {NULL, on_msi}};

struct act {
	u32 val;
	u16 off; /* in the region's first 64 KiB */
	u8 what, width;
};

static void do_act(struct vaplic *p, const struct act *a)
{
	struct virq_line *l = &line[1 + a->off % config.sources];
	u64 val = a->val;

	switch (a->what % 8) {
	case 0: virq_set(l, true); break;
	case 1: virq_set(l, false); break;
	case 2: virq_pulse(l); break;
	case 3: vaplic_mmio_ops.read(p, a->off, a->width & 15, &val); break;
	case 4: vaplic_write(p, a->off & ~3U, a->val); break;
	case 5: (void)vaplic_read(p, (u64)a->val << (a->width & 31)); break;
	case 6: vaplic_write(p, VAPLIC_SOURCECFG + 4UL * (a->off & 0x3ff), a->val & 7); break;
	default: vaplic_write(p, a->off & 0x7ffc, 1U << (a->val & 31)); break;
	}
}

/* What holds between any two acts of level sources, by the registers alone. */
static void check(struct vaplic *p)
{
	u32 mode = vaplic_read(p, VAPLIC_DOMAINCFG);

	for (u32 n = 0; n <= config.sources / 32; n++) {
		u32 ip = vaplic_read(p, VAPLIC_SETIP + 4 * n);
		u32 ie = vaplic_read(p, VAPLIC_SETIE + 4 * n);

		if ((mode & VAPLIC_DOMAINCFG_DM) && (mode & VAPLIC_DOMAINCFG_IE) && (ip & ie))
			abort();
	}
	for (u32 h = 0; h < config.harts; h++)
		if (vaplic_ext(p, h) != ext[h])
			abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct vaplic *p;
	struct act a;

	if (size < 4)
		return 0;
	config = (struct vaplic_config){.sources = 1 + data[0] * 4U,
					.harts = 1 + data[1] % FUZZ_HARTS,
					.geilen = data[2] & 63,
					.ops = &ops[data[3] % ARRAY_SIZE(ops)],
					.arg = ext};
	memset(ext, 0, sizeof(ext));
	if (vaplic_create(&config, &p))
		abort();
	for (u32 s = 1; s <= config.sources; s++)
		if (vaplic_connect(p, &line[s], s, VIRQ_LEVEL))
			abort();
	for (data += 4, size -= 4; size >= sizeof(a); data += sizeof(a), size -= sizeof(a)) {
		memcpy(&a, data, sizeof(a));
		do_act(p, &a);
		check(p);
	}
	vaplic_reset(p);
	check(p);
	vaplic_destroy(p);
	return 0;
}
