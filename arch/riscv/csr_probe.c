/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/csrs.h"

#define STUB 6 /* bytes */

extern const char csr_stubs_000[], csr_stubs_400[], csr_stubs_900[];
bool csr_stub_try(const char *stub);

bool csr_number_there(unsigned int n)
{
	if (n < 0x400)
		return csr_stub_try(csr_stubs_000 + (size_t)n * STUB);
	if (n < 0x900)
		return csr_stub_try(csr_stubs_400 + (size_t)(n - 0x400) * STUB);
	return csr_stub_try(csr_stubs_900 + (size_t)(n - 0x900) * STUB);
}
