/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limen's virtual address space at EL2, of 39 bits: everything is where it is in physical memory, but for
 * thread stacks, each in a slot whose lower half is never mapped.
 */
#ifndef ARCH_ARM64_LAYOUT_H
#define ARCH_ARM64_LAYOUT_H

#define STACKS_BASE 0x7fc0000000
#define STACKS_SIZE 0x40000000
#define DIRECT_END  STACKS_BASE /* RAM and devices are below */

#endif
