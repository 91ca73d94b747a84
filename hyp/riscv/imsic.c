/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts' interrupt files of supervisor level. Each hart drives its own file through CSRs; others
 * reach it by a store to its page.
 *
 * All identities that limen may ever use are enabled in every file for good. So a line can be sent to
 * another hart from anywhere, and what is still on its way to the old one is taken there.
 *
 * Spec: The RISC-V Advanced Interrupt Architecture 1.0, chapter 3; binding riscv,imsics.yaml.
 */
#include "hyp/riscv/imsic.h"

#include "arch/riscv/hart.h"
#include "arch/riscv/imsic.h"
#include "hyp/irq/hostirq_chip.h"
#include "hyp/machine/mmio.h"
#include "hyp/mem/hostmap.h"

#define IDENTITIES_USED (~1UL) /* 1 to 63, which every file has */

_Static_assert(HOSTIRQ_FIRST + HOSTIRQ_LINES <= 64, "a file need not have more identities");

static struct {
	const struct platform *p;
	const struct platform_aia *a; /* NULL: none */
	volatile u8 *va[PLATFORM_AIA_REGS_MAX];
} imsic;

/* The file is set up, and is where kicks come in. */
DECLARE_PER_HART(bool, imsic_ready);
DEFINE_PER_HART(bool, imsic_ready);

/* Where limen sees the byte at hpa, which is in one of the ranges. */
static volatile void *va_of(hpa_t hpa)
{
	for (u32 i = 0; i < imsic.a->regs; i++) {
		const struct platform_range *r = &imsic.a->reg[i];

		if (hpa.a >= r->base.a && hpa.a - r->base.a < r->size)
			return imsic.va[i] + (hpa.a - r->base.a);
	}
	return NULL;
}

/* The first page of a hart's files, and how many there are. */
static hpa_t files(unsigned int hart, u32 *pages)
{
	int i = imsic.a ? platform_aia_target(imsic.p, imsic.a, arch_hart_id(hart)) : -1;

	*pages = 0;
	return i < 0 ? HPA(0) : platform_imsic_files(imsic.a, (u32)i, pages);
}

bool imsic_page(unsigned int hart, u32 n, hpa_t *hpa, volatile u32 **va)
{
	u32 pages;
	hpa_t first = files(hart, &pages);

	if (n >= pages)
		return false;
	*hpa = HPA(first.a + (u64)n * PLATFORM_PAGE);
	*va = va_of(*hpa);
	return true;
}

bool imsic_hart_index(unsigned int hart, u32 *index)
{
	u32 pages;
	hpa_t first = files(hart, &pages);

	if (pages == 0)
		return false;
	*index = platform_imsic_hart_index(imsic.a, first);
	return true;
}

u32 imsic_guest_pages(unsigned int hart)
{
	u32 pages;

	(void)files(hart, &pages);
	return pages ? pages - 1 : 0;
}

u32 imsic_guest_identities(void)
{
	return imsic.a ? imsic.a->guest_num : 0;
}

bool imsic_is(u32 phandle)
{
	return imsic.a && imsic.a->phandle == phandle;
}

/* All harts' pages, guests' files included: before the other harts run nobody has to be told. */
static enum err map_files(void)
{
	u64 left = (u64)imsic.a->targets * PLATFORM_PAGE << imsic.a->guest_bits;

	for (u32 i = 0; i < imsic.a->regs && left; i++) {
		u64 size = min_u64(imsic.a->reg[i].size, left);

		imsic.va[i] = hostmap_io(imsic.a->reg[i].base, size);
		if (!imsic.va[i])
			return ERR_NOMEM;
		left -= size;
	}
	return OK;
}

enum err imsic_init(const struct platform *p)
{
	u32 pages;
	enum err e;

	imsic.p = p;
	imsic.a = platform_imsic(p);
	(void)files(arch_hart_index(), &pages);
	e = pages ? map_files() : ERR_NOENT;
	if (e)
		imsic.a = NULL;
	return e;
}

/* Nothing pending that was sent to somebody before limen. Unordered sireg: imsic_hart_init() orders it. */
static void empty_file(void)
{
	imsic_write(ISELECT_EIDELIVERY, 0);
	for (u32 i = 0; i <= imsic.a->num / 64; i++) {
		imsic_write(ISELECT_EIE0 + 2 * i, 0);
		imsic_write(ISELECT_EIP0 + 2 * i, 0);
	}
	imsic_write(ISELECT_EITHRESHOLD, 0);
}

void imsic_hart_init(void)
{
	volatile u32 *reg;
	hpa_t hpa;

	if (!imsic_page(arch_hart_index(), 0, &hpa, &reg) || !imsic_csrs_there())
		return;
	empty_file();
	imsic_write(ISELECT_EIE0, IDENTITIES_USED);
	imsic_write(ISELECT_EIDELIVERY, 1);
	/* Order: the file is empty and takes messages, in sireg, before others are told where it is.
	 * Pairs with: arch_kick() [A5] */
	mmio_mb();
	this_hart(imsic_ready) = true;
	hart_set_kick(arch_hart_index(), reg, HOSTIRQ_KICK);
}

bool imsic_here(void)
{
	return this_hart(imsic_ready);
}

u32 imsic_take(bool *kick)
{
	u32 n, identity;

	*kick = false;
	for (n = 0; this_hart(imsic_ready) && n < HOSTIRQ_AT_ONCE; n++) {
		/* Order: the claim, by stopei, before the device is read, or what a kick is about, by the fence
		 * in run() and that in hart_kicked(). Pairs with: the trap itself [F5] */
		identity = imsic_claim();
		if (!identity)
			break;
		*kick = identity == HOSTIRQ_KICK;
		if (*kick)
			return n + 1;
		(void)hostirq_run_identity(identity);
	}
	return n;
}
