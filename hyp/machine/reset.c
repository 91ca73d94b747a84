/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ending the machine. sifive,test0 is QEMU's "SiFive test finisher": one word, the low half says
 * what to do, the high half is the exit status. QEMU's character device "testdev" ends QEMU with status 1
 * when it reads a q; a status of 0 it does not have.
 */
#include "hyp/machine/reset.h"

#include "arch/arch.h"
#include "hyp/console/console.h"
#include "hyp/console/markdump.h"
#include "hyp/console/panic.h"
#include "hyp/machine/mmio.h"
#include "lib/log.h"

#define TEST_FAIL  0x3333U
#define TEST_PASS  0x5555U
#define TEST_RESET 0x7777U

#define FAIL_CODE 1U

/* Of a SiFive UART (hyp/console/uart_sifive.c). */
#define PORT_TXDATA 0x00
#define PORT_TXCTRL 0x08
#define PORT_TXEN   1U

static volatile void *test_regs;
static volatile u8 *port_regs;

void reset_set_test_device(volatile void *regs)
{
	test_regs = regs;
}

void reset_set_test_port(volatile void *regs)
{
	port_regs = regs;
}

/* The write works on a little later than it returns, and the firmware meanwhile would put its own exit
 * status in place of ours: give it a second. */
static void write_the_end(volatile void *reg, u32 v)
{
	u64 start = arch_clock(), hz = arch_clock_hz();

	mmio_write32(reg, v);
	while (arch_clock() - start < (hz ? hz : 10000000))
		arch_relax();
}

static void test_device_end(u32 command)
{
	if (test_regs)
		write_the_end(test_regs, command);
}

/* QEMU takes a reset for the end (-no-reboot), and its status is 0 then. */
static void test_port_end(bool failed)
{
	if (!port_regs)
		return;
	if (!failed) {
		machine_firmware_end(MACHINE_AGAIN);
		return;
	}
	mmio_write32(port_regs + PORT_TXCTRL, PORT_TXEN);
	write_the_end(port_regs + PORT_TXDATA, 'q');
}

void machine_power_off(bool failed)
{
	if (!panic_in_progress()) /* whose report is the last thing that is said */
		markdump_all();
	console_drain();
	arch_irq_off();
	test_device_end(failed ? TEST_FAIL | FAIL_CODE << 16 : TEST_PASS);
	machine_firmware_end(failed ? MACHINE_FAILED : MACHINE_OFF);
	test_port_end(failed);
	log_report("machine cannot power off");
	machine_halt();
}

void machine_reboot(void)
{
	console_drain();
	arch_irq_off();
	test_device_end(TEST_RESET);
	machine_firmware_end(MACHINE_AGAIN);
	log_report("machine cannot reboot");
	machine_halt();
}
