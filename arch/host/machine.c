/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rest of the host machine: the guest that is a script, the clock that stands still, the
 * console, the panic that a test may expect, and the steps each hart has noted.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"
#include "lib/check.h"

DEFINE_PER_HART(u64, arch_guest_left);

void arch_guest_run(struct arch_vcpu *vcpu)
{
	for (;;) {
		vcpu->interrupted = host_irq_pending();
		if (vcpu->interrupted) {
			this_hart(arch_guest_left) = arch_clock();
			return;
		}
		vcpu->steps++;
		if (!vcpu->step(vcpu))
			return;
	}
}

u64 arch_guest_exit_reason(const struct arch_vcpu *vcpu)
{
	return vcpu->interrupted ? HOST_EXIT_IRQ : vcpu->reason;
}

static __thread struct arch_vcpu *lives_here;
static __thread u64 guest_reg;

void host_vcpu_put(struct arch_vcpu *v)
{
	if (lives_here != v)
		return;
	v->reg = guest_reg;
	v->in_hart = 0;
	lives_here = NULL;
}

void host_vcpu_load(struct arch_vcpu *v)
{
	if (lives_here == v)
		return;
	if (lives_here)
		host_vcpu_put(lives_here);
	CHECK(v->in_hart == 0);
	v->in_hart = arch_hart_index() + 1;
	guest_reg = v->reg;
	lives_here = v;
}

u64 *host_vcpu_reg(void)
{
	return &guest_reg;
}

static u64 clock_now; /* atomic */

u64 host_clock(void)
{
	return READ_ONCE(clock_now);
}

void host_clock_set(u64 now)
{
	WRITE_ONCE(clock_now, now);
}

void host_clock_advance(u64 ticks)
{
	__atomic_fetch_add(&clock_now, ticks, __ATOMIC_RELAXED);
}

void host_clock_reach(u64 when)
{
	u64 now = READ_ONCE(clock_now);

	while (now < when && !__atomic_compare_exchange_n(&clock_now, &now, when, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

u64 arch_clock_hz(void)
{
	return 10000000;
}

static pthread_mutex_t console_lock = PTHREAD_MUTEX_INITIALIZER;
static char *captured; /* under the lock, as the two below */
static size_t captured_room, captured_len;

void host_console_capture(char *buf, size_t n)
{
	CHECK(!buf || n);
	pthread_mutex_lock(&console_lock);
	captured = buf;
	captured_room = n;
	captured_len = 0;
	if (buf)
		buf[0] = '\0';
	pthread_mutex_unlock(&console_lock);
}

void arch_console_write(const char *s, size_t n)
{
	pthread_mutex_lock(&console_lock);
	if (captured) {
		n = min_u64(n, captured_room - captured_len - 1);
		memcpy(captured + captured_len, s, n);
		captured_len += n;
		captured[captured_len] = '\0';
	} else {
		fwrite(s, 1, n, stderr);
	}
	pthread_mutex_unlock(&console_lock);
}

static __thread jmp_buf *panic_back; /* where a panic that is expected goes */
static __thread const char *panic_said;

const char *host_expect_panic(void (*fn)(void *arg), void *arg)
{
	jmp_buf back;

	panic_said = NULL;
	panic_back = &back;
	if (!setjmp(back))
		fn(arg);
	panic_back = NULL;
	return panic_said;
}

unsigned int arch_back_trace(uintptr_t *pcs, unsigned int n)
{
	if (n)
		pcs[0] = (uintptr_t)__builtin_return_address(0);
	return n ? 1 : 0;
}

void arch_panic(const char *file, int line, const char *what)
{
	jmp_buf *back = panic_back;

	if (back) {
		panic_said = what;
		longjmp(*back, 1);
	}
	fprintf(stderr, "hart %u: %s:%d: %s\n", arch_hart_index(), file, line, what);
	abort();
}

static __thread enum step steps[HOST_STEPS];
static __thread size_t step_count;

void step_note(enum step s)
{
	if (step_count < HOST_STEPS)
		steps[step_count++] = s;
}

void host_steps_reset(void)
{
	step_count = 0;
}

size_t host_step_count(void)
{
	return step_count;
}

enum step host_step(size_t i)
{
	CHECK(i < step_count);
	return steps[i];
}
