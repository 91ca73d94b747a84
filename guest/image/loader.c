/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans of where a guest's kernel, device tree and initrd go. See loader.h for the formats.
 *
 * Headers are copied out of the image before they are looked at (they may stand at any address),
 * and both machines this runs on are little-endian, as the formats are.
 */
#include "guest/image/loader.h"

#include <string.h>

#include "guest/image/filekind.h"
#include "image_arch.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the formats are little-endian");

/* boot-image-header */
struct linux_header {
	u32 code0, code1;
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u32 version;
	u32 res1;
	u64 res2;
	u64 magic;
	u32 magic2;
	u32 res3;
};
_Static_assert(sizeof(struct linux_header) == 64, "boot-image-header");

#define LINUX_MAGIC2	 0x05435352U /* "RSC\x05" */
#define LINUX_FLAG_BE	 BIT(0)
#define LINUX_TEXT_ALIGN MIB(2)

/* System V gABI, chapters 4 and 5 */
struct elf64_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf64_header) == 64, "Elf64_Ehdr");

struct elf64_segment {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct elf64_segment) == 56, "Elf64_Phdr");

#define ELF_CLASS64 2
#define ELF_LSB	    1
#define ELF_EXEC    2
#define ELF_DYN	    3
#define ELF_PT_LOAD 1

/* The image under work. */
struct work {
	const u8 *image;
	u64 size;
	const struct loader_env *env;
	struct loader_plan *plan;
	struct errline *e;
};

/* In KiB, rounded up, for any number of bytes. */
static u64 kib_up(u64 bytes)
{
	return (bytes >> 10) + ((bytes & 1023) != 0);
}

/* Is [at, at + size) within the RAM? */
static bool in_ram(const struct loader_env *env, u64 at, u64 size)
{
	u64 base = env->ram_base.a;

	return at >= base && at - base <= env->ram_size && size <= env->ram_size - (at - base);
}

/* Ranges here are within the RAM, so their ends do not wrap. */
static bool overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* The segment that [at, at + size) would run into, or NULL. */
static const struct loader_seg *seg_at(const struct loader_plan *p, u64 at, u64 size)
{
	unsigned int i;

	for (i = 0; i < p->segs; i++) {
		if (overlap(at, size, p->seg[i].dest.a, p->seg[i].memsz))
			return &p->seg[i];
	}
	return NULL;
}

static enum err add_seg(struct work *w, const struct loader_seg *s)
{
	struct loader_plan *p = w->plan;

	if (!in_ram(w->env, s->dest.a, s->memsz)) {
		if (p->kind != LOADER_ELF || in_ram(w->env, s->dest.a, 1))
			return errline_set(w->e, ERR_NOMEM,
					   "needs %lu KiB at 0x%lx, but the RAM of %lu KiB ends "
					   "before that",
					   kib_up(s->memsz), s->dest.a, w->env->ram_size >> 10);
		return errline_set(w->e, ERR_RANGE,
				   "wants to be at 0x%lx, but the RAM is %lu KiB at 0x%lx",
				   s->dest.a, w->env->ram_size >> 10, w->env->ram_base.a);
	}
	if (p->segs == LOADER_SEGS_MAX)
		return errline_set(w->e, ERR_NOTSUP, "more than %d segments to load",
				   LOADER_SEGS_MAX);
	if (seg_at(p, s->dest.a, s->memsz))
		return errline_set(w->e, ERR_FORMAT, "two segments overlap at 0x%lx", s->dest.a);
	p->seg[p->segs++] = *s;
	return OK;
}

/* Linux Image */

static bool is_linux(const struct work *w, struct linux_header *h)
{
	if (w->size < sizeof(*h))
		return false;
	memcpy(h, w->image, sizeof(*h));
	return h->magic2 == LINUX_MAGIC2;
}

static enum err plan_linux(struct work *w, const struct linux_header *h)
{
	u64 offset =
		IS_ALIGNED(h->text_offset, LINUX_TEXT_ALIGN) ? h->text_offset : LINUX_TEXT_ALIGN;
	struct loader_seg s = {
		.dest = GPA(w->env->ram_base.a + offset),
		.filesz = w->size,
		.memsz = max_u64(h->image_size, w->size),
	};

	w->plan->kind = LOADER_LINUX;
	if (h->flags & LINUX_FLAG_BE)
		return errline_set(w->e, ERR_NOTSUP, "a big-endian Linux Image");
	if (offset > w->env->ram_size)
		return errline_set(w->e, ERR_NOMEM,
				   "text_offset 0x%lx is beyond the RAM of %lu KiB", offset,
				   w->env->ram_size >> 10);
	w->plan->entry = s.dest;
	return add_seg(w, &s);
}

/* ELF */

static bool is_elf(const struct work *w)
{
	return w->size >= 4 && !memcmp(w->image,
				       "\x7f"
				       "ELF",
				       4);
}

static enum err check_elf(struct work *w, struct elf64_header *h)
{
	if (w->size < sizeof(*h))
		return errline_set(w->e, ERR_FORMAT, "an ELF file of %lu bytes: cut off", w->size);
	memcpy(h, w->image, sizeof(*h));
	if (h->ident[4] != ELF_CLASS64 || h->ident[5] != ELF_LSB || h->machine != IMAGE_ELF_MACHINE)
		return errline_set(w->e, ERR_NOTSUP,
				   "an ELF file of class %u, data %u, machine %u; give 64-bit "
				   "little-endian " IMAGE_ARCH " (2, 1, %u)",
				   h->ident[4], h->ident[5], h->machine, IMAGE_ELF_MACHINE);
	if (h->type != ELF_EXEC && h->type != ELF_DYN)
		return errline_set(w->e, ERR_NOTSUP, "an ELF file of type %u; give an executable",
				   h->type);
	if (h->phentsize != sizeof(struct elf64_segment))
		return errline_set(w->e, ERR_FORMAT, "an ELF file with e_phentsize %u",
				   h->phentsize);
	if (h->phoff > w->size || h->phnum * sizeof(struct elf64_segment) > w->size - h->phoff)
		return errline_set(w->e, ERR_FORMAT,
				   "an ELF file whose program headers are not in it: cut off?");
	return OK;
}

static void elf_segment(const struct work *w, const struct elf64_header *h, unsigned int i,
			struct elf64_segment *s)
{
	memcpy(s, w->image + h->phoff + i * sizeof(*s), sizeof(*s));
}

/* Is this a segment that takes place in RAM? */
static bool elf_loads(const struct elf64_segment *s)
{
	return s->type == ELF_PT_LOAD && s->memsz > 0;
}

static enum err add_elf_segment(struct work *w, unsigned int i, const struct elf64_segment *s)
{
	struct loader_seg seg = {
		.src = s->offset,
		.dest = GPA(s->paddr),
		.filesz = s->filesz,
		.memsz = s->memsz,
	};

	if (s->filesz > s->memsz)
		return errline_set(w->e, ERR_FORMAT, "ELF segment %u: p_filesz > p_memsz", i);
	if (s->offset > w->size || s->filesz > w->size - s->offset)
		return errline_set(w->e, ERR_FORMAT,
				   "ELF segment %u: its bytes are not in the file: cut off?", i);
	return add_seg(w, &seg);
}

/* Where e_entry is once loaded: in the bytes of a segment, by its virtual addresses or, in a file
 * that has it so, by its physical ones. */
static bool elf_entry(const struct work *w, const struct elf64_header *h, bool by_virtual,
		      gpa_t *entry)
{
	struct elf64_segment s;
	unsigned int i;

	for (i = 0; i < h->phnum; i++) {
		u64 offset;

		elf_segment(w, h, i, &s);
		if (!elf_loads(&s))
			continue;
		offset = h->entry - (by_virtual ? s.vaddr : s.paddr); /* modulo 2^64 */
		if (offset < s.filesz) {
			*entry = GPA(s.paddr + offset);
			return true;
		}
	}
	return false;
}

static enum err plan_elf(struct work *w)
{
	struct elf64_header h = {0};
	struct elf64_segment s;
	unsigned int i;
	enum err err = check_elf(w, &h);

	w->plan->kind = LOADER_ELF;
	for (i = 0; !err && i < h.phnum; i++) {
		elf_segment(w, &h, i, &s);
		if (elf_loads(&s))
			err = add_elf_segment(w, i, &s);
	}
	if (err)
		return err;
	if (w->plan->segs == 0)
		return errline_set(w->e, ERR_FORMAT, "an ELF file with nothing to load");
	if (!elf_entry(w, &h, true, &w->plan->entry) && !elf_entry(w, &h, false, &w->plan->entry))
		return errline_set(w->e, ERR_FORMAT, "ELF entry 0x%lx is in no loaded segment",
				   h.entry);
	return OK;
}

/* Raw binary */

/* What a person may give by mistake: limen unpacks nothing. */
static enum err check_kind(struct work *w)
{
	const struct filekind *kind = filekind_of(w->image, w->size);

	return kind ? errline_set(w->e, ERR_NOTSUP, "%s; %s", kind->what, kind->give) : OK;
}

static enum err plan_raw(struct work *w)
{
	struct loader_seg s = {
		.dest = GPA(w->env->ram_base.a + LOADER_RAW_OFFSET),
		.filesz = w->size,
		.memsz = w->size,
	};
	enum err err = check_kind(w);

	w->plan->kind = LOADER_RAW;
	w->plan->entry = s.dest;
	return err ? err : add_seg(w, &s);
}

/* What goes above the kernel */

/* The highest place below top that is free of segments. */
static bool place_high(const struct work *w, u64 top, u64 size, u64 *at)
{
	u64 base = w->env->ram_base.a;

	for (;;) {
		const struct loader_seg *s;

		if (size > top - base)
			return false;
		*at = ALIGN_DOWN(top - size, LOADER_PAGE); /* the base is aligned, too */
		s = seg_at(w->plan, *at, size);
		if (!s)
			return true;
		top = s->dest.a; /* below the old top, so this ends */
	}
}

static enum err place_rest(struct work *w)
{
	const struct loader_env *env = w->env;
	struct loader_plan *p = w->plan;

	if (!place_high(w, env->ram_base.a + env->ram_size, env->dtb_room, &p->dtb.a))
		return errline_set(w->e, ERR_NOMEM,
				   "leaves no %lu KiB for the device tree in %lu KiB of RAM",
				   env->dtb_room >> 10, env->ram_size >> 10);
	p->dtb_room = env->dtb_room;
	p->initrd_size = env->initrd_size;
	if (env->initrd_size > env->ram_size ||
	    !place_high(w, p->dtb.a, ALIGN_UP(env->initrd_size, LOADER_PAGE), &p->initrd.a))
		return errline_set(w->e, ERR_NOMEM,
				   "leaves no %lu KiB for the initrd in %lu KiB of RAM",
				   kib_up(env->initrd_size), env->ram_size >> 10);
	return OK;
}

enum err loader_plan(const void *image, size_t size, const struct loader_env *env,
		     struct loader_plan *plan, struct errline *e)
{
	struct work w = {image, size, env, plan, e};
	struct linux_header h;
	enum err err;

	memset(plan, 0, sizeof(*plan));
	if (size == 0)
		return errline_set(e, ERR_FORMAT, "empty");
	if (is_elf(&w))
		err = plan_elf(&w);
	else if (is_linux(&w, &h))
		err = plan_linux(&w, &h);
	else
		err = plan_raw(&w);
	return err ? err : place_rest(&w);
}

const char *loader_kind_name(enum loader_kind kind)
{
	static const char *const names[] = {"Linux Image", "ELF", "raw binary"};

	return names[kind];
}
