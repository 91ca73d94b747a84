/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walk of a guest's own page tables, for a hart whose htval says nothing. Pure: the guest's memory
 * comes through a function, and all of it is hostile.
 *
 * Spec: privileged architecture 20240411, "Virtual Address Translation Process"; Svnapot 1.0.
 */
#ifndef ARCH_RISCV_VSWALK_H
#define ARCH_RISCV_VSWALK_H

#include "lib/err.h"
#include "lib/types.h"

/* Reads one page-table entry. OK, or an error that the walk returns. */
struct vswalk_mem {
	enum err (*read)(void *arg, gpa_t at, u64 *pte);
	void *arg;
};

/*
 * Translates gva under vsatp. Permissions are not looked at: the hart has found the access allowed,
 * or it would have trapped to the guest.
 * Returns OK; ERR_FAULT when there is no valid mapping (the guest changed it meanwhile, or gva is
 * not canonical); ERR_INVAL
 * for a mode no specification has; or what mem->read() said.
 */
enum err vswalk(u64 vsatp, u64 gva, const struct vswalk_mem *mem, gpa_t *out);

#endif
