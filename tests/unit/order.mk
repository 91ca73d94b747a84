# SPDX-License-Identifier: BSD-2-Clause
UNITS += order
order-srcs := entry/run.c entry/vtime.c rcu/rcu.c
order-tsan := 1
