# SPDX-License-Identifier: BSD-2-Clause
UNITS += vclock
vclock-srcs := guest/vclock.c
