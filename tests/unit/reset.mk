# SPDX-License-Identifier: BSD-2-Clause
UNITS += reset
reset-srcs := sbi/fw.c
