/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table tests/unit/arch/riscv/decode_table.py writes: what the assembler and objdump say instructions are.
 */
#ifndef TESTS_UNIT_ARCH_RISCV_DECODE_TABLE_H
#define TESTS_UNIT_ARCH_RISCV_DECODE_TABLE_H

#include "arch/riscv/decode.h"

struct decode_case {
	const char *text;
	u32 insn;
	u32 htinst; /* its transformed form */
	struct mmio_insn want;
};

struct decode_refused {
	const char *text;
	u32 insn;
};

/* A meaning in one number: 0 for what is no integer load or store. */
#define DECODE_IS    0x8000
#define DECODE_STORE 0x4000
#define DECODE_SIGN  0x2000
#define DECODE_WIDTH 8 /* shift, four bits */
#define DECODE_REG   0 /* shift, five bits */

struct decode_word {
	u32 insn;
	u16 want;
};

extern const bool decode_zcb_by_hand; /* the assembler does not know Zcb */
extern const struct decode_case decode_asm[];
extern const size_t decode_asm_count;
extern const struct decode_refused decode_refused[];
extern const size_t decode_refused_count;
extern const u16 decode_half[65536]; /* of each 16-bit word that is an instruction */
extern const struct decode_word decode_word[];
extern const size_t decode_word_count;

#endif
