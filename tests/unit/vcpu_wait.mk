# SPDX-License-Identifier: BSD-2-Clause
UNITS += vcpu_wait
vcpu_wait-srcs := entry/run.c entry/vtime.c hyp/sched.c rcu/rcu.c
