# SPDX-License-Identifier: BSD-2-Clause
# The source is part of the test.
UNITS += hpm
