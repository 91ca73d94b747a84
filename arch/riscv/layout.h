/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limen's virtual address space. It fits Sv39 and is the same in wider modes, where only the
 * direct map moves down to make room for more RAM.
 *
 *   -2 GiB   the image, linked here, 4 KiB pages with W^X
 *   -3 GiB   boot's window on the device tree, gone with the final tables; then devices
 *   -4 GiB   thread stacks, each in a slot whose lower half is never mapped
 *   below    the direct map of RAM, from layout_direct_map()
 */
#ifndef ARCH_RISCV_LAYOUT_H
#define ARCH_RISCV_LAYOUT_H

#define LINK_BASE   0xffffffff80000000
#define IO_BASE	    0xffffffff40000000
#define IO_SIZE	    0x40000000
#define STACKS_BASE 0xffffffff00000000
#define STACKS_SIZE 0x40000000
#define DIRECT_SV39 0xffffffc000000000
#define DIRECT_SV48 0xffff800000000000
#define DIRECT_SV57 0xff00000000000000
#define DIRECT_END  0xffffffff00000000

#endif
