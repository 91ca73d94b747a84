/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CSRs that a guest could reach and that the table of CSRs does not have. State enables hide what limen does
 * not know; without them such a CSR would carry words from one VM to the next.
 */
#ifndef ARCH_RISCV_CSRS_H
#define ARCH_RISCV_CSRS_H

#include "lib/types.h"

/* Has the table a row for CSR n, as a guest knows it? Any context. */
bool csr_is_known(unsigned int n);

/*
 * The first CSR without a row, of those of U-mode and S-mode that may be written and are no vendor's, of which
 * there(n) says that it can be read; 0: none (fflags is known). Pure.
 */
unsigned int csr_find_unknown(bool (*there)(unsigned int n));

/* Can this hart read CSR n, one of those? Once traps are set up. */
bool csr_number_there(unsigned int n);

#endif
