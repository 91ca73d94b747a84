# SPDX-License-Identifier: BSD-2-Clause
UNITS += rcu_tree
rcu_tree-srcs :=
