# SPDX-License-Identifier: BSD-2-Clause
UNITS += bill
bill-srcs := hyp/thread.c hyp/runqueue.c hyp/sched.c hyp/bill.c hyp/waitq.c hyp/timer.c entry/run.c entry/vtime.c entry/idle.c rcu/rcu.c rcu/callback.c
