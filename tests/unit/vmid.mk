# SPDX-License-Identifier: BSD-2-Clause
UNITS += vmid
vmid-srcs := arch/riscv/vmid.c
vmid-tsan := 1
