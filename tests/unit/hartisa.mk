# SPDX-License-Identifier: BSD-2-Clause
UNITS += hartisa
hartisa-srcs := hyp/hartisa.c arch/riscv/isa.c arch/riscv/ext.c
