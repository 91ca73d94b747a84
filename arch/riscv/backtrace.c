/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frame layout of gcc's -fno-omit-frame-pointer on RV64: s0 is the stack pointer at the function's
 * entry, ra is saved at s0 - 8 and the caller's s0 at s0 - 16. A leaf function saves no ra, and
 * the caller's s0 is at s0 - 8 (RISC-V ELF psABI 1.0, "Frame Pointer Convention").
 */
#include "arch/riscv/backtrace.h"

#define WORD sizeof(u64)

struct frame {
	u64 ra, fp;
};

static bool frame_read(uintptr_t fp, const struct backtrace_env *env, struct frame *f)
{
	if (fp < 2 * WORD || !IS_ALIGNED(fp, 2 * WORD))
		return false;
	if (!env->in_stack(fp - WORD, env->arg) || !env->in_stack(fp - 2 * WORD, env->arg))
		return false;
	return env->read(fp - WORD, &f->ra, env->arg) && env->read(fp - 2 * WORD, &f->fp, env->arg);
}

/* Where ra should be there is an address in the stack: the caller's s0, saved by a leaf. */
static bool frame_is_leaf(const struct frame *f, uintptr_t fp, const struct backtrace_env *env)
{
	return f->ra >= fp && IS_ALIGNED(f->ra, 2 * WORD) && env->in_stack(f->ra - WORD, env->arg);
}

unsigned int backtrace(const struct arch_place *start, const struct backtrace_env *env,
		       uintptr_t *pcs, unsigned int n)
{
	uintptr_t fp = start->fp;
	unsigned int depth = 0;
	struct frame f;

	if (n > BACKTRACE_MAX)
		n = BACKTRACE_MAX;
	if (start->pc && n)
		pcs[depth++] = start->pc;
	if (start->ra && frame_read(fp, env, &f) && frame_is_leaf(&f, fp, env)) {
		if (depth < n)
			pcs[depth++] = start->ra;
		fp = f.ra;
	}
	while (depth < n && frame_read(fp, env, &f) && f.ra) {
		pcs[depth++] = f.ra;
		if (f.fp <= fp)
			break;
		fp = f.fp;
	}
	return depth;
}
