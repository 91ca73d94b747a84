# SPDX-License-Identifier: BSD-2-Clause
UNITS += vplic
vplic-srcs := guest/vplic.c guest/virq.c
vplic-tsan := 1
