/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/image/fdtw.h"

#include <libfdt.h>
#include <string.h>

#include "lib/check.h"

#define RSVMAP_AT    ALIGN_UP(sizeof(struct fdt_header), 8)
#define STRUCT_AT    (RSVMAP_AT + sizeof(struct fdt_reserve_entry)) /* one that says: no more */
#define VERSION	     17
#define VERSION_COMP 16

/* Room of n bytes, a multiple of 4 with what is behind them zeroed; NULL: there is none. */
static void *take(struct fdtw *w, size_t n)
{
	size_t padded = ALIGN_UP(n, 4UL);
	u8 *at = w->buf + w->used;

	if (w->full || n > w->size || padded > w->size - w->used) {
		w->full = true;
		return NULL;
	}
	memset(at + n, 0, padded - n);
	w->used += padded;
	return at;
}

static void tag(struct fdtw *w, u32 value)
{
	fdt32_t *at = take(w, sizeof(*at));

	if (at)
		*at = cpu_to_fdt32(value);
}

void fdtw_start(struct fdtw *w, void *buf, size_t size)
{
	void *head;

	CHECK(IS_ALIGNED((uintptr_t)buf, 8));
	w->buf = buf;
	w->size = min_u64(size, UINT32_MAX);
	w->used = 0;
	w->full = false;
	w->names = w->text_used = 0;
	head = take(w, STRUCT_AT);
	if (head)
		memset(head, 0, STRUCT_AT);
}

void fdtw_begin_node(struct fdtw *w, const char *name)
{
	size_t n = strlen(name) + 1;
	void *at;

	tag(w, FDT_BEGIN_NODE);
	at = take(w, n);
	if (at)
		memcpy(at, name, n);
}

void fdtw_end_node(struct fdtw *w)
{
	tag(w, FDT_END_NODE);
}

static const struct fdtw_name *find(const struct fdtw *w, const char *name)
{
	for (u32 i = 0; i < w->names; i++)
		if (w->name[i].name == name)
			return &w->name[i];
	for (u32 i = 0; i < w->names; i++)
		if (!strcmp(w->name[i].name, name))
			return &w->name[i];
	return NULL;
}

/* Where the name is among all names. */
static u32 name_offset(struct fdtw *w, const char *name)
{
	const struct fdtw_name *known = find(w, name);
	size_t n = strlen(name) + 1;
	u32 off = w->text_used;

	if (known)
		return known->off;
	if (w->names == FDTW_NAMES || n > FDTW_TEXT - w->text_used) {
		w->full = true;
		return 0;
	}
	memcpy(w->text + off, name, n);
	w->text_used += (u32)n;
	w->name[w->names++] = (struct fdtw_name){name, off};
	return off;
}

void *fdtw_room(struct fdtw *w, const char *name, size_t size)
{
	u32 off = name_offset(w, name);

	tag(w, FDT_PROP);
	tag(w, (u32)size);
	tag(w, off);
	return take(w, size);
}

void fdtw_bytes(struct fdtw *w, const char *name, const void *value, size_t size)
{
	void *at = fdtw_room(w, name, size);

	if (at)
		memcpy(at, value, size);
}

void fdtw_u32(struct fdtw *w, const char *name, u32 value)
{
	fdt32_t v = cpu_to_fdt32(value);

	fdtw_bytes(w, name, &v, sizeof(v));
}

void fdtw_u64(struct fdtw *w, const char *name, u64 value)
{
	fdt64_t v = cpu_to_fdt64(value);

	fdtw_bytes(w, name, &v, sizeof(v));
}

enum err fdtw_finish(struct fdtw *w, size_t *used)
{
	struct fdt_header *h = (void *)w->buf;
	size_t text_at;
	void *text;

	tag(w, FDT_END);
	text_at = w->used;
	text = take(w, w->text_used);
	if (!text)
		return ERR_NOMEM;
	memcpy(text, w->text, w->text_used);
	fdt_set_magic(h, FDT_MAGIC);
	fdt_set_totalsize(h, (u32)w->used);
	fdt_set_off_dt_struct(h, (u32)STRUCT_AT);
	fdt_set_off_dt_strings(h, (u32)text_at);
	fdt_set_off_mem_rsvmap(h, (u32)RSVMAP_AT);
	fdt_set_version(h, VERSION);
	fdt_set_last_comp_version(h, VERSION_COMP);
	fdt_set_boot_cpuid_phys(h, 0);
	fdt_set_size_dt_strings(h, w->text_used);
	fdt_set_size_dt_struct(h, (u32)(text_at - STRUCT_AT));
	*used = w->used;
	return OK;
}
