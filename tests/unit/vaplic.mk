# SPDX-License-Identifier: BSD-2-Clause
UNITS += vaplic
vaplic-srcs := guest/vaplic.c guest/virq.c
vaplic-tsan := 1
