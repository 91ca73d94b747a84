/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: a guest and devices that do anything to a PLIC. The first two bytes are its size,
 * then each eight are one access or one line.
 * Sources: guest/riscv/vplic.c guest/dev/virq.c, lib/ and arch/host/.
 */
#include <stdlib.h>
#include <string.h>

#include "guest/riscv/vplic.h"
#include "hyp/mem/kmem.h"

#define CTX_MAX 70

static bool ext[CTX_MAX];
static struct virq_line line[VPLIC_SOURCES_MAX + 1];

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

void *kmem_alloc(size_t size)
{
	return calloc(1, size);
}

void kmem_free(void *p)
{
	free(p);
}

static void on_ext(void *arg, u32 ctx, bool level)
{
	if (arg != ext || ctx >= CTX_MAX || ext[ctx] == level)
		abort();
	ext[ctx] = level;
}

static const struct vplic_ops ops = {.set_ext = on_ext};

struct act {
	u32 val;
	u16 off; /* folded over the registers that there are */
	u8 what, width;
};

/* Register blocks are far apart: the top bits of off say which, the rest where in it. */
static u64 offset(u16 off)
{
	static const u64 block[] = {0, VPLIC_PENDING, VPLIC_ENABLE, VPLIC_CONTEXT};
	u64 at = off & 0x3fff;

	if (off >> 14 == 3) /* a context's page and its first words */
		return VPLIC_CONTEXT + (at >> 4) * VPLIC_CONTEXT_STRIDE + (at & 0xf);
	return block[off >> 14] + at;
}

static void do_act(struct vplic *p, u32 ndev, const struct act *s)
{
	struct virq_line *l = &line[1 + s->off % ndev];
	u64 val = s->val;

	switch (s->what % 6) {
	case 0: virq_set(l, true); break;
	case 1: virq_set(l, false); break;
	case 2: virq_pulse(l); break;
	case 3: vplic_mmio_ops.read(p, offset(s->off), s->width & 15, &val); break;
	case 4: vplic_write(p, offset(s->off), s->val); break;
	default: (void)vplic_read(p, (u64)s->val << (s->width & 31)); break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct vplic *p;
	struct act s;
	u32 ndev, nctx;

	if (size < 2)
		return 0;
	ndev = 1 + data[0] * 4;
	nctx = 1 + data[1] % CTX_MAX;
	memset(ext, 0, sizeof(ext));
	if (vplic_create(ndev, nctx, &ops, ext, &p))
		abort();
	for (u32 i = 1; i <= ndev; i++)
		if (vplic_connect(p, &line[i], i, i & 1 ? VIRQ_EDGE : VIRQ_LEVEL))
			abort();
	for (data += 2, size -= 2; size >= sizeof(s); data += sizeof(s), size -= sizeof(s)) {
		memcpy(&s, data, sizeof(s));
		do_act(p, ndev, &s);
	}
	vplic_reset(p, NULL);
	vplic_destroy(p);
	return 0;
}
