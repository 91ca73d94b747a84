/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/vm/vm_life.h"

#include "lib/compiler.h"

enum err vm_op_check(enum vm_phase phase, enum vm_op op)
{
	static const s8 answers[VM_OPS][VM_PHASES] = {
		/* ABSENT, DOWN, UP, PAUSED */
		[VM_OP_PAUSE] = {ERR_NOENT, ERR_NOENT, OK, ERR_EXIST},
		[VM_OP_RESUME] = {ERR_NOENT, ERR_NOENT, ERR_EXIST, OK},
		[VM_OP_STOP] = {ERR_NOENT, ERR_EXIST, OK, OK},
		[VM_OP_START] = {OK, OK, ERR_EXIST, ERR_EXIST},
		[VM_OP_RESTART] = {ERR_NOENT, OK, OK, OK},
		[VM_OP_DESTROY] = {ERR_NOENT, OK, OK, OK},
	};

	return answers[op][phase];
}

static bool policy_wants(enum restart_policy policy, enum vm_state why)
{
	if (why == VM_FAILED)
		return policy != RESTART_NEVER;
	return why == VM_OFF && policy == RESTART_ALWAYS;
}

u64 vm_restart_after(enum restart_policy policy, enum vm_state why, u64 ran_ms, u32 *quick)
{
	u32 n, free = why == VM_REBOOT ? RESTART_REBOOTS : 0;

	if (why != VM_REBOOT && !policy_wants(policy, why))
		return RESTART_NOT;
	if (ran_ms >= RESTART_WELL_MS)
		*quick = 0;
	n = *quick;
	if (n < RESTART_TRIES + free)
		*quick = n + 1;
	else if (why != VM_REBOOT)
		return RESTART_NOT;
	else
		n = RESTART_TRIES + free - 1;
	return n < free ? 0 : (u64)RESTART_FIRST_MS << (n - free);
}
