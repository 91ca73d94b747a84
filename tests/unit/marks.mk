# SPDX-License-Identifier: BSD-2-Clause
UNITS += marks
marks-srcs := hyp/markdump.c entry/run.c entry/vtime.c rcu/rcu.c rcu/callback.c
