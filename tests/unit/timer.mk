# SPDX-License-Identifier: BSD-2-Clause
UNITS += timer
timer-srcs := hyp/timer.c
