// SPDX-License-Identifier: BSD-2-Clause
/*
 * An interrupt through the PLIC: the UART's "transmitter empty", claimed and completed (RISC-V PLIC
 * specification 1.0.0; NS16550A).
 *
 * # expect: pass
 * # harts: 1
 * # aia: none
 */
#include "rt.h"

#define SEIP (1UL << IRQ_EXT)

#define UART_IER 1
#define UART_IIR 2
#define IER_THRI 2

static u64 ctx;

static volatile u32 *reg(u64 offset)
{
	return (volatile u32 *)(machine.plic + offset);
}

static volatile u32 *priority(u32 irq)
{
	return reg(4 * irq);
}

static volatile u32 *enable(u32 irq)
{
	return reg(0x2000 + 0x80 * ctx + 4 * (irq / 32));
}

static volatile u32 *threshold(void)
{
	return reg(0x200000 + 0x1000 * ctx);
}

/* Reading claims, writing completes. */
static volatile u32 *claim(void)
{
	return reg(0x200004 + 0x1000 * ctx);
}

static volatile u8 *uart(u32 r)
{
	return (volatile u8 *)machine.uart + r;
}

static bool pending(void)
{
	return csr_read(sip) & SEIP;
}

static void quiet(void)
{
	u32 irq;

	*uart(UART_IER) = 0;
	while ((irq = *claim()))
		*claim() = irq;
}

/* All set so that the UART's interrupt arrives; the UART itself still silent. */
static void open_way(void)
{
	*uart(UART_IER) = 0;
	*priority(machine.uart_irq) = 1;
	*enable(machine.uart_irq) = 1U << machine.uart_irq % 32;
	*threshold() = 0;
	quiet();
}

const char *guest_needs(void)
{
	if (!machine.plic || !machine.uart)
		return "no PLIC or no UART";
	ctx = (u64)machine_plic_context(this_hart());
	return NULL;
}

static void nothing_pending(void)
{
	open_way();
	T_EQ(pending(), false);
	T_EQ(*claim(), 0);
	/* Completing what was not claimed does nothing. */
	*claim() = machine.uart_irq;
	*claim() = 0;
	*claim() = 1000000;
	T_EQ(pending(), false);
}

static void registers(void)
{
	open_way();
	T_EQ(*priority(machine.uart_irq), 1);
	*priority(machine.uart_irq) = 7;
	T_EQ(*priority(machine.uart_irq), 7);
	T_EQ(*priority(0), 0);
	*priority(0) = 5;
	T_EQ(*priority(0), 0);
	T_EQ(*enable(machine.uart_irq) & 1U << machine.uart_irq, 1U << machine.uart_irq);
	*threshold() = 3;
	T_EQ(*threshold(), 3);
	*threshold() = 0;
}

static volatile u32 claimed;

static void on_ext(struct hart *h)
{
	(void)h;
	claimed = *claim();
	(void)*uart(UART_IIR);
	*uart(UART_IER) = 0;
	*claim() = claimed;
}

static void interrupt(void)
{
	struct hart *h = this_hart();

	open_way();
	h->on_irq[IRQ_EXT] = on_ext;
	csr_set(sie, SEIP);
	irq_on();
	claimed = 0;
	*uart(UART_IER) = IER_THRI;
	T_OK(wait_for(h->irqs[IRQ_EXT], 20000));
	T_EQ(claimed, machine.uart_irq);
	T_EQ(pending(), false);
	T_OK(!wait_for(h->irqs[IRQ_EXT] > 1, 5));
	T_EQ(h->irqs[IRQ_EXT], 1);
}

/* Once claimed it is not pending until completed; not completed, it does not come again. */
static void claim_complete(void)
{
	open_way();
	*uart(UART_IER) = IER_THRI;
	T_OK(wait_for(pending(), 20000));
	T_OK(*reg(0x1000 + 4 * (machine.uart_irq / 32)) >> machine.uart_irq % 32 & 1);
	T_EQ(*claim(), machine.uart_irq);
	T_EQ(pending(), false);
	T_EQ(*claim(), 0);
	(void)*uart(UART_IIR);
	*claim() = machine.uart_irq;
	T_OK(!wait_for(pending(), 5));
	quiet();
}

/* The line is a level: completed while the UART still asks, it is pending again. */
static void level(void)
{
	SKIP_IF(bare(), "QEMU's PLIC looks at edges");
	open_way();
	*uart(UART_IER) = IER_THRI;
	for (int i = 0; i < 10 && !test_failed(); i++) {
		T_OK(wait_for(pending(), 20000));
		T_EQ(*claim(), machine.uart_irq);
		T_EQ(pending(), false);
		*claim() = machine.uart_irq;
	}
	T_OK(wait_for(pending(), 20000));
	/* Completing for another source does not free this one. */
	T_EQ(*claim(), machine.uart_irq);
	*claim() = machine.uart_irq + 1;
	T_OK(!wait_for(pending(), 5));
	*claim() = machine.uart_irq;
	T_OK(wait_for(pending(), 20000));
	quiet();
	T_EQ(pending(), false);
}

static void held_back(void)
{
	open_way();
	*threshold() = 1;
	*uart(UART_IER) = IER_THRI;
	T_OK(!wait_for(pending(), 5));
	*threshold() = 0;
	T_OK(wait_for(pending(), 20000));
	*priority(machine.uart_irq) = 0;
	T_OK(!wait_for(pending(), 5));
	*priority(machine.uart_irq) = 2;
	T_OK(wait_for(pending(), 20000));
	quiet();
}

static void enabled_or_not(void)
{
	SKIP_IF(bare(), "QEMU's PLIC does not look again when an enable bit changes");
	open_way();
	*uart(UART_IER) = IER_THRI;
	T_OK(wait_for(pending(), 20000));
	*enable(machine.uart_irq) = 0;
	T_OK(!wait_for(pending(), 5));
	T_EQ(*claim(), 0);
	*enable(machine.uart_irq) = 1U << machine.uart_irq % 32;
	T_OK(wait_for(pending(), 20000));
	quiet();
}

/* Close together, none is lost and none comes twice. */
static void many(void)
{
	struct hart *h = this_hart();

	open_way();
	h->on_irq[IRQ_EXT] = on_ext;
	csr_set(sie, SEIP);
	irq_on();
	for (u64 i = 1; i <= 1000 && !test_failed(); i++) {
		*uart(UART_IER) = IER_THRI;
		T_OK(wait_for(h->irqs[IRQ_EXT] >= i, 20000));
		T_EQ(h->irqs[IRQ_EXT], i);
	}
}

/* A driver may try registers this PLIC does not have: they read as 0, or the access is refused. */
static void touch(u64 offset)
{
	*reg(offset) = 0xffffffff;
	T_EQ(*reg(offset), 0);
}

static void unknown_registers(void)
{
	static const u64 offsets[] = {0x1080,	0x1ffc,	  0x1f2000, 0x1ffffc,
				      0x3ffff8, 0x200008, 0x200ffc};

	open_way();
	for (unsigned int i = 0; i < ARRAY_SIZE(offsets); i++) {
		u64 cause;

		if (offsets[i] + 4 > machine.plic_size)
			continue;
		cause = trap_try(touch, offsets[i]);
		if (cause != NO_TRAP && cause != 5 && cause != 7)
			test_fail("register 0x%lx: trap %lu", offsets[i], cause);
	}
	T_EQ(*threshold(), 0);
	T_EQ(pending(), false);
}

const struct test guest_tests[] = {
	{"nothing pending", nothing_pending},
	{"registers", registers},
	{"an interrupt, claimed and completed", interrupt},
	{"claimed means not pending", claim_complete},
	{"a level still there comes again", level},
	{"threshold and priority hold it back", held_back},
	{"so does the enable bit", enabled_or_not},
	{"1000 in a row", many},
	{"registers there are not", unknown_registers},
	{NULL, NULL},
};
