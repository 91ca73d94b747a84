# SPDX-License-Identifier: BSD-2-Clause
UNITS += features
features-srcs := arch/riscv/ext.c arch/riscv/gstage.c arch/riscv/isa.c arch/riscv/pt.c lib/log.c
