# SPDX-License-Identifier: BSD-2-Clause
UNITS += rcu
rcu-srcs := rcu/rcu.c rcu/callback.c entry/run.c entry/vtime.c entry/idle.c
rcu-tsan := 1
