# SPDX-License-Identifier: BSD-2-Clause
UNITS += gstage
gstage-srcs := arch/riscv/gstage.c arch/riscv/pt.c
