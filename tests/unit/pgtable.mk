# SPDX-License-Identifier: BSD-2-Clause
UNITS += pgtable
pgtable-srcs := arch/riscv/pgtable.c arch/riscv/pt.c
