# SPDX-License-Identifier: BSD-2-Clause
UNITS += fw
fw-srcs := sbi/fw.c
