/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/csrs.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/csr_table.h"
#include "lib/compiler.h"

#define NUMBER(how, guest, hart, ext, when, value) CSR_##guest,
static const u16 known[] = {CSR_TABLE(NUMBER)};

/* Custom ones begin behind these: 0x5c0, 0x800, 0x9c0 (privileged specification 20240411, table "Allocation
 * of RISC-V CSR address ranges"). csr_stubs.S has the same. */
static const struct {
	u16 first, end;
} ranges[] = {{0x000, 0x200}, {0x400, 0x5c0}, {0x900, 0x9c0}};

bool csr_is_known(unsigned int n)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == n)
			return true;
	return false;
}

unsigned int csr_find_unknown(bool (*there)(unsigned int n))
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++)
		for (unsigned int n = ranges[i].first; n < ranges[i].end; n++)
			if (!csr_is_known(n) && there(n))
				return n;
	return 0;
}
