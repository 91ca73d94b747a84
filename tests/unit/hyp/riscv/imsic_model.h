/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests that include hyp/riscv/vsfile.c: the harts of harts_model.h have IMSICs, whose files are set up
 * through their windows, and take messages at their pages. A store is on its way until its hart loads
 * from the same page, with a fence before and one behind, or until it arrives by itself. What a hart
 * writes through a window it finds there itself at once; others may not before it has made a fence, and
 * what they sent meanwhile is lost, if it was a plain write.
 */
#ifndef TESTS_UNIT_HYP_RISCV_IMSIC_MODEL_H
#define TESTS_UNIT_HYP_RISCV_IMSIC_MODEL_H

#include "arch/riscv/csr.h"
#include "lib/check.h"
#include "tests/unit/harts_model.h"

#define FILES	   64
#define IDENTITIES 255
#define HART_PAGES 8

struct file {
	u64 eidelivery, eithreshold;
	u64 eip[32], eie[32];
};

static struct {
	struct file file[FILES];
	u64 hgeie;
	u32 geilen, pages;
	u32 vgein; /* 0: the window is shut */
} model[MODEL_HARTS];

/* Writes through windows that have not been performed; in_flight() says at each whether it is to be one. */
#define LATE 128
static struct {
	u64 *reg, value;
} late[MODEL_HARTS][LATE];
static unsigned int lates[MODEL_HARTS];
static bool (*in_flight)(void);

static void perform(void)
{
	for (unsigned int i = 0; i < lates[now]; i++)
		*late[now][i].reg = late[now][i].value;
	lates[now] = 0;
}

/* Called whenever the window opens or closes: others do something meanwhile. */
static void (*meanwhile)(void);

static struct file *window(void)
{
	assert_in_range(model[now].vgein, 1, model[now].geilen);
	return &model[now].file[model[now].vgein];
}

static u64 *file_reg(unsigned int reg)
{
	struct file *f = window();

	if (reg == ISELECT_EIDELIVERY)
		return &f->eidelivery;
	if (reg == ISELECT_EITHRESHOLD)
		return &f->eithreshold;
	assert_int_equal(reg % 2, 0);
	assert_in_range(reg & 0x3f, 0, IDENTITIES / 32);
	if (reg >= ISELECT_EIE0)
		return &f->eie[(reg - ISELECT_EIE0) / 2];
	return &f->eip[(reg - ISELECT_EIP0) / 2];
}

/* Bit 0 is no identity. */
static u64 implemented(unsigned int reg, u64 v)
{
	return reg == ISELECT_EIE0 || reg == ISELECT_EIP0 ? v & ~1UL : v;
}

static bool file_has_something(const struct file *f)
{
	for (u32 id = 1; id <= IDENTITIES && f->eidelivery == 1; id++)
		if ((!f->eithreshold || id < f->eithreshold) &&
		    (f->eip[id / 64] & f->eie[id / 64]) >> (id % 64) & 1)
			return true;
	return false;
}

#define ARCH_RISCV_IMSIC_H
struct imsic_guest_window {
	int unused;
};

static struct imsic_guest_window imsic_guest_open(u32 n)
{
	if (meanwhile)
		meanwhile();
	assert_int_equal(model[now].vgein, 0);
	model[now].vgein = n;
	return (struct imsic_guest_window){0};
}

static void imsic_guest_close(const struct imsic_guest_window *w)
{
	(void)w;
	model[now].vgein = 0;
	if (meanwhile)
		meanwhile();
}

static u64 imsic_guest_read(unsigned int reg)
{
	perform();
	return *file_reg(reg);
}

static void imsic_guest_write(unsigned int reg, u64 v)
{
	if (in_flight && in_flight() && lates[now] < LATE) {
		late[now][lates[now]].reg = file_reg(reg);
		late[now][lates[now]++].value = implemented(reg, v);
		return;
	}
	perform();
	*file_reg(reg) = implemented(reg, v);
}

static inline void imsic_guest_set(unsigned int reg, u64 bits)
{
	perform();
	*file_reg(reg) |= implemented(reg, bits);
}

static u64 imsic_hgeie_write(u64 v)
{
	u64 all = (model[now].geilen == 63 ? ~0UL : BIT(model[now].geilen + 1) - 1) & ~1UL;

	return model[now].hgeie = v & all;
}

static void imsic_hgeie_set(u64 bits)
{
	imsic_hgeie_write(model[now].hgeie | bits);
}

static void imsic_hgeie_clear(u64 bits)
{
	imsic_hgeie_write(model[now].hgeie & ~bits);
}

static u64 imsic_hgei_pending(void)
{
	u64 hgeip = 0;

	perform();
	for (u32 n = 1; n <= model[now].geilen; n++)
		if (file_has_something(&model[now].file[n]))
			hgeip |= BIT(n);
	return hgeip & model[now].hgeie;
}

#define HYP_RISCV_IMSIC_H
static bool imsic_page(unsigned int hart, u32 n, hpa_t *hpa, volatile u32 **va)
{
	if (n >= model[hart].pages)
		return false;
	*hpa = HPA(0x28000000 + 4096UL * (HART_PAGES * hart + n));
	*va = (volatile u32 *)(DEVICES + hpa->a);
	return true;
}

static u32 imsic_guest_pages(unsigned int hart)
{
	return model[hart].pages ? model[hart].pages - 1 : 0;
}

static u32 imsic_guest_identities(void)
{
	return IDENTITIES;
}

static unsigned int reads;

/* Stores of a hart that have not arrived; in_flight() says at each store whether it is to be one. */
#define FLIGHTS 64
static struct flight {
	u64 page;
	u32 identity;
	bool fenced; /* a fence came after it */
	bool asked;  /* and then a load from the page */
} flight[MODEL_HARTS][FLIGHTS];
static unsigned int flights[MODEL_HARTS];

static void arrive(u64 page, u32 id)
{
	if (id && id <= IDENTITIES)
		model[page / HART_PAGES].file[page % HART_PAGES].eip[id / 64] |= BIT(id % 64);
}

/* What this hart sent to a page arrives; ~0: to any. */
static void land(u64 page)
{
	unsigned int kept = 0;

	if (page == ~0UL)
		perform();
	for (unsigned int i = 0; i < flights[now]; i++) {
		struct flight f = flight[now][i];

		if (page == ~0UL || f.page == page)
			arrive(f.page, f.identity);
		else
			flight[now][kept++] = f;
	}
	flights[now] = kept;
}

static u64 page_number(const volatile void *p)
{
	assert_int_equal((uintptr_t)p % 4096, 0);
	return ((uintptr_t)p - DEVICES - 0x28000000) / 4096;
}

#define HYP_MACHINE_MMIO_H
static void mmio_write32(volatile void *p, u32 v)
{
	u64 page = page_number(p);

	land(page); /* stores to one address stay in order */
	if (in_flight && in_flight() && flights[now] < FLIGHTS)
		flight[now][flights[now]++] = (struct flight){page, v, false, false};
	else
		arrive(page, v);
}

static u32 mmio_read32(const volatile void *p)
{
	u64 page = page_number(p);

	for (unsigned int i = 0; i < flights[now]; i++)
		if (flight[now][i].page == page && flight[now][i].fenced)
			flight[now][i].asked = true;
	reads++;
	return 0;
}

static void mmio_mb(void)
{
	perform();
	for (unsigned int i = 0; i < flights[now]; i++) {
		struct flight f = flight[now][i];

		if (f.asked) {
			land(f.page);
			i = ~0U;
			continue;
		}
		flight[now][i].fenced = true;
	}
}

#define HYP_MEM_KMEM_H
#define kmem_alloc room_of_hart
static void *room_of_hart(size_t size)
{
	static u64 room[MODEL_HARTS][FILES * 2];

	assert_true(size <= sizeof(room[now]));
	return memset(room[now], 0, sizeof(room[now]));
}

#endif
