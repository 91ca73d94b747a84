/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every part of the hypervisor may ask of its own address space, once it is built. All harts share
 * it; the architecture has it, in its hostmap.c.
 */
#ifndef HYP_MEM_HOSTMAP_H
#define HYP_MEM_HOSTMAP_H

#include "lib/err.h"
#include "lib/types.h"

/* Where nothing but thread stacks are: its lowest address, aligned to two stacks, and its size. */
extern const uintptr_t hostmap_stacks, hostmap_stacks_size;

/* Maps size bytes of device registers at hpa; NULL when there is no room or memory. The mapping
 * stays. Any context; harts that are up see it. */
volatile void *hostmap_io(hpa_t hpa, u64 size);

/* Maps one page of RAM at va, read and write. va was never mapped before. */
enum err hostmap_page(uintptr_t va, hpa_t hpa);

#endif
