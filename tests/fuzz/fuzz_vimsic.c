/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: a guest that executes any CSR instruction on an interrupt file, and MSIs with any data.
 * The first byte is its size, then each sixteen are one act.
 * Sources: guest/riscv/vimsic.c arch/riscv/decode_csr.c.
 */
#include <stdlib.h>
#include <string.h>

#include "guest/riscv/vimsic.h"
#include "hyp/mem/kmem.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

void *kmem_alloc(size_t size)
{
	return calloc(1, size);
}

void kmem_free(void *p)
{
	free(p);
}

static bool notified;

static void on_notify(void *arg)
{
	if (arg != &notified)
		abort();
	notified = true;
}

static const struct vimsic_ops ops = {.notify = on_notify};

struct act {
	u64 val;
	u32 insn;
	u16 off;
	u8 what, width;
};

/* The three CSRs of a file come more often than the rest. */
static u32 likely_insn(u32 insn)
{
	static const u32 csr[] = {0x150, 0x151, 0x151, 0x15c};

	return (insn & 0x000fffff & ~0x7fU) | 0x73 | csr[insn >> 30] << 20;
}

static void do_insn(struct vimsic *f, u32 insn, u64 operand)
{
	struct csr_insn i;
	u64 old = 0;

	if (decode_csr(insn, &i))
		return;
	if (vimsic_csr(f, &i, operand, &old) &&
	    (i.csr == VIMSIC_CSR_SISELECT || i.csr == VIMSIC_CSR_STOPEI))
		abort();
}

/* A sender is told of each rise but by the owner's own hand. */
static void do_msi(struct vimsic *f, const struct act *a)
{
	bool was = vimsic_ext(f);
	u64 val = a->val;

	notified = false;
	if (a->what & 0x80)
		vimsic_msi(f, (u32)val);
	else
		(void)vimsic_mmio_ops.write(f, a->off & 0xfff, a->width & 15, &val);
	if (!was && vimsic_ext(f) && !notified)
		abort();
}

static void do_act(struct vimsic *f, const struct act *a)
{
	struct vsfile_state s;

	switch (a->what % 6) {
	case 0:
	case 1: do_msi(f, a); break;
	case 2: do_insn(f, a->insn, a->val); break;
	case 3: vimsic_set_select(f, a->off); break;
	case 4: do_insn(f, likely_insn(a->insn), a->val); break;
	default:
		vimsic_export(f, &s);
		if ((s.eip[0] | s.eie[0]) & 1 || s.eidelivery > 1 || s.eithreshold > VIMSIC_IDS_MAX)
			abort();
		s.eip[a->off % VSFILE_WORDS] = a->val;
		s.eie[a->insn % VSFILE_WORDS] = a->val;
		vimsic_import(f, &s);
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct vimsic *f;
	struct act a;

	if (size < 1)
		return 0;
	if (vimsic_create((data[0] % 32 + 1) * 64U - 1, &ops, &notified, &f))
		abort();
	for (data++, size--; size >= sizeof(a); data += sizeof(a), size -= sizeof(a)) {
		memcpy(&a, data, sizeof(a));
		do_act(f, &a);
	}
	vimsic_reset(f);
	if (vimsic_ext(f))
		abort();
	vimsic_destroy(f);
	return 0;
}
