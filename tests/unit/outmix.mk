# SPDX-License-Identifier: BSD-2-Clause
UNITS += outmix
outmix-srcs := hyp/outmix.c hyp/outring.c
outmix-tsan := 1
