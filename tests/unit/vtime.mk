# SPDX-License-Identifier: BSD-2-Clause
UNITS += vtime
vtime-srcs := entry/vtime.c
