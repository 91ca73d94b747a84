# SPDX-License-Identifier: BSD-2-Clause
UNITS += fdtw
fdtw-srcs := guest/fdtw.c
