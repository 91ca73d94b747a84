# SPDX-License-Identifier: BSD-2-Clause
UNITS += rcu_callbacks
rcu_callbacks-srcs := rcu/rcu.c rcu/callback.c entry/run.c entry/vtime.c
rcu_callbacks-tsan := 1
