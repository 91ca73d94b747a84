# SPDX-License-Identifier: BSD-2-Clause
UNITS += vimsic
vimsic-srcs := guest/vimsic.c arch/riscv/decode_csr.c
vimsic-tsan := 1
