# SPDX-License-Identifier: BSD-2-Clause
UNITS += vuart
vuart-srcs := guest/vuart.c guest/virq.c
