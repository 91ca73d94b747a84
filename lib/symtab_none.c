/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The empty symbol table, for the first link and for the host. In a file of its own and weak, so
 * that the compiler knows nothing of the sizes and the linker prefers the real one.
 */
#include "lib/compiler.h"
#include "lib/symbols.h"

__weak const u8 symtab[1] = {0};
__weak const u8 symtab_codes[1][2] = {{0, 0}};
