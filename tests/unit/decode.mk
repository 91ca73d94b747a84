# SPDX-License-Identifier: BSD-2-Clause
UNITS += decode
decode-srcs := arch/riscv/decode.c build/gen/decode_table.c

build/gen/decode_table.c: tests/unit/decode_table.py
	@mkdir -p $(@D)
	$(if $(CROSS),CROSS_COMPILE=$(CROSS)) python3 $< $@
