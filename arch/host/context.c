/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of the hypervisor on the host, through ucontext. What is saved of one that does not run
 * lies on its own stack, and arch_context.sp says where. A context stays on the hart that first
 * ran it: compiled code may keep the address of a thread-local variable across a switch.
 */
#include <ucontext.h>

#include "arch/host/host.h"
#include "lib/check.h"

struct fresh {
	ucontext_t uc;
	void (*fn)(void *arg);
	void *arg;
};

static void context_main(unsigned int high, unsigned int low)
{
	struct fresh *f = (struct fresh *)(uintptr_t)((u64)high << 32 | low);

	f->fn(f->arg);
	panic("a thread's function came back");
}

void arch_context_init(struct arch_context *ctx, void *top, void (*fn)(void *), void *arg)
{
	struct fresh *f = (struct fresh *)ALIGN_DOWN((uintptr_t)top - sizeof(*f), 64);
	u64 where = (uintptr_t)f;

	f->fn = fn;
	f->arg = arg;
	CHECK(!getcontext(&f->uc));
	/* Only the sum of the two matters: the stack begins there and grows down. */
	f->uc.uc_stack.ss_size = KIB(4);
	f->uc.uc_stack.ss_sp = (char *)f - f->uc.uc_stack.ss_size;
	f->uc.uc_link = NULL;
	makecontext(&f->uc, (void (*)(void))context_main, 2, (unsigned int)(where >> 32),
		    (unsigned int)where);
	ctx->sp = where;
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
	ucontext_t here;

	CHECK(arch_irqs_off());
	from->sp = (unsigned long)&here;
	CHECK(!swapcontext(&here, (ucontext_t *)to->sp));
}
