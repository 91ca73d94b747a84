/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of the machine by SBI's SRST. */
#include "hyp/machine/reset.h"
#include "sbi/fw.h"

void machine_firmware_end(enum machine_end how)
{
	fw_system_reset(how == MACHINE_AGAIN ? SBI_SRST_TYPE_COLD_REBOOT : SBI_SRST_TYPE_SHUTDOWN,
			how == MACHINE_FAILED ? SBI_SRST_REASON_SYSTEM_FAILURE
					      : SBI_SRST_REASON_NONE);
}
