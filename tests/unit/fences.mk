# SPDX-License-Identifier: BSD-2-Clause
UNITS += fences
fences-srcs := arch/riscv/vmid.c
