# SPDX-License-Identifier: BSD-2-Clause
UNITS += virq
virq-srcs := guest/virq.c
