# SPDX-License-Identifier: BSD-2-Clause
UNITS += backtrace
backtrace-srcs := arch/riscv/backtrace.c
