// SPDX-License-Identifier: BSD-2-Clause
/*
 * The hostile VM of tests/boot/neighbour.t: it does one thing again and again, to take from others what is
 * not its own. Boot arguments:
 *
 *   do=act:number:...;act:...	what its harts do, one act after the other, each for each= ms. The acts stand
 *				in the table at the end; numbers are hexadecimal, @n is n behind the
 *				beginning of a buffer
 *   other=act:number:...	what harts but the first do, if something else
 *   harts=			how many harts there are; the runtime's own count ends at MAX_HARTS
 *   from=			when the first act ends at the latest is from= + each= ms of the VM's clock
 *   for=			when all ends, in ms; then the VM fails, which limen says in any case
 *   fill=			what the buffer's bytes are
 */
#include "rt.h"

#include <string.h>

#define NUMBERS 8

/* What a hart does, and until when. */
struct act {
	void (*fn)(const struct act *a);
	u64 n[NUMBERS];
	u64 until, hart;
};

extern char hostile_entry[], stop_entry[], skip_trap[], return_trap[];
long suspend_whole(u64 eid, u64 fid, u64 type);
void hostile_hart(u64 id);

static u64 hart_number, from, each, end;
static u8 buffer[1 << 16] __attribute__((aligned(4096)));
static u32 code[2] __attribute__((aligned(8)));

#define UNTIL_OVER while (now() < a->until)

/* So many microseconds. In pieces that the simulator runs fast. */
static void work(u64 n)
{
	while (n--)
		__asm__ volatile(".rept 1000\n addi t0, t0, 1\n .endr" ::: "t0");
}

static void act_compute(const struct act *a)
{
	UNTIL_OVER work(1);
}

/* ---- waits ---------------------------------------------------------------------------------- */

static void sleep_wfi(void)
{
	wfi();
}

static void sleep_suspend(void)
{
	(void)sbi(SBI_EXT_HSM, HSM_HART_SUSPEND, HSM_SUSPEND_RETENTIVE);
}

static void sleep_suspend_whole(void)
{
	(void)suspend_whole(SBI_EXT_HSM, HSM_HART_SUSPEND, HSM_SUSPEND_NON_RETENTIVE);
}

static void sleep_system(void)
{
	(void)suspend_whole(SBI_EXT_SUSP, SUSP_SYSTEM_SUSPEND, SUSP_TO_RAM);
}

/* WRS.NTO. */
static void sleep_wrs(void)
{
	__asm__ volatile(".word 0x00d00073" ::: "memory");
}

static void (*const sleeps[])(void) = {sleep_wfi, sleep_suspend, sleep_suspend_whole, sleep_system,
				       sleep_wrs};

/* The UART has room for a byte, says so to the PLIC, and that to hart 0. */
static void uart_interrupts(void)
{
	*(volatile u8 *)(machine.uart + 1) = 2;
	*(volatile u32 *)(machine.plic + 4UL * machine.uart_irq) = 1;
	*(volatile u32 *)(machine.plic + 0x2000) = 1U << machine.uart_irq;
	*(volatile u32 *)(machine.plic + 0x200000) = 0;
}

/* Sleeps, in way n0, with interrupt n1 pending all the time; without one it is the timer's. */
static void act_pending(const struct act *a)
{
	u64 irq = a->n[1] ? a->n[1] : IRQ_TIMER;

	csr_write(sie, 1UL << irq);
	if (irq == IRQ_TIMER)
		timer_set(0);
	else if (irq == IRQ_SOFT)
		csr_set(sip, 1UL << IRQ_SOFT);
	else
		uart_interrupts();
	UNTIL_OVER sleeps[a->n[0]]();
}

/* Sleeps, in way n0, until the next multiple of n1 us, then does n2 us of work. */
static void act_nap(const struct act *a)
{
	u64 period = us(a->n[1]);

	csr_write(sie, 1UL << IRQ_TIMER);
	UNTIL_OVER
	{
		u64 t = now() / period * period + period;

		timer_set(t);
		while (now() < t)
			sleeps[a->n[0]]();
		work(a->n[2]);
	}
}

/* Takes what it is sent, and waits for more. */
static void act_wait(const struct act *a)
{
	csr_write(sie, 1UL << IRQ_TIMER | 1UL << IRQ_SOFT);
	timer_set(a->until);
	UNTIL_OVER
	{
		wfi();
		csr_clear(sip, 1UL << IRQ_SOFT);
	}
}

/* Waits for the end, whatever it is sent meanwhile. */
static void act_deaf(const struct act *a)
{
	csr_write(sie, 1UL << IRQ_TIMER);
	timer_set(a->until);
	UNTIL_OVER wfi();
}

/* Of two harts each wakes the other and waits for it. */
static void act_ping_pong(const struct act *a)
{
	csr_write(sie, 1UL << IRQ_TIMER | 1UL << IRQ_SOFT);
	timer_set(a->until);
	UNTIL_OVER
	{
		csr_clear(sip, 1UL << IRQ_SOFT);
		(void)sbi_send_ipi(1, !a->hart);
		wfi();
	}
}

/* ---- calls and devices ------------------------------------------------------------------------ */

static void act_stop(const struct act *a)
{
	(void)a;
	(void)sbi(SBI_EXT_HSM, HSM_HART_STOP);
}

static void act_sbi(const struct act *a)
{
	const u64 *n = a->n;

	UNTIL_OVER(void) sbi(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
}

/* Sets the timer anew, n0 us ahead, while it is let through. */
static void act_timers(const struct act *a)
{
	csr_write(sie, 1UL << IRQ_TIMER);
	UNTIL_OVER(void) sbi_set_timer(now() + us(a->n[0]));
}

static void act_load(const struct act *a)
{
	UNTIL_OVER(void) * (volatile u32 *)a->n[0];
}

static void act_store(const struct act *a)
{
	UNTIL_OVER *(volatile u32 *)a->n[0] = (u32)a->n[1];
}

/* Bytes, as a UART has registers. */
static void act_load_byte(const struct act *a)
{
	UNTIL_OVER(void) * (volatile u8 *)a->n[0];
}

static void act_store_byte(const struct act *a)
{
	UNTIL_OVER *(volatile u8 *)a->n[0] = (u8)a->n[1];
}

/* Every other hart is started, which stops at once. */
static void act_start_stop(const struct act *a)
{
	UNTIL_OVER
	for (u64 i = 1; i < hart_number; i++)
		(void)sbi(SBI_EXT_HSM, HSM_HART_START, i, (u64)stop_entry, 0);
}

/* After n0 us of work the VM ends: type and reason of SRST are n1 and n2. */
static void act_end(const struct act *a)
{
	work(a->n[0]);
	(void)sbi(SBI_EXT_SRST, 0, a->n[1], a->n[2]);
}

/* ---- traps ---------------------------------------------------------------------------------- */

/* The instruction n0 with n1 in a0; of one hart alone. */
static void act_insn(const struct act *a)
{
	u32 *at = code;

	at[0] = (u32)a->n[0];
	at[1] = 0x00008067; /* ret */
	__asm__ volatile("fence.i" ::: "memory");
	UNTIL_OVER
	{
		register u64 a0 __asm__("a0") = a->n[1];

		__asm__ volatile("jalr %1" : "+r"(a0) : "r"(at) : "ra", "a1", "memory");
	}
}

static void act_insn_paged(const struct act *a)
{
	mmu_on(0);
	act_insn(a);
	mmu_off();
}

static void act_fetch(const struct act *a)
{
	csr_write(stvec, (u64)return_trap);
	UNTIL_OVER __asm__ volatile("jalr %0" ::"r"(a->n[0]) : "ra", "memory");
	csr_write(stvec, (u64)skip_trap);
}

static void act_fetch_paged(const struct act *a)
{
	mmu_on(0);
	act_fetch(a);
	mmu_off();
}

/* ---- what is to be done ----------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*fn)(const struct act *a);
} table[] = {
	{"compute", act_compute},
	{"pending", act_pending},
	{"nap", act_nap},
	{"wait", act_wait},
	{"deaf", act_deaf},
	{"ping-pong", act_ping_pong},
	{"stop", act_stop},
	{"sbi", act_sbi},
	{"timers", act_timers},
	{"load", act_load},
	{"store", act_store},
	{"load-byte", act_load_byte},
	{"store-byte", act_store_byte},
	{"start-stop", act_start_stop},
	{"end", act_end},
	{"insn", act_insn},
	{"insn-paged", act_insn_paged},
	{"fetch", act_fetch},
	{"fetch-paged", act_fetch_paged},
};

/* The C library's own needs errno, which is thread-local. */
static u64 read_hex(const char **at)
{
	u64 value = 0;

	for (; (**at >= '0' && **at <= '9') || (**at >= 'a' && **at <= 'f'); ++*at)
		value = value << 4 | (u64)(**at <= '9' ? **at - '0' : **at - 'a' + 10);
	return value;
}

static const char *read_act(const char *at, struct act *a)
{
	unsigned int n = strcspn(at, ":; ");

	a->fn = NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++)
		if (strlen(table[i].name) == n && !strncmp(at, table[i].name, n))
			a->fn = table[i].fn;
	at += n;
	for (unsigned int i = 0; i < NUMBERS && *at == ':'; i++) {
		bool in_buffer = *++at == '@';

		at += in_buffer;
		a->n[i] = read_hex(&at) + (in_buffer ? (u64)buffer : 0);
	}
	return *at == ';' ? at + 1 : NULL;
}

/* One act after the other; the last one to the end. False: one is none. */
static bool do_all(const char *at, u64 hart)
{
	u64 until = from;

	while (at) {
		struct act a = {.until = until += each, .hart = hart};

		at = read_act(at, &a);
		if (!a.fn)
			return false;
		if (!at || a.until > end)
			a.until = end;
		a.fn(&a);
		csr_write(sie, 0);
	}
	return true;
}

void hostile_hart(u64 id)
{
	const char *other = machine_bootarg("other");

	(void)do_all(other ? other : machine_bootarg("do"), id);
	(void)sbi(SBI_EXT_HSM, HSM_HART_STOP);
}

void guest_main(void)
{
	(void)have_sstc(); /* it traps to find out */
	memset(buffer, (int)machine_bootarg_number("fill"), sizeof(buffer));
	hart_number = machine_bootarg_number("harts");
	from = ms(machine_bootarg_number("from"));
	each = ms(machine_bootarg_number("each"));
	end = ms(machine_bootarg_number("for"));
	csr_write(stvec, (u64)skip_trap);
	for (u64 i = 1; i < hart_number; i++)
		(void)sbi(SBI_EXT_HSM, HSM_HART_START, i, (u64)hostile_entry, 0);
	if (!machine_bootarg("do") || !do_all(machine_bootarg("do"), 0))
		print("Bail out! no such act\n");
	power_off(1);
}
