# SPDX-License-Identifier: BSD-2-Clause
UNITS += tree
tree-srcs := hyp/platform_index.c hyp/platform_tree.c
