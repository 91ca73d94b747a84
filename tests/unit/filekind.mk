# SPDX-License-Identifier: BSD-2-Clause
UNITS += filekind
filekind-srcs := guest/filekind.c
