/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ending the machine. sifive,test0 is QEMU's "SiFive test finisher": one word, the low half says
 * what to do, the high half is the exit status.
 */
#include "hyp/reset.h"

#include "arch/arch.h"
#include "arch/riscv/semihost.h"
#include "hyp/console.h"
#include "hyp/mmio.h"
#include "lib/log.h"
#include "sbi/fw.h"

#define TEST_FAIL  0x3333U
#define TEST_PASS  0x5555U
#define TEST_RESET 0x7777U

#define FAIL_CODE 1U

static volatile void *test_regs;

void reset_set_test_device(volatile void *regs)
{
	test_regs = regs;
}

/* The write works on a little later than it returns, and SRST meanwhile would put its own exit
 * status in place of ours: give it a second. */
static void test_device_end(u32 command)
{
	u64 start = arch_clock(), hz = arch_clock_hz();

	if (!test_regs)
		return;
	mmio_write32(test_regs, command);
	while (arch_clock() - start < (hz ? hz : 10000000))
		arch_relax();
}

void machine_power_off(bool failed)
{
	console_drain();
	arch_irq_off();
	test_device_end(failed ? TEST_FAIL | FAIL_CODE << 16 : TEST_PASS);
	fw_system_reset(SBI_SRST_TYPE_SHUTDOWN,
			failed ? SBI_SRST_REASON_SYSTEM_FAILURE : SBI_SRST_REASON_NONE);
	semihost_exit(failed ? (int)FAIL_CODE : 0);
	log_report("machine cannot power off");
	machine_halt();
}

void machine_reboot(void)
{
	console_drain();
	arch_irq_off();
	test_device_end(TEST_RESET);
	fw_system_reset(SBI_SRST_TYPE_COLD_REBOOT, SBI_SRST_REASON_NONE);
	log_report("machine cannot reboot");
	machine_halt();
}
