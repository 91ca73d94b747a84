# SPDX-License-Identifier: BSD-2-Clause
UNITS += vswalk
vswalk-srcs := arch/riscv/vswalk.c
