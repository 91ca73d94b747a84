# SPDX-License-Identifier: BSD-2-Clause
UNITS += bootargs
bootargs-srcs := hyp/bootargs.c arch/riscv/isa.c arch/riscv/ext.c
