# SPDX-License-Identifier: BSD-2-Clause
UNITS += context
context-srcs := entry/run.c entry/vtime.c entry/idle.c rcu/rcu.c
