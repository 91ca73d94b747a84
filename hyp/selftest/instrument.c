/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiler's hooks in debug builds: every function that is not noinstr calls one on its way in
 * (-finstrument-functions), and it looks whether RCU is watching. So code that slipped into a
 * window at run time, by whatever way, stops the machine at its first instruction.
 *
 * A hart whose counter is still 0 has not come up: RCU begins there with rcu_hart_init().
 */
#include <stdio.h>

#include "hyp/console/panic.h"
#include "lib/symbols.h"
#include "rcu/rcu.h"

void __cyg_profile_func_enter(void *fn, void *site);
void __cyg_profile_func_exit(void *fn, void *site);

static u32 instrument_reported; /* set by the first report; its own calls are not looked at */

static __cold void instrument_report(void *fn, void *site)
{
	static char what[160];
	struct symbol in, from;

	if (__atomic_exchange_n(&instrument_reported, 1, __ATOMIC_RELAXED) || panic_in_progress())
		return;
	symbol_find((uintptr_t)fn, &in);
	symbol_find((uintptr_t)site, &from);
	snprintf(what, sizeof(what), "RCU is not watching in %s(), called from %s()", in.name,
		 from.name);
	panic(what);
}

noinstr void __cyg_profile_func_enter(void *fn, void *site)
{
	u64 counter = this_hart(rcu_hart).counter;

	if (likely(counter & 1) || counter == 0 || READ_ONCE(instrument_reported))
		return;
	/* RCU is not watching: but this ends in a panic. */
	instrumentation_begin();
	instrument_report(fn, site);
	instrumentation_end();
}

noinstr void __cyg_profile_func_exit(void *fn, void *site)
{
	(void)fn;
	(void)site;
}
