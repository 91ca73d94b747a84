# SPDX-License-Identifier: BSD-2-Clause
UNITS += isa
isa-srcs := arch/riscv/isa.c arch/riscv/ext.c
