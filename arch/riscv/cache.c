/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/cache.h"

#include "arch/arch.h"
#include "arch/riscv/extable.h"

#define BLOCK_MIN 16
#define BLOCK_MAX 4096

static u64 block;

/* CBO.FLUSH, which the assembler need not know. */
#define CBO_FLUSH ".insn i 0x0f, 2, x0, %[at], 2\n"

bool cache_try(void)
{
	unsigned long ok = 0;

	__asm__ volatile("1: " CBO_FLUSH "li %[ok], 1\n2:\n" EX_TABLE(1b, 2b)
			 : [ok] "+r"(ok)
			 : [at] "r"(&block)
			 : "memory");
	return ok != 0;
}

bool cache_init(u64 size)
{
	if (size < BLOCK_MIN || size > BLOCK_MAX || (size & (size - 1)) || !cache_try())
		return false;
	block = size;
	return true;
}

void arch_cache_flush(const void *va, u64 size)
{
	uintptr_t end = (uintptr_t)va + size;

	for (uintptr_t at = (uintptr_t)va & ~(block - 1); at < end; at += block)
		__asm__ volatile(CBO_FLUSH ::[at] "r"(at) : "memory");
	/* Order: the blocks are written back, before the caller's next access, which may let a guest look past
	 * the caches. Pairs with: itself [U9] */
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}
