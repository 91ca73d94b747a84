/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host's device tree says of the machine. Read once at boot, by pure code; everything but
 * memory, a usable hart and the timebase may be missing.
 *
 * Specs: Devicetree Specification v0.4; bindings riscv/cpus.yaml, riscv/extensions.yaml,
 * interrupt-controller/sifive,plic-1.0.0.yaml, riscv,aplic.yaml, riscv,imsics.yaml,
 * serial/8250.yaml, reserved-memory.yaml, power/reset/syscon-*.yaml.
 *
 * The tree is not trusted to be well formed. What is wrong is one line of text naming node and
 * property, and is left out; no address handed out reaches past 2^56, the end of what a page table
 * can name, so sums of them do not overflow.
 *
 * Strings point into the tree: it must stay where it is, unchanged, while they are used.
 */
#ifndef HYP_TREE_PLATFORM_H
#define HYP_TREE_PLATFORM_H

#include "arch/arch.h"
#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/types.h"

#define PLATFORM_MEM_MAX      64
#define PLATFORM_RESERVED_MAX 64
#define PLATFORM_CONTEXTS_MAX (2 * HARTS_MAX)
#define PLATFORM_AIA_MAX      8
#define PLATFORM_AIA_REGS_MAX 16
#define PLATFORM_NODES_MAX    4096 /* of the whole tree */
#define PLATFORM_PAGE	      4096
#define PLATFORM_PA_END	      ((u64)1 << 56)
#define PLATFORM_LINE_MAX     200 /* bytes of a line of text, with its NUL */
#define PLATFORM_LINES_MAX    32  /* lines told; then one more says that others are left out */
#define PLATFORM_NO_HART      (~(u64)0)

#define PLATFORM_IRQ_S_EXT 9  /* supervisor external interrupt of a hart */
#define PLATFORM_IRQ_M_EXT 11 /* machine external interrupt of a hart */

struct platform_range {
	hpa_t base;
	u64 size;
};

struct platform_reserved {
	struct platform_range range; /* whole pages around what is reserved */
	bool no_map;		     /* not even a mapping may exist */
};

struct platform_hart {
	u64 id;
	bool usable;	      /* status is okay or absent */
	u8 mmu_bits;	      /* 39, 48, 57; 0: no MMU, or not said */
	u32 intc_phandle;     /* its interrupt controller; 0: none */
	u32 cbom, cboz, cbop; /* cache block sizes in bytes; 0: not said */
	const char *isa;      /* riscv,isa; NULL: none */
	const char *isa_base; /* riscv,isa-base; NULL: none */
	const char *isa_list; /* riscv,isa-extensions, strings one after the other; NULL: none */
	u32 isa_list_size;    /* bytes of isa_list, NULs included */
};

enum platform_uart_kind {
	PLATFORM_UART_NONE,
	PLATFORM_UART_NS16550, /* ns16550a, ns16550 */
	PLATFORM_UART_DW,      /* snps,dw-apb-uart */
	PLATFORM_UART_SIFIVE,  /* sifive,uart0 */
};

/* How a device's wire says that it wants something: the binding's second cell. */
enum platform_trigger {
	PLATFORM_TRIGGER_UNSAID = 0,
	PLATFORM_TRIGGER_RISING = 1,
	PLATFORM_TRIGGER_FALLING = 2,
	PLATFORM_TRIGGER_HIGH = 4,
	PLATFORM_TRIGGER_LOW = 8,
};

/* One interrupt of a device. */
struct platform_irq {
	u32 parent; /* phandle of its controller; 0: the device has none */
	u32 num;    /* number at that controller */
	enum platform_trigger trigger;
};

struct platform_uart {
	enum platform_uart_kind kind;
	struct platform_range reg;
	u32 reg_shift; /* register n is at n << reg_shift */
	u32 reg_width; /* bytes of an access: 1, 2, 4 or 8 */
	u32 clock_hz;  /* 0: not said */
	u32 baud;      /* as firmware set it; 0: not said */
	struct platform_irq irq;
};

struct platform_plic_context {
	u64 hart; /* hart id; PLATFORM_NO_HART: nobody limen knows */
	u32 irq;  /* the hart's interrupt it raises: PLATFORM_IRQ_S_EXT, ..._M_EXT, or any */
};

struct platform_plic {
	bool present;
	struct platform_range reg;
	u32 phandle;
	u32 cells; /* of an interrupt of this controller */
	u32 ndev;  /* interrupt sources: 1 to ndev */
	u32 contexts;
	struct platform_plic_context context[PLATFORM_CONTEXTS_MAX];
};

enum platform_aia_kind { PLATFORM_APLIC, PLATFORM_IMSIC };

#define PLATFORM_NO_TARGET 0xffff

/* A hart that an IMSIC or a domain of an APLIC serves, in the order of interrupts-extended. */
struct platform_aia_target {
	u16 hart;  /* index in struct platform's hart[]; PLATFORM_NO_TARGET: nobody limen knows */
	u16 index; /* APLIC: the hart's index in this domain */
};

struct platform_aia {
	enum platform_aia_kind kind;
	u32 regs; /* of an IMSIC of supervisor level all; else the first */
	struct platform_range reg[PLATFORM_AIA_REGS_MAX];
	u32 phandle;
	u32 cells;	 /* APLIC: of an interrupt of this domain */
	bool supervisor; /* IMSIC: raises S external interrupts; APLIC: so do its harts or its IMSIC */
	u32 num;	 /* IMSIC: interrupt identities; APLIC: sources */
	u32 guest_num;	/* IMSIC: identities of a guest's file */
	u32 msi_parent; /* APLIC: phandle of its IMSIC; 0: wired straight to the harts */
	/* IMSIC: where in an address the file, the hart and the group of harts stand. */
	u32 guest_bits, hart_bits, group_bits, group_shift;
	u32 targets; /* of supervisor level alone */
	struct platform_aia_target target[HARTS_MAX];
};

/* "Write value to the register at reg + offset", as syscon-poweroff and syscon-reboot say. */
struct platform_syscon {
	bool present;
	hpa_t reg; /* offset added */
	u32 value, mask;
	u32 width; /* bytes of the access */
};

struct platform {
	u32 timebase_hz;

	u32 mems; /* ordered, apart from each other, whole pages */
	struct platform_range mem[PLATFORM_MEM_MAX];
	u32 reserveds; /* in tree order; may overlap */
	struct platform_reserved reserved[PLATFORM_RESERVED_MAX];

	u32 harts; /* all cpu nodes, usable or not, in tree order; ids differ */
	struct platform_hart hart[HARTS_MAX];

	const char *bootargs;	      /* NULL: none */
	const char *stdout_path;      /* as it stands there; NULL: none */
	struct platform_range initrd; /* bytes, not pages; size 0: none */

	struct platform_uart uart;
	struct platform_plic plic;
	u32 aias;
	struct platform_aia aia[PLATFORM_AIA_MAX];

	struct platform_range test; /* sifive,test0 or sifive,test1; size 0: none */
	struct platform_syscon poweroff, reboot;
};

/* Where lines about the tree go, one at a time without "\n". error: the reason why
 * platform_read() fails. */
struct platform_say {
	void (*line)(void *arg, bool error, const char *text);
	void *arg;
};

/*
 * Reads the tree at fdt, of which at most max bytes may be touched, into *p, which is overwritten.
 * Any context, one call at a time; uses some 2 KiB of stack.
 * ERR_FORMAT: no device tree, or a broken one; ERR_NOENT: no memory, no usable hart or no timebase;
 * ERR_RANGE: more reserved ranges than there is room for, so that using memory is not safe, or more
 * than PLATFORM_NODES_MAX nodes. Each with one error line; what is wrong but can be done without is a
 * line that is no error.
 */
enum err __must_check platform_read(const void *fdt, size_t max, struct platform *p,
				    const struct platform_say *say);

/* The hart of that id, or NULL. */
const struct platform_hart *platform_find_hart(const struct platform *p, u64 id);

/* The PLIC's context for that hart's supervisor external interrupt, or -1. */
int platform_plic_context(const struct platform *p, u64 hart);

/* The IMSIC of supervisor level, whichever place in the tree it has, or NULL. */
const struct platform_aia *platform_imsic(const struct platform *p);

/* The domain of an APLIC whose interrupts supervisor level gets, or NULL. */
const struct platform_aia *platform_aplic(const struct platform *p);

/* Which target of a that hart is, or -1. */
int platform_aia_target(const struct platform *p, const struct platform_aia *a, u64 hart);

/* The pages of target i of an IMSIC: its own file's, then those of its guests'. *pages says how many
 * there are; 0 when the tree has no place for them. */
hpa_t platform_imsic_files(const struct platform_aia *a, u32 i, u32 *pages);

/* The number by which an APLIC that sends to this IMSIC names the hart with that page. */
u32 platform_imsic_hart_index(const struct platform_aia *a, hpa_t page);

#endif
