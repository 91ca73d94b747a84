# SPDX-License-Identifier: BSD-2-Clause
UNITS += platform
platform-srcs := hyp/platform.c hyp/platform_tree.c hyp/platform_index.c hyp/platform_mem.c \
	hyp/platform_harts.c hyp/platform_irq.c hyp/platform_dev.c
