/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/vm/faults.h"

#include "arch/arch.h"
#include "lib/log.h"

void vfault_reset(struct vfaults *f)
{
	*f = (struct vfaults){.next_line = arch_clock()};
}

void vfault_log(const char *name, const struct vfaults *f)
{
	u64 count = READ_ONCE(f->count);

	if (count)
		log_info("VM %s: %llu access faults", name, (unsigned long long)count);
}
