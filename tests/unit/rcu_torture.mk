# SPDX-License-Identifier: BSD-2-Clause
UNITS += rcu_torture
rcu_torture-srcs := rcu/rcu.c rcu/callback.c entry/run.c entry/vtime.c
rcu_torture-tsan := 1
