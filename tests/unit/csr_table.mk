# SPDX-License-Identifier: BSD-2-Clause
UNITS += csr_table
csr_table-srcs := arch/riscv/ext.c arch/riscv/isa.c arch/riscv/regs.c arch/riscv/csrs.c
