# SPDX-License-Identifier: BSD-2-Clause
UNITS += sched
sched-srcs := hyp/sched.c
