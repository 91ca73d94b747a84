/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The NS16550A driver against a model of the chip that counts accesses and fails the test on one
 * that a real chip would not forgive: a full FIFO written, DLAB set, a wrong width or distance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/types.h"

#include <stdio.h>
#include <string.h>

static struct {
	unsigned int shift, width, fifo_size; /* the board */
	u8 ier, lcr, mcr;
	bool fifo_on, stuck, busy;
	char out[256], in[64];
	size_t out_len, in_len, fifo_len;
	unsigned int lsr_reads, usr_reads, empty_rbr_reads, polls_to_drain;
} chip;

static u8 window[32 << 4];

static unsigned int reg_of(const volatile void *p, unsigned int width)
{
	size_t at = (size_t)((const volatile u8 *)p - window);

	assert_int_equal(width, chip.width);
	assert_int_equal(at & ((1U << chip.shift) - 1), 0);
	return (unsigned int)(at >> chip.shift);
}

static u8 lsr(void)
{
	chip.lsr_reads++;
	if (chip.fifo_len && !chip.stuck && --chip.polls_to_drain == 0)
		chip.fifo_len = 0;
	return (u8)((chip.in_len ? 0x01 : 0) | (chip.fifo_len ? 0 : 0x60));
}

static u8 rbr(void)
{
	u8 c = (u8)chip.in[0];

	if (!chip.in_len) {
		chip.empty_rbr_reads++;
		return 0;
	}
	memmove(chip.in, chip.in + 1, --chip.in_len);
	return c;
}

static u8 chip_read(unsigned int reg)
{
	switch (reg) {
	case 0: return rbr();
	case 1: return chip.ier;
	case 2:
		if (chip.busy)
			return 0xc7;
		return (u8)((chip.fifo_on && chip.fifo_size > 1 ? 0xc0 : 0) |
			    (chip.in_len ? 0x04 : 0x01));
	case 3: return chip.lcr;
	case 4: return chip.mcr;
	case 5: return lsr();
	case 31:
		chip.usr_reads++;
		chip.busy = false;
		return 0;
	default: fail_msg("register %u read", reg); return 0;
	}
}

static void thr(u8 v)
{
	assert_true(chip.fifo_len < (chip.fifo_on ? chip.fifo_size : 1));
	chip.fifo_len++;
	chip.polls_to_drain = 3;
	chip.out[chip.out_len++] = (char)v;
}

static void chip_write(unsigned int reg, u8 v)
{
	assert_true(reg == 3 || !(chip.lcr & 0x80));
	switch (reg) {
	case 0: thr(v); break;
	case 1: chip.ier = v; break;
	case 2:
		assert_true(chip.fifo_len == 0 || chip.stuck); /* it would be lost */
		chip.fifo_on = v & 1;
		break;
	case 3: chip.lcr = v; break;
	case 4: chip.mcr = v; break;
	default: fail_msg("register %u written", reg);
	}
}

#define HYP_MACHINE_MMIO_H
static u8 mmio_read8(const volatile void *p)
{
	return chip_read(reg_of(p, 1));
}

static u32 mmio_read32(const volatile void *p)
{
	return chip_read(reg_of(p, 4)) | 0xabcdef00;
}

static void mmio_write8(volatile void *p, u8 v)
{
	chip_write(reg_of(p, 1), v);
}

static void mmio_write32(volatile void *p, u32 v)
{
	assert_true(v < 256);
	chip_write(reg_of(p, 4), (u8)v);
}

/* A port that is stuck is asked ten million times: nobody else has to be let on meanwhile. */
#include "arch/arch.h"
#define arch_relax() ((void)0)
#include "hyp/console/uart_ns16550.c"

static struct uart u;

static void start(unsigned int shift, unsigned int width, unsigned int fifo)
{
	memset(&chip, 0, sizeof(chip));
	chip.shift = shift;
	chip.width = width;
	chip.fifo_size = fifo;
	chip.lcr = 0x03;
	chip.ier = 0x0f;
	u = (struct uart){.ops = &uart_ns16550_ops, .base = window, .shift = shift, .width = width};
	u.ops->init(&u);
	assert_int_equal(chip.ier, 0);
	chip.lsr_reads = 0;
}

static const char text[] = "0123456789abcdef0123456789abcdef0123456";

static void expect_text(void)
{
	assert_int_equal(u.ops->write(&u, text, 39), 39);
	assert_int_equal(chip.out_len, 39);
	assert_memory_equal(chip.out, text, 39);
}

static void test_layouts(void **state)
{
	(void)state;
	start(0, 1, 16);
	expect_text();
	start(2, 1, 16);
	expect_text();
	start(2, 4, 16);
	expect_text();
	start(4, 4, 16);
	expect_text();
}

/* One look at LSR a burst once the FIFO is empty: 3 bursts, two waits of 3 polls each. */
static void test_looks_once_a_burst(void **state)
{
	(void)state;
	start(0, 1, 16);
	expect_text();
	assert_int_equal(chip.lsr_reads, 1 + 3 + 3);
	start(0, 1, 16);
	assert_int_equal(u.ops->write(&u, text, 16), 16);
	assert_int_equal(chip.lsr_reads, 1);
}

static void test_without_fifo(void **state)
{
	(void)state;
	start(0, 1, 1);
	expect_text();
}

static void test_init_waits_for_what_is_under_way(void **state)
{
	(void)state;
	start(0, 1, 16);
	assert_int_equal(u.ops->write(&u, text, 16), 16);
	u.ops->init(&u); /* the model fails if the FIFO is reset with bytes in it */
	assert_false(u.stuck);
}

static void test_drain(void **state)
{
	(void)state;
	start(0, 1, 16);
	assert_int_equal(u.ops->write(&u, text, 16), 16);
	assert_true(chip.fifo_len);
	u.ops->drain(&u);
	assert_int_equal(chip.fifo_len, 0);
	assert_false(u.stuck);
	assert_int_equal(u.ops->write(&u, text, 16), 16);
	chip.stuck = true;
	u.ops->drain(&u);
	assert_true(u.stuck);
}

static void test_dlab_left_set(void **state)
{
	(void)state;
	start(0, 1, 16);
	chip.lcr = 0x83;
	u.ops->init(&u);
	assert_int_equal(chip.lcr, 0x03);
	expect_text();
}

static void test_stuck(void **state)
{
	(void)state;
	start(0, 1, 16);
	chip.stuck = true;
	assert_int_equal(u.ops->write(&u, text, 39), 16);
	assert_true(u.stuck);
	chip.lsr_reads = 0;
	assert_int_equal(u.ops->write(&u, text, 39), 0);
	assert_int_equal(chip.lsr_reads, 1);
	chip.stuck = false;
	chip.fifo_len = 0;
	assert_int_equal(u.ops->write(&u, text, 39), 39);
	assert_false(u.stuck);
}

/* send() never waits: what one look at LSR has promised may come in pieces, and no more. */
static void test_send(void **state)
{
	(void)state;
	start(0, 1, 16);
	assert_int_equal(u.ops->send(&u, text, 5), 5);
	assert_int_equal(chip.lsr_reads, 1);
	assert_int_equal(u.ops->send(&u, text + 5, 5), 5);
	assert_int_equal(chip.lsr_reads, 1);
	chip.stuck = true;
	assert_int_equal(u.ops->send(&u, text + 10, 29), 6);
	assert_int_equal(u.ops->send(&u, text + 16, 23), 0);
	assert_int_equal(chip.lsr_reads, 3);
	chip.stuck = false;
	chip.fifo_len = 0;
	assert_int_equal(u.ops->send(&u, text + 16, 23), 16);
	assert_int_equal(chip.out_len, 32);
	assert_memory_equal(chip.out, text, 32);
	start(2, 4, 1);
	assert_int_equal(u.ops->send(&u, text, 5), 1);
	assert_int_equal(u.ops->send(&u, text, 5), 0);
}

/* Both ways of sending know of each other. */
static void test_send_after_write(void **state)
{
	(void)state;
	start(0, 1, 16);
	assert_int_equal(u.ops->write(&u, text, 10), 10);
	chip.stuck = true;
	assert_int_equal(u.ops->send(&u, text, 20), 6);
	assert_int_equal(u.ops->send(&u, text, 20), 0);
	u.stuck = true;
	chip.stuck = false;
	chip.fifo_len = 0;
	assert_int_equal(u.ops->send(&u, text, 3), 3);
	assert_false(u.stuck);
}

static void test_read(void **state)
{
	char buf[8] = "";

	(void)state;
	start(2, 4, 16);
	assert_int_equal(u.ops->read(&u, buf, 8), 0);
	memcpy(chip.in, "hello\xff", chip.in_len = 6);
	assert_int_equal(u.ops->read(&u, buf, 4), 4);
	assert_int_equal(u.ops->read(&u, buf + 4, 4), 2);
	assert_memory_equal(buf, "hello\xff", 6);
	assert_int_equal(chip.empty_rbr_reads, 0);
}

static void test_interrupts(void **state)
{
	(void)state;
	start(2, 1, 16);
	assert_int_equal(u.ops->set_irqs(&u, true, false), OK);
	assert_int_equal(chip.ier, 1);
	assert_int_equal(chip.mcr & 8, 8);
	u.ops->irq(&u);
	assert_int_equal(chip.empty_rbr_reads + chip.usr_reads, 0);
	memcpy(chip.in, "x", chip.in_len = 1);
	u.ops->irq(&u);
	assert_int_equal(chip.in_len, 1);
	chip.busy = true;
	u.ops->irq(&u);
	assert_int_equal(chip.usr_reads, 1);
	assert_int_equal(u.ops->set_irqs(&u, true, true), OK);
	assert_int_equal(chip.ier, 3);
	assert_int_equal(u.ops->set_irqs(&u, false, true), OK);
	assert_int_equal(chip.ier, 2);
	assert_int_equal(u.ops->set_irqs(&u, false, false), OK);
	assert_int_equal(chip.ier, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_looks_once_a_burst),
		cmocka_unit_test(test_without_fifo),
		cmocka_unit_test(test_init_waits_for_what_is_under_way),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_dlab_left_set),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_send_after_write),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
