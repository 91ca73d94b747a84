# SPDX-License-Identifier: BSD-2-Clause
UNITS += decode_csr
decode_csr-srcs := arch/riscv/decode_csr.c
