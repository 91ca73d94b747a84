/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime of limen's bare-metal test guests.
 *
 * A guest runs in (V)S-mode, entered like a Linux Image (a0 = hart id, a1 = device tree) at RAM
 * base + 2 MiB, over an SBI v3.0 implementation: limen, or OpenSBI when it runs bare. It shares
 * no code with the hypervisor, so that a mistake is not made on both sides.
 *
 * A guest of tests fills guest_tests[]; the runtime runs them, prints TAP on the console and powers
 * the machine off through SRST, with reason 0 if all passed and 1 (system failure) otherwise. A
 * guest of another kind defines guest_main() instead.
 *
 * Every hart has a struct hart: tp and (outside the trap handler) sscratch point at it. The first
 * hart to arrive is number 0 whatever its hart id. Traps run on a stack of their own, so code under
 * test may put anything into any register.
 */
#ifndef GUEST_RT_H
#define GUEST_RT_H

/* What start.S knows of struct hart: offsets in bytes, checked in trap.c. */
#define HART_X		0
#define HART_SSTATUS	256
#define HART_SCAUSE	264
#define HART_STVAL	272
#define HART_STACK	280
#define HART_TRAP_STACK 288
#define HART_JMP	296
#define HART_CATCHING	408
#define HART_ID		416
#define HART_ENTRY	424
#define HART_SIZE_SHIFT 11
#define MAX_HARTS	8
#define STACK_SIZE	16384

#define SSTATUS_SIE  (1UL << 1)
#define SSTATUS_SPIE (1UL << 5)
#define SSTATUS_SPP  (1UL << 8)
#define SSTATUS_VS   (3UL << 9)
#define SSTATUS_FS   (3UL << 13)
#define SSTATUS_SUM  (1UL << 18)

#define IRQ_SOFT  1
#define IRQ_TIMER 5
#define IRQ_EXT	  9

/* By number: the assembler's -march does not know the name. */
#define CSR_STIMECMP 0x14d

#include "sbi.h"

#ifndef __ASSEMBLER__

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define csr_read(csr)                                                    \
	({                                                               \
		u64 v_;                                                  \
		__asm__ volatile("csrr %0, " #csr : "=r"(v_)::"memory"); \
		v_;                                                      \
	})
#define csr_write(csr, v) __asm__ volatile("csrw " #csr ", %0" ::"rK"((u64)(v)) : "memory")
#define csr_set(csr, v)	  __asm__ volatile("csrs " #csr ", %0" ::"rK"((u64)(v)) : "memory")
#define csr_clear(csr, v) __asm__ volatile("csrc " #csr ", %0" ::"rK"((u64)(v)) : "memory")

#define wfi() __asm__ volatile("wfi" ::: "memory")

#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* ---- harts -------------------------------------------------------------------------------- */

/* A trap that was caught: registers at that moment (x[0] is unused) and the trap CSRs. */
struct trap {
	u64 x[32];
	u64 sepc;
	u64 sstatus;
	u64 scause;
	u64 stval;
};

struct hart {
	/* start.S */
	u64 x[32]; /* of the interrupted code; x[0] is sepc */
	u64 sstatus;
	u64 scause;
	u64 stval;
	u64 stack;
	u64 trap_stack;
	u64 jmp[14]; /* ra, sp, s0..s11 of who called trap_try() or trap_run() */
	u64 catching;
	u64 id;	      /* its hart id */
	u64 entry[4]; /* a0, a1, satp, sstatus as the hart came in */
	/* C only */
	u64 sie_at_catch;
	struct trap trap;      /* the last one caught */
	volatile u64 irqs[16]; /* interrupts taken, by cause */
	void (*on_irq[16])(struct hart *h);
	void (*fn)(u64 arg); /* what a secondary hart is to do */
	u64 arg;
	volatile u32 starts; /* how many times it came in */
	u32 index;
} __attribute__((aligned(1 << HART_SIZE_SHIFT)));

extern struct hart harts[MAX_HARTS];

static inline struct hart *this_hart(void)
{
	struct hart *h;

	__asm__ volatile("mv %0, tp" : "=r"(h));
	return h;
}

/* How many harts the device tree names. */
unsigned int hart_count(void);

/* Starts hart i (by number, 1..) at fn(arg); its HSM opaque value is arg too. The SBI error. */
long hart_start(unsigned int i, void (*fn)(u64 arg), u64 arg);

/* Waits until hart i has ended its function and stopped. False after twenty seconds. */
bool hart_join(unsigned int i);

/* Where a hart begins that is started by a call of its own making. */
void secondary_entry(void);

/* ---- traps -------------------------------------------------------------------------------- */

#define NO_TRAP (~0UL)

/* Calls fn(arg). If it traps, what is left of fn is dropped. Returns the cause, or NO_TRAP; the
 * details are in this_hart()->trap. */
u64 trap_try(void (*fn)(u64 arg), u64 arg);

/* Loads x1..x31 from x[] and runs at pc with interrupts off until the next exception (an ebreak
 * put there, as a rule). spp is SSTATUS_SPP to run in S-mode, 0 for U-mode (where interrupts that
 * sie enables are taken). Returns the cause; registers are in this_hart()->trap. */
u64 trap_run(const u64 x[32], u64 pc, u64 spp);

static inline void irq_on(void)
{
	csr_set(sstatus, SSTATUS_SIE);
}

static inline void irq_off(void)
{
	csr_clear(sstatus, SSTATUS_SIE);
}

/* ---- time --------------------------------------------------------------------------------- */

static inline u64 now(void)
{
	u64 t;

	__asm__ volatile("rdtime %0" : "=r"(t)::"memory");
	return t;
}

/* Milliseconds and microseconds in ticks of the time CSR. */
u64 ms(u64 n);
u64 us(u64 n);

/* Of left, what has gone since last was now(); false if that is all. A gap in which this hart cannot
 * have looked, since the computer had no CPU for it or another vCPU its hart, counts a millisecond: who is
 * waited for had no more of the time than we. */
bool patience(u64 *last, u64 *left);

/* Spins until cond holds; false after ms_ milliseconds of patience(). */
#define wait_for(cond, ms_)                                         \
	({                                                          \
		u64 last_ = now(), left_ = ms(ms_);                 \
		bool ok_;                                           \
		while (!(ok_ = (cond)) && patience(&last_, &left_)) \
			;                                           \
		ok_;                                                \
	})

/* For i from first on: n rounds, but after 50 of them no more than ms_ milliseconds' worth. Rounds
 * in which harts spin for each other take a time slice each where harts share one. */
#define for_rounds(i, first, n, ms_)          \
	for (u64 i = (first), begin_ = now(); \
	     i < (n) && (i < 50 || now() - begin_ < ms(ms_)) && !test_failed(); i++)

/* Whether stimecmp can be touched. Tried, not believed. */
bool have_sstc(void);

/* Sets the next timer interrupt: stimecmp if it is there, else SBI. Clears one that is pending. */
void timer_set(u64 deadline);

static inline void stimecmp_write(u64 v)
{
	__asm__ volatile("csrw 0x14d, %0" ::"r"(v) : "memory");
}

/* ---- the machine, out of the device tree --------------------------------------------------- */

struct machine {
	u64 dtb;
	u64 dtb_size;
	u64 ram_base;
	u64 ram_size;
	u64 timebase;
	unsigned int nharts;
	struct {
		u64 id;
		u32 intc; /* phandle of its interrupt controller */
	} hart[MAX_HARTS];
	u64 uart;
	u64 uart_size;
	u32 uart_irq;
	u64 plic; /* 0: none */
	u64 plic_size;
	const void *plic_ext; /* interrupts-extended */
	unsigned int plic_ext_len;
	u64 imsic; /* the first hart's page; 0: no interrupt files */
	u32 imsic_ids, imsic_guest_bits;
	const void *imsic_ext; /* interrupts-extended */
	unsigned int imsic_ext_len;
	u64 aplic; /* 0: none */
	u32 aplic_sources;
	const char *isa; /* riscv,isa-extensions, or riscv,isa, of one hart */
	unsigned int isa_len;
	bool isa_is_list;
	const u8 *seed; /* rng-seed; NULL: none */
	unsigned int seed_len;
	const char *bootargs; /* NULL: none */
};

extern struct machine machine;

/* Reads the tree at address dtb. What is not there stays zero. */
void machine_read(u64 dtb);

/* Whether the tree lists this ISA extension. */
bool machine_has(const char *ext);

/* What stands behind "name=" in the boot arguments, up to the next space or the end; NULL: it is not
 * there. And the number there, 0 without it. */
const char *machine_bootarg(const char *name);
u64 machine_bootarg_number(const char *name);

/* The PLIC context of a hart's S-mode external interrupt, -1 if the tree has none. */
int machine_plic_context(const struct hart *h);

/* Which of the interrupt files is a hart's, -1 if none. */
int machine_imsic_index(const struct hart *h);

/* Whether this is OpenSBI and not limen: the few things that rightly differ. */
bool bare(void);

/* ---- pages -------------------------------------------------------------------------------- */

#define PTE_V	  0x01UL
#define PTE_R	  0x02UL
#define PTE_W	  0x04UL
#define PTE_X	  0x08UL
#define PTE_A	  0x40UL
#define PTE_D	  0x80UL
#define PTE_RWX	  (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define PTE_RW	  (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define PAGE_SIZE 4096UL

/* Turns Sv39 on for this hart, everything below 4 GiB at its own address. */
void mmu_on(u64 asid);
void mmu_off(void);

/* The level-0 entry of va (made if need be) in the one page table all harts share. va is at or
 * above MMU_ALIAS. */
#define MMU_ALIAS 0x2000000000UL
volatile u64 *mmu_pte(u64 va);

/* The last table of the walk for va's 2 MiB is at physical address table, whatever is there. */
void mmu_table_at(u64 va, u64 table);

static inline u64 mmu_leaf(u64 pa, u64 flags)
{
	return (pa >> 12) << 10 | flags;
}

/* ---- output and tests ---------------------------------------------------------------------- */

void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Powers the machine off; reason as in SRST (0, 1). */
void power_off(u64 reason) __attribute__((noreturn));

struct test {
	const char *name;
	void (*fn)(void);
};

/* Ends with an entry of zeros. */
extern const struct test guest_tests[];

/* Why all of them are to be skipped, or NULL. May be left undefined. */
const char *guest_needs(void);

/* Runs guest_tests[] unless the guest has its own. */
void guest_main(void);

/* Notes a failure of the test that runs; the first one becomes its line's details. Any hart. */
void test_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Marks the test that runs as skipped. */
void test_skip(const char *why);

/* Whether the test that runs has failed already. */
bool test_failed(void);

#define T_OK(cond)                                                 \
	({                                                         \
		bool c_ = (cond);                                  \
		if (!c_)                                           \
			test_fail("line %d: %s", __LINE__, #cond); \
		c_;                                                \
	})

#define T_EQ(a, b)                                                                              \
	({                                                                                      \
		u64 a_ = (u64)(a), b_ = (u64)(b);                                               \
		if (a_ != b_)                                                                   \
			test_fail("line %d: %s is 0x%lx, not %s (0x%lx)", __LINE__, #a, a_, #b, \
				  b_);                                                          \
		a_ == b_;                                                                       \
	})

#define SKIP_IF(cond, why)              \
	do {                            \
		if (cond) {             \
			test_skip(why); \
			return;         \
		}                       \
	} while (0)

#endif /* __ASSEMBLER__ */
#endif
