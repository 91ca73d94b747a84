/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What code built with a stack protector wants: limen's debug build.
 */
#include "lib/check.h"

extern const uintptr_t __stack_chk_guard;
const uintptr_t __stack_chk_guard = 0x6c696d656e0affUL;

__noreturn void __stack_chk_fail(void);
void __stack_chk_fail(void)
{
	panic("stack smashed");
}
