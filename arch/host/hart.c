/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts as threads. All copies of a per-hart variable lie at one displacement within their
 * thread's static TLS block, so the way from one hart's copy to another's is the same for every
 * variable: the difference of the two anchors.
 */
#include <pthread.h>
#include <sched.h>

#include "arch/host/host.h"
#include "lib/check.h"

struct host_hart {
	uintptr_t anchor; /* written by its thread before the start barrier */
	unsigned int index;
	pthread_t thread;
};

__thread unsigned int host_hart_index;
u32 host_barrier;

static __thread char anchor;
static struct host_hart harts[HARTS_MAX];
static unsigned int hart_count = 1;
static void (*hart_fn)(unsigned int hart);
static pthread_barrier_t gate; /* passed together at the start, and at the end */

static __attribute__((constructor)) void main_hart_init(void)
{
	harts[0].anchor = (uintptr_t)&anchor;
}

static void *hart_main(void *arg)
{
	struct host_hart *h = arg;

	host_hart_index = h->index;
	h->anchor = (uintptr_t)&anchor;
	pthread_barrier_wait(&gate);
	hart_fn(h->index);
	/* Nobody's TLS goes away while another hart may look into it. */
	pthread_barrier_wait(&gate);
	return NULL;
}

void host_harts_run(unsigned int n, void (*fn)(unsigned int hart))
{
	CHECK(n >= 1 && n <= HARTS_MAX);
	CHECK(!pthread_barrier_init(&gate, NULL, n));
	host_irq_reset(n);
	hart_fn = fn;
	hart_count = n;
	for (unsigned int i = 0; i < n; i++) {
		harts[i].index = i;
		CHECK(!pthread_create(&harts[i].thread, NULL, hart_main, &harts[i]));
	}
	for (unsigned int i = 0; i < n; i++)
		CHECK(!pthread_join(harts[i].thread, NULL));
	CHECK(!pthread_barrier_destroy(&gate));
	hart_count = 1;
	main_hart_init();
	host_irq_reset(n);
}

unsigned int arch_hart_count(void)
{
	return hart_count;
}

ptrdiff_t arch_per_hart_delta(unsigned int i)
{
	return (ptrdiff_t)(harts[i].anchor - (uintptr_t)&anchor);
}

void host_relax(void)
{
	sched_yield();
}
