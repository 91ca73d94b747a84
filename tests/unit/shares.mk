# SPDX-License-Identifier: BSD-2-Clause
UNITS += shares
shares-srcs := hyp/sched.c
