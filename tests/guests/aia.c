// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupt files and APLIC (RISC-V Advanced Interrupt Architecture 1.0): registers through siselect,
 * sireg and stopei, the files' pages, messages between harts that run, sleep, are stopped and suspended,
 * and lines and messages through the APLIC; or, without interrupt files, what the APLIC delivers itself.
 *
 * # expect: pass
 * # harts: 2
 */
#include "imsic.h"

#define SSIP (1UL << IRQ_SOFT)
#define STIP (1UL << IRQ_TIMER)

#define ILLEGAL	     2
#define LOAD_ACCESS  5
#define STORE_ACCESS 7
#define NOT_YET	     0xffffffffU

static unsigned int nharts;

const char *guest_needs(void)
{
	if (!machine.aplic)
		return "no AIA";
	nharts = hart_count() < MAX_HARTS ? hart_count() : MAX_HARTS;
	return NULL;
}

#define NEED_FILES() SKIP_IF(!machine.imsic, "no interrupt files")

/* ---- registers ---------------------------------------------------------------------------------- */

static u32 ids(void)
{
	return machine.imsic_ids;
}

static void number_of_identities(void)
{
	NEED_FILES();
	T_OK(ids() >= 63 && ids() <= 2047 && ids() % 64 == 63);
	file_reset(false);
	for (u32 w = 0; w <= ids() / 64; w++) {
		file_write(EIE0 + 2 * w, ~0UL);
		T_EQ(file_read(EIE0 + 2 * w), w ? ~0UL : ~1UL);
	}
	file_reset(false);
}

static void delivery_and_threshold(void)
{
	NEED_FILES();
	file_reset(false);
	file_write(EIDELIVERY, 1);
	T_EQ(file_read(EIDELIVERY), 1);
	file_clear(EIDELIVERY, 1);
	T_EQ(file_read(EIDELIVERY), 0);
	file_set(EIDELIVERY, 1);
	T_EQ(file_read(EIDELIVERY), 1);
	file_write(EITHRESHOLD, ids());
	T_EQ(file_read(EITHRESHOLD), ids());
	file_write(EITHRESHOLD, 0);
	T_EQ(file_read(EITHRESHOLD), 0);
}

/* One word: written, set and cleared; bit 0 of the first is no identity. */
static void array_word(u64 reg, u64 legal)
{
	file_write(reg, 0x5555555555555555);
	T_EQ(file_read(reg), 0x5555555555555555 & legal);
	file_set(reg, 0xf0);
	T_EQ(file_read(reg), 0x55555555555555f5 & legal);
	file_clear(reg, 0x55);
	T_EQ(file_read(reg), 0x55555555555555a0 & legal);
	file_write(reg, ~0UL);
	T_EQ(file_read(reg), legal);
	file_write(reg, 0);
	T_EQ(file_read(reg), 0);
}

static void arrays(void)
{
	NEED_FILES();
	file_reset(false);
	for (u32 w = 0; w <= ids() / 64 && !test_failed(); w++) {
		array_word(EIP0 + 2 * w, w ? ~0UL : ~1UL);
		array_word(EIE0 + 2 * w, w ? ~0UL : ~1UL);
	}
}

static u64 got;

static void read_reg(u64 reg)
{
	got = file_read(reg);
}

static void write_reg(u64 reg)
{
	file_write(reg, ~0UL);
}

static void is_illegal(u64 reg)
{
	T_EQ(trap_try(read_reg, reg), ILLEGAL);
	T_EQ(trap_try(write_reg, reg), ILLEGAL);
}

static void registers_there_are_not(void)
{
	static const u64 none[] = {0, 1, 0x2f, 0x40, 0x6f, 0x100, 0x130, 0x1ff};

	NEED_FILES();
	file_reset(false);
	for (u64 odd = EIP0 + 1; odd < 0x100 && !test_failed(); odd += 2)
		is_illegal(odd);
	for (u32 i = 0; i < ARRAY_SIZE(none); i++)
		is_illegal(none[i]);
}

/* Those beyond the last identity, and the reserved ones: 0, or none at all. What is written has no
 * effect on others. */
static void registers_beyond(void)
{
	static const u64 reserved[] = {0x71, 0x73, 0x7f};

	NEED_FILES();
	file_reset(false);
	for (u64 reg = EIP0 + 2 * (ids() / 64 + 1); reg < EIE0; reg += 2) {
		(void)trap_try(write_reg, reg);
		T_OK(trap_try(read_reg, reg) != NO_TRAP || !got);
	}
	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++) {
		(void)trap_try(write_reg, reserved[i]);
		T_OK(trap_try(read_reg, reserved[i]) != NO_TRAP || !got);
	}
	T_EQ(file_read(EIDELIVERY), 0);
	T_EQ(file_read(EITHRESHOLD), 0);
	T_EQ(file_read(EIP0), 0);
	T_EQ(file_read(EIE0), 0);
}

static void priorities_of_major_interrupts(void)
{
	NEED_FILES();
	SKIP_IF(bare(), "QEMU has priorities of major interrupts");
	for (u64 reg = 0x30; reg < 0x40 && !test_failed(); reg++) {
		if (reg & 1) {
			is_illegal(reg);
			continue;
		}
		T_EQ(trap_try(write_reg, reg), NO_TRAP);
		T_EQ(trap_try(read_reg, reg), NO_TRAP);
		T_EQ(got, 0);
	}
}

static void not_for_user_mode(void)
{
	static const u32 insn[] = {
		0x15c02573, /* csrr a0, stopei */
		0x15101573, /* csrrw a0, sireg, zero */
		0x15002573, /* csrr a0, siselect */
	};
	static u32 code[ARRAY_SIZE(insn)][2];
	static u64 x[32];

	NEED_FILES();
	for (u32 i = 0; i < ARRAY_SIZE(insn); i++) {
		code[i][0] = insn[i];
		code[i][1] = 0x00100073; /* ebreak */
		__asm__ volatile("fence.i" ::: "memory");
		T_EQ(trap_run(x, (u64)code[i], 0), ILLEGAL);
	}
}

/* ---- claims ------------------------------------------------------------------------------------- */

static void send_self(u32 id)
{
	file_send(0, id);
}

/* It has arrived: loads and stores of one address stay in order. */
static void settle(void)
{
	(void)*file_page(0);
}

static void claim_order(void)
{
	u32 some[] = {ids(), 3, 65, 17, 63};

	NEED_FILES();
	file_reset(true);
	for (u32 i = 0; i < ARRAY_SIZE(some); i++) {
		if (some[i] > ids())
			continue;
		file_enable(some[i]);
		send_self(some[i]);
	}
	settle();
	T_EQ(csr_read(sip) & SEIP, SEIP);
	T_EQ(file_top(), 3UL << 16 | 3);
	T_EQ(file_top(), 3UL << 16 | 3); /* a read claims nothing */
	T_EQ(file_claim(), 3);
	T_EQ(file_claim(), 17);
	T_EQ(file_claim(), 63);
	if (ids() > 63) {
		T_EQ(file_claim(), 65);
		T_EQ(file_claim(), ids());
	}
	T_EQ(file_claim(), 0);
	T_EQ(csr_read(sip) & SEIP, 0);
}

/* All forms that write claim; those that do not, do not. */
static void claim_forms(void)
{
	u64 v;

	NEED_FILES();
	file_reset(true);
	file_write(EIE0, ~0UL);
	file_write(EIP0, 0x1e);
	__asm__ volatile("csrrs %0, 0x15c, zero" : "=r"(v)::"memory");
	T_EQ(v, 1UL << 16 | 1);
	__asm__ volatile("csrrci %0, 0x15c, 0" : "=r"(v)::"memory");
	T_EQ(v, 1UL << 16 | 1);
	__asm__ volatile("csrrsi %0, 0x15c, 1" : "=r"(v)::"memory");
	T_EQ(v, 1UL << 16 | 1);
	__asm__ volatile("csrrc %0, 0x15c, %1" : "=r"(v) : "r"(~0UL) : "memory");
	T_EQ(v, 2UL << 16 | 2);
	csr_write(0x15c, ~0UL);
	T_EQ(file_claim(), 4);
	T_EQ(file_claim(), 0);
}

static void thresholds(void)
{
	NEED_FILES();
	file_reset(true);
	file_enable(20);
	send_self(20);
	settle();
	file_write(EITHRESHOLD, 20);
	T_EQ(file_top(), 0);
	T_EQ(csr_read(sip) & SEIP, 0);
	file_write(EITHRESHOLD, 21);
	T_EQ(file_top(), 20UL << 16 | 20);
	T_EQ(csr_read(sip) & SEIP, SEIP);
	file_write(EITHRESHOLD, 0);
	file_write(EIDELIVERY, 0);
	T_EQ(csr_read(sip) & SEIP, 0);
	T_EQ(file_claim(), 20); /* claimed whether delivered or not */
}

/* What came before it was enabled, or delivered, is there. */
static void early_message(void)
{
	NEED_FILES();
	file_reset(false);
	send_self(33);
	settle();
	T_EQ(file_pending(33), true);
	T_EQ(file_top(), 0);
	file_enable(33);
	T_EQ(csr_read(sip) & SEIP, 0);
	file_write(EIDELIVERY, 1);
	T_EQ(csr_read(sip) & SEIP, SEIP);
	file_clear(EIE0, 1UL << 33);
	T_EQ(csr_read(sip) & SEIP, 0);
	file_set(EIE0, 1UL << 33);
	file_clear(EIP0, 1UL << 33);
	T_EQ(csr_read(sip) & SEIP, 0);
	T_EQ(file_claim(), 0);
}

/* sip.SEIP is the interrupt, and stopi says so. */
static void interrupts(void)
{
	struct hart *h = this_hart();

	NEED_FILES();
	file_reset(true);
	file_enable(5);
	T_EQ(csr_read(0xdb0), 0);
	csr_set(sie, SEIP);
	send_self(5);
	settle();
	T_EQ(csr_read(0xdb0) >> 16, IRQ_EXT);
	irq_on();
	T_OK(wait_for(h->irqs[IRQ_EXT], 20000));
	irq_off();
	T_EQ(h->irqs[IRQ_EXT], 1);
	T_EQ(file_claim(), 5);
	T_EQ(csr_read(0xdb0), 0);
}

/* ---- the page ----------------------------------------------------------------------------------- */

static u64 nothing_pending(void)
{
	u64 any = 0;

	for (u32 w = 0; w <= ids() / 64; w++)
		any |= file_read(EIP0 + 2 * w);
	return !any;
}

static void identities_there_are_not(void)
{
	u32 none[] = {0, ids() + 1, 2047 == ids() ? 2048 : 2047, 0x10001, 0x80000000, 0xffffffff};

	NEED_FILES();
	file_reset(true);
	for (u32 w = 0; w <= ids() / 64; w++)
		file_write(EIE0 + 2 * w, ~0UL);
	for (u32 i = 0; i < ARRAY_SIZE(none); i++)
		send_self(none[i]);
	settle();
	T_OK(nothing_pending());
	T_EQ(file_top(), 0);
	send_self(ids());
	settle();
	T_EQ(file_claim(), ids());
}

/* Offset 4 is the big-endian port, which need not be there; the others are nothing. */
static void rest_of_the_page(void)
{
	static const u32 at[] = {4, 8, 0x7c, 0x800, 0xffc};

	NEED_FILES();
	file_reset(true);
	file_write(EIE0, ~0UL);
	for (u32 i = 0; i < ARRAY_SIZE(at); i++) {
		T_EQ(file_page(0)[at[i] / 4], 0);
		file_page(0)[at[i] / 4] = 9;
	}
	T_EQ(*file_page(0), 0);
	T_OK(nothing_pending());
}

#define ACCESS(name, type, how)                                                \
	static void name(u64 off)                                              \
	{                                                                      \
		volatile type *p = (volatile type *)((u64)file_page(0) + off); \
		how;                                                           \
	}
ACCESS(load_1, u8, (void)*p)
ACCESS(load_2, u16, (void)*p)
ACCESS(load_8, u64, (void)*p)
ACCESS(store_1, u8, *p = 9)
ACCESS(store_2, u16, *p = 9)
ACCESS(store_8, u64, *p = 9)
ACCESS(load_4, u32, (void)*p)
ACCESS(store_4, u32, *p = 9)

/* Such an access should be an access fault, but a file of the hardware may ignore it (section 3.5); what it
 * must not do is count as another. One that is misaligned may be told as that. */
static void refused_or_ignored(void (*access)(u64 off), u64 off, u64 fault, bool misaligned)
{
	u64 cause = trap_try(access, off);

	if (cause != NO_TRAP && cause != fault && !(misaligned && cause == fault - 1))
		test_fail("an access at %lu: cause %lu", off, cause);
}

static void other_widths(void)
{
	NEED_FILES();
	file_reset(true);
	file_write(EIE0, ~0UL);
	refused_or_ignored(load_1, 0, LOAD_ACCESS, false);
	refused_or_ignored(load_1, 3, LOAD_ACCESS, false);
	refused_or_ignored(load_2, 0, LOAD_ACCESS, false);
	refused_or_ignored(load_8, 0, LOAD_ACCESS, false);
	refused_or_ignored(load_4, 2, LOAD_ACCESS, true);
	refused_or_ignored(store_1, 0, STORE_ACCESS, false);
	refused_or_ignored(store_2, 0, STORE_ACCESS, false);
	refused_or_ignored(store_8, 0, STORE_ACCESS, false);
	refused_or_ignored(store_4, 2, STORE_ACCESS, true);
	refused_or_ignored(store_4, 1, STORE_ACCESS, true);
	T_OK(nothing_pending());
}

/* ---- messages between harts --------------------------------------------------------------------- */

#define NEED_TWO()    \
	NEED_FILES(); \
	SKIP_IF(nharts < 2, "one hart")

static void counted(void)
{
	NEED_TWO();
	T_OK(messages_count(nharts, 1500, false) > 500 || test_failed());
}

static void counted_with_naps(void)
{
	NEED_TWO();
	T_OK(messages_count(nharts, 1500, true) > 200 || test_failed());
}

#define ROUNDS 3000

static volatile u64 token;
static volatile u32 gate;
static volatile u64 expired;
static volatile bool over;
static u64 enough;

static void on_timer(struct hart *h)
{
	(void)h;
	expired++;
	timer_set(~0UL);
}

static void on_ext(struct hart *h)
{
	(void)h;
	while (file_claim())
		;
}

static void meet(void)
{
	__atomic_fetch_add(&gate, 1, __ATOMIC_ACQ_REL);
	while (gate < nharts)
		;
}

/* Sleeps until it is its turn. Only a message wakes it: the timer says that none did. */
static bool sleep_for_turn(u64 turn)
{
	irq_off();
	timer_set(now() + ms(10000));
	while (__atomic_load_n(&token, __ATOMIC_ACQUIRE) != turn && !over && !test_failed()) {
		wfi();
		irq_on();
		irq_off();
		if (expired)
			test_fail("hart %u was not woken for turn %lu", this_hart()->index, turn);
	}
	return !over && !test_failed();
}

/* The first hart says when it is enough. */
static void all_over(void)
{
	over = true;
	for (unsigned int i = 0; i < nharts; i++)
		file_send(i, 7);
}

/* Each turn wakes the next hart, amid SBI's IPIs, which nobody's sie lets through. */
static void pass_token(u64 me)
{
	struct hart *h = this_hart();

	file_reset(true);
	file_enable(7);
	h->on_irq[IRQ_EXT] = on_ext;
	h->on_irq[IRQ_TIMER] = on_timer;
	csr_set(sie, SEIP | STIP);
	meet();
	for (u64 mine = me; sleep_for_turn(mine); mine += nharts) {
		u64 next = (me + 1) % nharts;

		if (me == 0 && (mine >= ROUNDS * nharts || now() >= enough))
			break;
		for (u64 n = 0; n <= mine % 8; n++)
			sbi_send_ipi(1, harts[next].id);
		__atomic_store_n(&token, mine + 1, __ATOMIC_RELEASE);
		for (volatile u64 n = 0; n < mine % 5 * 2000;)
			n++;
		file_send((unsigned int)next, 7);
		sbi_send_ipi(1, harts[next].id);
	}
	all_over();
	irq_off();
	csr_write(sie, 0);
	timer_set(~0UL);
}

static void wake_up(void)
{
	NEED_TWO();
	token = 0;
	gate = 0;
	expired = 0;
	over = false;
	enough = now() + ms(4000);
	for (unsigned int i = 1; i < nharts; i++)
		T_EQ(hart_start(i, pass_token, i), 0);
	pass_token(0);
	for (unsigned int i = 1; i < nharts; i++)
		T_OK(wait_for(sbi_hart_status(harts[i].id).value == HSM_STOPPED, 60000));
	T_OK(token > 50 || test_failed());
}

/* ---- starts, stops and suspends ----------------------------------------------------------------- */

static volatile u64 eip_seen, eie_seen, delivery_seen;

static void look(u64 id)
{
	u64 end_ = now() + ms(id ? 10000 : 0);

	eie_seen = file_read(EIE0);
	delivery_seen = file_read(EIDELIVERY);
	while (id && !file_pending((u32)id) && now() < end_)
		;
	eip_seen = file_read(EIP0);
	file_reset(true);
	file_write(EIE0, 0xff00);
	file_write(EIP0, 0xff00);
}

/* A hart that is started has an empty file but for what was sent while it was stopped, or since. */
static void start_anew(void)
{
	NEED_TWO();
	SKIP_IF(bare(), "OpenSBI leaves a hart's file as it is");
	T_EQ(hart_start(1, look, 0), 0);
	T_OK(hart_join(1));
	for (u32 i = 0; i < 100 && !test_failed(); i++) {
		T_EQ(hart_start(1, look, 0), 0);
		T_OK(hart_join(1));
		T_EQ(eip_seen, 0);
		T_EQ(eie_seen, 0);
		T_EQ(delivery_seen, 0);
	}
}

static void sent_while_stopped(void)
{
	NEED_TWO();
	SKIP_IF(bare(), "OpenSBI leaves a hart's file as it is");
	for (u32 i = 0; i < 100 && !test_failed(); i++) {
		file_send(1, 5);
		T_EQ(hart_start(1, look, 6), 0);
		file_send(1, 6);
		T_OK(hart_join(1));
		T_EQ(eip_seen, 0x60);
	}
}

static u64 suspend_type;
static volatile u32 woken_by;
static volatile bool about_to_sleep;

static void woken(u64 arg)
{
	(void)arg;
	woken_by = file_claim();
}

/* Non-retentive, it comes back through secondary_entry, to `woken`. */
static void sleep_deep(u64 arg)
{
	struct hart *h = this_hart();

	(void)arg;
	file_reset(true);
	file_enable(11);
	csr_set(sie, SEIP);
	h->fn = woken;
	about_to_sleep = true;
	sbi(SBI_EXT_HSM, HSM_HART_SUSPEND, suspend_type, (u64)secondary_entry, 0);
	woken(0);
}

static void suspend(u64 type)
{
	for (u32 i = 0; i < 50 && !test_failed(); i++) {
		suspend_type = type;
		woken_by = NOT_YET;
		about_to_sleep = false;
		T_EQ(hart_start(1, sleep_deep, 0), 0);
		T_OK(wait_for(about_to_sleep, 20000));
		if (i % 2)
			T_OK(wait_for(sbi_hart_status(harts[1].id).value == HSM_SUSPENDED, 20000));
		file_send(1, 12); /* is not enabled */
		file_send(1, 11);
		T_OK(wait_for(woken_by != NOT_YET, 20000));
		T_EQ(woken_by, 11);
		T_OK(hart_join(1));
	}
}

static void suspend_retentive(void)
{
	NEED_TWO();
	suspend(HSM_SUSPEND_RETENTIVE);
}

static void suspend_non_retentive(void)
{
	NEED_TWO();
	suspend(HSM_SUSPEND_NON_RETENTIVE);
}

/* ---- APLIC -------------------------------------------------------------------------------------- */

#define DOMAINCFG  0x0
#define SOURCECFG  0x0 /* + 4 * source */
#define SETIPNUM   0x1cdc
#define CLRIPNUM   0x1ddc
#define SETIENUM   0x1edc
#define CLRIENUM   0x1fdc
#define GENMSI	   0x3000
#define TARGET	   0x3000 /* + 4 * source */
#define IDELIVERY  0x00
#define IFORCE	   0x04
#define ITHRESHOLD 0x08
#define TOPI	   0x18
#define CLAIMI	   0x1c

#define IE (1U << 8)
#define DM (1U << 2)

#define INACTIVE 0
#define DETACHED 1
#define LEVEL1	 6

#define UART_IER 1
#define IER_THRI 2

static volatile u32 *aplic(u64 offset)
{
	return (volatile u32 *)(machine.aplic + offset);
}

static volatile u8 *uart(u32 r)
{
	return (volatile u8 *)machine.uart + r;
}

static u32 hart_index(unsigned int i)
{
	int index = machine.imsic ? machine_imsic_index(&harts[i]) : (int)harts[i].id;

	return (u32)index << 18;
}

/* A source that no device of the test's has. */
static u32 free_source(void)
{
	return machine.uart_irq == 3 ? 4 : 3;
}

static void aplic_reset(u32 domaincfg)
{
	*uart(UART_IER) = 0;
	*aplic(DOMAINCFG) = 0;
	for (u32 s = 1; s <= machine.aplic_sources; s++)
		*aplic(SOURCECFG + 4 * s) = INACTIVE;
	*aplic(DOMAINCFG) = domaincfg;
}

static void aplic_open(u32 source, u32 mode, u32 target)
{
	*aplic(SOURCECFG + 4 * source) = mode;
	*aplic(TARGET + 4 * source) = target;
	*aplic(SETIENUM) = source;
}

static void domain(void)
{
	aplic_reset(machine.imsic ? DM | IE : IE);
	T_EQ(*aplic(DOMAINCFG), 0x80000000 | IE | (machine.imsic ? DM : 0));
	aplic_reset(0);
}

/* A level: one message as it rises, another if the guest asks while it is high. */
static void line_to_message(void)
{
	u32 line = machine.uart_irq;

	NEED_FILES();
	file_reset(true);
	file_enable(20);
	aplic_reset(DM | IE);
	aplic_open(line, LEVEL1, hart_index(0) | 20);
	T_EQ(file_claim(), 0);
	*uart(UART_IER) = IER_THRI;
	T_OK(wait_for(file_top(), 20000));
	T_EQ(file_claim(), 20);
	T_OK(!wait_for(file_top(), 5));
	*aplic(SETIPNUM) = line;
	T_OK(wait_for(file_top(), 20000));
	T_EQ(file_claim(), 20);
	*uart(UART_IER) = 0;
	*aplic(SETIPNUM) = line; /* it is low: nothing to ask for */
	T_OK(!wait_for(file_top(), 5));
	*uart(UART_IER) = IER_THRI;
	T_OK(wait_for(file_claim() == 20, 20000));
	aplic_reset(0);
}

static void written_to_message(void)
{
	u32 source = free_source();

	NEED_FILES();
	file_reset(true);
	file_enable(21);
	file_enable(22);
	aplic_reset(DM | IE);
	aplic_open(source, DETACHED, hart_index(0) | 21);
	*aplic(SETIPNUM) = source;
	T_OK(wait_for(file_top(), 20000));
	T_EQ(file_claim(), 21);
	*aplic(CLRIENUM) = source;
	*aplic(SETIPNUM) = source;
	T_OK(!wait_for(file_top(), 5));
	*aplic(SETIENUM) = source; /* it is pending still */
	T_OK(wait_for(file_claim() == 21, 20000));
	*aplic(GENMSI) = hart_index(0) | 22;
	T_OK(wait_for(file_top(), 20000));
	T_EQ(file_claim(), 22);
	aplic_reset(0);
}

static volatile u32 other_saw;

static void wait_for_message(u64 id)
{
	u32 seen = 0;

	file_reset(true);
	file_enable((u32)id);
	other_saw = NOT_YET;
	(void)wait_for((seen = file_claim()), 20000);
	other_saw = seen;
}

static void message_to_another(void)
{
	NEED_TWO();
	aplic_reset(DM | IE);
	other_saw = 0;
	T_EQ(hart_start(1, wait_for_message, 23), 0);
	T_OK(wait_for(other_saw == NOT_YET, 20000));
	*aplic(GENMSI) = hart_index(1) | 23;
	T_OK(hart_join(1));
	T_EQ(other_saw, 23);
	aplic_reset(0);
}

/* To a hart, or a file of its guests, that does not exist; or with an identity it has not. */
static void message_to_nobody(void)
{
	u32 source = free_source();
	u32 none[] = {0x3fffU << 18 | 24, 64U << 18 | 24, nharts << 18 | 24, hart_index(0),
		      hart_index(0) | 2047};

	NEED_FILES();
	SKIP_IF(bare(), "QEMU takes the low bits of a hart index");
	file_reset(true);
	for (u32 w = 0; w <= ids() / 64; w++)
		file_write(EIE0 + 2 * w, ~0UL);
	aplic_reset(DM | IE);
	for (u32 i = 0; i < ARRAY_SIZE(none); i++) {
		if (ids() == 2047 && i == 4)
			continue;
		aplic_open(source, DETACHED, none[i]);
		*aplic(SETIPNUM) = source;
		*aplic(GENMSI) = none[i];
	}
	T_OK(!wait_for(file_top(), 5));
	T_OK(nothing_pending());
	aplic_open(source, DETACHED, hart_index(0) | 25);
	*aplic(SETIPNUM) = source;
	T_OK(wait_for(file_claim() == 25, 20000));
	aplic_reset(0);
}

/* ---- APLIC alone -------------------------------------------------------------------------------- */

#define ALONE() SKIP_IF(machine.imsic, "with interrupt files")

static volatile u32 *idc(u32 r)
{
	return aplic(0x4000 + 32 * (hart_index(0) >> 18) + r);
}

static bool pending(void)
{
	return csr_read(sip) & SEIP;
}

static void idc_open(void)
{
	aplic_reset(IE);
	*idc(IDELIVERY) = 1;
	*idc(ITHRESHOLD) = 0;
	*idc(IFORCE) = 0;
}

static void direct_line(void)
{
	u32 line = machine.uart_irq;

	ALONE();
	idc_open();
	aplic_open(line, LEVEL1, hart_index(0) | 2);
	T_EQ(pending(), false);
	*uart(UART_IER) = IER_THRI;
	T_OK(wait_for(pending(), 20000));
	T_EQ(*idc(TOPI), line << 16 | 2);
	T_EQ(*idc(CLAIMI), line << 16 | 2);
	T_EQ(pending(), true); /* the line is high */
	*idc(ITHRESHOLD) = 2;
	T_EQ(pending(), false);
	*idc(ITHRESHOLD) = 3;
	T_EQ(pending(), true);
	*idc(IDELIVERY) = 0;
	T_EQ(pending(), false);
	*idc(IDELIVERY) = 1;
	*uart(UART_IER) = 0;
	T_OK(wait_for(!pending(), 20000));
	T_EQ(*idc(CLAIMI), 0);
	aplic_reset(0);
}

static void direct_order(void)
{
	ALONE();
	idc_open();
	aplic_open(11, DETACHED, hart_index(0) | 3);
	aplic_open(12, DETACHED, hart_index(0) | 1);
	aplic_open(13, DETACHED, hart_index(0) | 3);
	aplic_open(14, DETACHED, 0x3fffU << 18 | 1); /* no such hart */
	for (u32 s = 11; s <= 14; s++)
		*aplic(SETIPNUM) = s;
	T_EQ(pending(), true);
	T_EQ(*idc(CLAIMI), 12U << 16 | 1);
	T_EQ(*idc(CLAIMI), 11U << 16 | 3);
	*aplic(CLRIPNUM) = 13;
	T_EQ(pending(), false);
	*idc(IFORCE) = 1;
	T_EQ(pending(), true);
	T_EQ(*idc(CLAIMI), 0);
	T_EQ(pending(), false);
	aplic_reset(0);
}

static void on_claim(struct hart *h)
{
	(void)h;
	other_saw = *idc(CLAIMI);
	*uart(UART_IER) = 0;
}

static void direct_interrupt(void)
{
	struct hart *h = this_hart();

	ALONE();
	idc_open();
	aplic_open(machine.uart_irq, LEVEL1, hart_index(0) | 1);
	h->on_irq[IRQ_EXT] = on_claim;
	csr_set(sie, SEIP);
	irq_on();
	*uart(UART_IER) = IER_THRI;
	T_OK(wait_for(h->irqs[IRQ_EXT], 20000));
	irq_off();
	T_EQ(h->irqs[IRQ_EXT], 1);
	T_EQ(other_saw, machine.uart_irq << 16 | 1);
	aplic_reset(0);
}

const struct test guest_tests[] = {
	{"as many identities as the tree says", number_of_identities},
	{"eidelivery and eithreshold", delivery_and_threshold},
	{"eip and eie: write, set, clear", arrays},
	{"registers that do not exist", registers_there_are_not},
	{"registers beyond the last, and reserved ones", registers_beyond},
	{"priorities of major interrupts", priorities_of_major_interrupts},
	{"user mode reaches none of it", not_for_user_mode},
	{"claims in order", claim_order},
	{"what claims, and what does not", claim_forms},
	{"threshold and delivery", thresholds},
	{"a message before it is enabled", early_message},
	{"a message interrupts", interrupts},
	{"identities that do not exist", identities_there_are_not},
	{"the rest of the page", rest_of_the_page},
	{"accesses of other widths, and unaligned", other_widths},
	{"messages among all harts, counted", counted},
	{"the same with naps", counted_with_naps},
	{"messages wake harts that sleep", wake_up},
	{"a hart started anew has an empty file", start_anew},
	{"messages to a stopped hart are kept", sent_while_stopped},
	{"a message ends a retentive suspend", suspend_retentive},
	{"a message ends a non-retentive suspend", suspend_non_retentive},
	{"APLIC: domaincfg", domain},
	{"APLIC: a line becomes messages", line_to_message},
	{"APLIC: setipnum and genmsi", written_to_message},
	{"APLIC: a message to another hart", message_to_another},
	{"APLIC: messages to nobody", message_to_nobody},
	{"APLIC alone: a line", direct_line},
	{"APLIC alone: order and iforce", direct_order},
	{"APLIC alone: interrupts", direct_interrupt},
	{NULL, NULL},
};
