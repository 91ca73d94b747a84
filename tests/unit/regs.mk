# SPDX-License-Identifier: BSD-2-Clause
UNITS += regs
regs-srcs := arch/riscv/regs.c
