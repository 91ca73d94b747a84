/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frame-pointer walks over made-up stacks: good chains, leaves, and every kind of garbage. A read
 * outside the stack or misaligned fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/riscv/backtrace.h"

#include <stdlib.h>
#include <string.h>

#define STACK 0x80010000UL /* the stack's first address */
#define WORDS 128

static u64 stack[WORDS];
static uintptr_t unreadable, low, high; /* the stack, as in_stack() tells it */

static bool in_stack(uintptr_t addr, void *arg)
{
	assert_ptr_equal(arg, stack);
	return addr >= low && addr < high;
}

static bool read_word(uintptr_t addr, u64 *value, void *arg)
{
	assert_ptr_equal(arg, stack);
	assert_true(addr % 8 == 0 && addr >= low && addr <= high - 8);
	if (addr == unreadable)
		return false;
	*value = stack[(addr - STACK) / 8];
	return true;
}

static const struct backtrace_env env = {in_stack, read_word, stack};

/* The frame that ends at fp: its ra and the caller's fp. */
static void frame(uintptr_t fp, u64 ra, u64 caller)
{
	stack[(fp - STACK) / 8 - 1] = ra;
	stack[(fp - STACK) / 8 - 2] = caller;
}

static int setup(void **state)
{
	(void)state;
	memset(stack, 0, sizeof(stack));
	unreadable = 0;
	low = STACK;
	high = STACK + sizeof(stack);
	frame(STACK + 0x40, 0x1000, STACK + 0x80);
	frame(STACK + 0x80, 0x2000, STACK + 0x400);
	frame(STACK + 0x400, 0x3000, 0);
	return 0;
}

static uintptr_t pcs[64];

static unsigned int walk(uintptr_t pc, uintptr_t fp, uintptr_t ra)
{
	struct arch_place start = {.pc = pc, .fp = fp, .ra = ra};

	memset(pcs, 0, sizeof(pcs));
	return backtrace(&start, &env, pcs, 64);
}

static void test_chain(void **state)
{
	(void)state;
	assert_int_equal(walk(0, STACK + 0x40, 0), 3);
	assert_int_equal(pcs[0], 0x1000);
	assert_int_equal(pcs[1], 0x2000);
	assert_int_equal(pcs[2], 0x3000);
}

static void test_from_a_trap(void **state)
{
	(void)state;
	assert_int_equal(walk(0x500, STACK + 0x40, 0x999), 4);
	assert_int_equal(pcs[0], 0x500);
	assert_int_equal(pcs[1], 0x1000);
	assert_int_equal(pcs[3], 0x3000);
}

static void test_from_a_trap_in_a_leaf(void **state)
{
	(void)state;
	stack[0x20 / 8 - 1] = STACK + 0x40; /* a leaf's frame: the caller's fp alone */
	stack[0x20 / 8 - 2] = 0x1234;
	assert_int_equal(walk(0x500, STACK + 0x20, 0x600), 5);
	assert_int_equal(pcs[0], 0x500);
	assert_int_equal(pcs[1], 0x600);
	assert_int_equal(pcs[2], 0x1000);
	assert_int_equal(pcs[4], 0x3000);
}

static void test_room(void **state)
{
	struct arch_place start = {.pc = 0x500, .fp = STACK + 0x40};

	(void)state;
	memset(pcs, 0, sizeof(pcs));
	assert_int_equal(backtrace(&start, &env, pcs, 0), 0);
	assert_int_equal(pcs[0], 0);
	assert_int_equal(backtrace(&start, &env, pcs, 2), 2);
	assert_int_equal(pcs[1], 0x1000);
	assert_int_equal(pcs[2], 0);
}

static void test_stack_ends(void **state)
{
	(void)state;
	assert_int_equal(walk(0, STACK + sizeof(stack), 0), 1); /* the topmost frame */
	assert_int_equal(pcs[0], 0x3000);
	assert_int_equal(walk(0, STACK + sizeof(stack) + 16, 0), 0);
	assert_int_equal(walk(0, STACK + 8, 0), 0);
	assert_int_equal(walk(0, STACK, 0), 0);
	assert_int_equal(walk(0, 0, 0), 0);
	assert_int_equal(walk(0, 8, 0), 0);
	assert_int_equal(walk(0, UINTPTR_MAX, 0), 0);
	assert_int_equal(walk(0, UINTPTR_MAX - 15, 0), 0);
}

/* Half of a frame is no frame. */
static void test_frame_across_the_end(void **state)
{
	(void)state;
	low = STACK + 0x40 - 8;
	assert_int_equal(walk(0, STACK + 0x40, 0), 0);
	high = STACK + 0x80 - 8;
	assert_int_equal(walk(0, STACK + 0x80, 0), 0);
}

static void test_misaligned(void **state)
{
	(void)state;
	assert_int_equal(walk(0x500, STACK + 0x44, 0x600), 1);
	frame(STACK + 0x80, 0x2000, STACK + 0x401);
	assert_int_equal(walk(0, STACK + 0x40, 0), 2);
}

static void test_circle(void **state)
{
	(void)state;
	frame(STACK + 0x80, 0x2000, STACK + 0x40);
	assert_int_equal(walk(0, STACK + 0x40, 0), 2);
	frame(STACK + 0x40, 0x1000, STACK + 0x40);
	assert_int_equal(walk(0, STACK + 0x40, 0), 1);
}

static void test_unreadable(void **state)
{
	(void)state;
	unreadable = STACK + 0x80 - 16;
	assert_int_equal(walk(0, STACK + 0x40, 0), 1);
	unreadable = STACK + 0x40 - 8;
	assert_int_equal(walk(0x500, STACK + 0x40, 0x600), 1);
}

static void test_at_most_32(void **state)
{
	(void)state;
	for (uintptr_t fp = 16; fp <= sizeof(stack); fp += 16)
		frame(STACK + fp, 0x4000 + fp, STACK + fp + 16);
	assert_int_equal(walk(0, STACK + 16, 0), BACKTRACE_MAX);
	assert_int_equal(pcs[31], 0x4000 + 32 * 16);
	assert_int_equal(pcs[32], 0);
}

/* read_word() checks the bounds. */
static void test_garbage(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		for (unsigned int i = 0; i < WORDS; i++)
			stack[i] = rand() % 3 ? STACK + (u64)(rand() % (WORDS * 8 + 64)) / 8 * 8
					      : (u64)rand() << 33 ^ (u64)rand();
		assert_true(walk(1, STACK + (u64)(rand() % (WORDS * 8 + 64)), (u64)rand()) <=
			    BACKTRACE_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_chain, setup),
		cmocka_unit_test_setup(test_from_a_trap, setup),
		cmocka_unit_test_setup(test_from_a_trap_in_a_leaf, setup),
		cmocka_unit_test_setup(test_room, setup),
		cmocka_unit_test_setup(test_stack_ends, setup),
		cmocka_unit_test_setup(test_frame_across_the_end, setup),
		cmocka_unit_test_setup(test_misaligned, setup),
		cmocka_unit_test_setup(test_circle, setup),
		cmocka_unit_test_setup(test_unreadable, setup),
		cmocka_unit_test_setup(test_at_most_32, setup),
		cmocka_unit_test_setup(test_garbage, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
