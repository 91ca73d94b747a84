# SPDX-License-Identifier: BSD-2-Clause
UNITS += page
page-srcs := hyp/page.c
page-tsan := 1
