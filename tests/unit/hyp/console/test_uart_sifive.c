/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SiFive UART driver against a model of the device: a transmit FIFO of eight, a receive
 * register whose every read takes a byte out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/types.h"

#include <string.h>

static struct {
	u32 txctrl, rxctrl, ie;
	char out[256], in[64];
	size_t out_len, in_len, fifo_len;
	bool stuck;
} chip;

static u8 window[0x20];

static u32 txdata(void)
{
	if (chip.fifo_len < 8)
		return 0;
	if (!chip.stuck)
		chip.fifo_len--;
	return 1U << 31;
}

/* The watermark of what is to be sent; it goes out one by one. */
static u32 ip(void)
{
	if (chip.fifo_len && !chip.stuck)
		chip.fifo_len--;
	return chip.fifo_len < (chip.txctrl >> 16 & 7);
}

static u32 rxdata(void)
{
	u8 c = (u8)chip.in[0];

	if (!chip.in_len)
		return 1U << 31 | 0x55;
	memmove(chip.in, chip.in + 1, --chip.in_len);
	return c;
}

#define HYP_MACHINE_MMIO_H
static u32 mmio_read32(const volatile void *p)
{
	switch ((const volatile u8 *)p - window) {
	case 0x00: return txdata();
	case 0x04: return rxdata();
	case 0x08: return chip.txctrl;
	case 0x0c: return chip.rxctrl;
	case 0x10: return chip.ie;
	case 0x14: return ip();
	default: fail(); return 0;
	}
}

static void mmio_write32(volatile void *p, u32 v)
{
	switch ((volatile u8 *)p - window) {
	case 0x00:
		assert_true(chip.txctrl & 1);
		assert_true(chip.fifo_len++ < 8);
		chip.out[chip.out_len++] = (char)v;
		break;
	case 0x08: chip.txctrl = v; break;
	case 0x0c: chip.rxctrl = v; break;
	case 0x10: chip.ie = v; break;
	default: fail();
	}
}

/* A port that is stuck is asked ten million times: nobody else has to be let on meanwhile. */
#include "arch/arch.h"
#define arch_relax() ((void)0)
#include "hyp/console/uart_sifive.c"

static struct uart u;

static int setup(void **state)
{
	(void)state;
	memset(&chip, 0, sizeof(chip));
	chip.txctrl = 0x00030002; /* watermark 3, two stop bits */
	chip.rxctrl = 0x00070000;
	chip.ie = 3;
	u = (struct uart){.ops = &uart_sifive_ops, .base = window};
	u.ops->init(&u);
	return 0;
}

static void test_init(void **state)
{
	(void)state;
	assert_int_equal(chip.txctrl, 0x00010003);
	assert_int_equal(chip.rxctrl, 1);
	assert_int_equal(chip.ie, 0);
}

static void test_write(void **state)
{
	static const char text[] = "twenty bytes of text";

	(void)state;
	assert_int_equal(u.ops->write(&u, text, 20), 20);
	assert_int_equal(chip.out_len, 20);
	assert_memory_equal(chip.out, text, 20);
}

static void test_stuck(void **state)
{
	(void)state;
	chip.stuck = true;
	assert_int_equal(u.ops->write(&u, "0123456789", 10), 8);
	assert_true(u.stuck);
	assert_int_equal(u.ops->write(&u, "0123456789", 10), 0);
	chip.stuck = false;
	chip.fifo_len = 0;
	assert_int_equal(u.ops->write(&u, "0123456789", 10), 10);
}

static void test_send(void **state)
{
	(void)state;
	chip.stuck = true;
	assert_int_equal(u.ops->send(&u, "0123456789", 10), 8);
	assert_int_equal(u.ops->send(&u, "89", 2), 0);
	chip.stuck = false;
	chip.fifo_len = 0;
	assert_int_equal(u.ops->send(&u, "89", 2), 2);
	assert_int_equal(chip.out_len, 10);
	assert_memory_equal(chip.out, "0123456789", 10);
}

static void test_drain(void **state)
{
	(void)state;
	assert_int_equal(u.ops->write(&u, "1234567", 7), 7);
	u.ops->drain(&u);
	assert_int_equal(chip.fifo_len, 0);
	assert_false(u.stuck);
	assert_int_equal(u.ops->write(&u, "1", 1), 1);
	chip.stuck = true;
	u.ops->drain(&u);
	assert_true(u.stuck);
}

static void test_read(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(u.ops->read(&u, buf, 8), 0);
	memcpy(chip.in, "hello\xff", chip.in_len = 6);
	assert_int_equal(u.ops->read(&u, buf, 4), 4);
	assert_int_equal(u.ops->read(&u, buf + 4, 4), 2);
	assert_memory_equal(buf, "hello\xff", 6);
}

static void test_interrupts(void **state)
{
	(void)state;
	assert_int_equal(u.ops->set_irqs(&u, true, false), OK);
	assert_int_equal(chip.ie, 2);
	assert_int_equal(u.ops->set_irqs(&u, true, true), OK);
	assert_int_equal(chip.ie, 3);
	assert_int_equal(u.ops->set_irqs(&u, false, false), OK);
	assert_int_equal(chip.ie, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_init, setup),
		cmocka_unit_test_setup(test_write, setup),
		cmocka_unit_test_setup(test_stuck, setup),
		cmocka_unit_test_setup(test_send, setup),
		cmocka_unit_test_setup(test_drain, setup),
		cmocka_unit_test_setup(test_read, setup),
		cmocka_unit_test_setup(test_interrupts, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
