/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPI (SBI 3.0, chapter 7).
 *
 * A vCPU that is woken is put into a queue, with interrupts off. So a watched answer, in which they are
 * off, is for a few; and who sends to many has breaks.
 */
#include "guest/vm/vm.h"
#include "lib/bits.h"
#include "sbi/ext.h"

#define IPI_FEW	    4U /* others that are sent to with interrupts off */
#define IPI_PORTION 8U /* and between two breaks */

static void send_self(struct vcpu *v)
{
	unsigned long flags = irq_save();

	vcpu_take_hart(v);
	vcpu_inject_interrupt(v, HVIP_VSSIP);
	irq_restore(flags);
}

static __always_inline void send(struct vcpu *v, u32 id)
{
	struct vcpu *to = &v->vm->vcpu[id];

	vpmu_count(&v->vpmu, SBI_PMU_FW_IPI_SENT);
	vpmu_count(&to->vpmu, SBI_PMU_FW_IPI_RECEIVED);
	vcpu_request(to, REQ_IPI);
}

static __always_inline long find_targets(const struct vcpu *v, u64 fid, const u64 *a, u64 *targets)
{
	if (fid != SBI_IPI_SEND_IPI)
		return SBI_ERR_NOT_SUPPORTED;
	return sbi_hart_mask(v, a[0], a[1], targets) ? SBI_SUCCESS : SBI_ERR_INVALID_PARAM;
}

/* Of a VM that has ended meanwhile nobody waits for the rest. */
static void send_with_breaks(struct vcpu *v, u64 targets)
{
	for (u32 sent = 1; targets; targets &= targets - 1, sent++) {
		if (sent % IPI_PORTION == 0 && !vcpu_break(v))
			return;
		send(v, bits_lowest(targets));
	}
}

void sbi_ipi(struct vcpu *v, u64 fid, const u64 *a)
{
	u64 targets = 0;
	long error = find_targets(v, fid, a, &targets);

	if (targets & BIT(v->id))
		send_self(v);
	send_with_breaks(v, targets & ~BIT(v->id));
	sbi_return(v, SBI_RET(error, 0));
}

bool sbi_ipi_watched(struct vcpu *v, u64 fid, const u64 *a)
{
	u64 targets = 0, others;
	long error = find_targets(v, fid, a, &targets);

	others = targets & ~BIT(v->id);
	if (!bits_few(others, IPI_FEW))
		return false;
	if (targets & BIT(v->id))
		send_self(v);
	for (; others; others &= others - 1)
		send(v, bits_lowest(others));
	sbi_return(v, SBI_RET(error, 0));
	return true;
}
