/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernels of RISC-V are known by: for guest/image. Linux's Documentation/arch/riscv/boot-image-header,
 * version 0.x; RISC-V psABI 1.0, "ELF Object Files".
 */
#ifndef GUEST_RISCV_IMAGE_ARCH_H
#define GUEST_RISCV_IMAGE_ARCH_H

#define IMAGE_ARCH	  "RISC-V"
#define IMAGE_ELF_MACHINE 243

#endif
