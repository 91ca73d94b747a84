# SPDX-License-Identifier: BSD-2-Clause
UNITS += vcpu_vsfile
vcpu_vsfile-srcs := guest/vimsic.c arch/riscv/decode_csr.c
