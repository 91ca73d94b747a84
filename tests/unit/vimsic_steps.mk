# SPDX-License-Identifier: BSD-2-Clause
UNITS += vimsic_steps
vimsic_steps-srcs := arch/riscv/decode_csr.c
