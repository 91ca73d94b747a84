# SPDX-License-Identifier: BSD-2-Clause
UNITS += gtree_aia
gtree_aia-srcs := guest/gtree_aia.c guest/fdtw.c
