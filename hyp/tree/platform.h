/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host's device tree says of the machine. Read once at boot, by pure code; everything but
 * memory, a usable hart and the timebase may be missing.
 *
 * Specs: Devicetree Specification v0.4; bindings serial/8250.yaml, reserved-memory.yaml,
 * power/reset/syscon-*.yaml. What belongs to the architecture, in its harts' nodes and its interrupt
 * controllers', is read by it, and is what its platform_arch.h says, found through the include path.
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
#define PLATFORM_NODES_MAX    4096 /* of the whole tree */
#define PLATFORM_PAGE	      4096
#define PLATFORM_PA_END	      ((u64)1 << 56)
#define PLATFORM_LINE_MAX     200 /* bytes of a line of text, with its NUL */
#define PLATFORM_LINES_MAX    32  /* lines told; then one more says that others are left out */
#define PLATFORM_NO_HART      (~(u64)0)

struct platform_range {
	hpa_t base;
	u64 size;
};

struct platform_reserved {
	struct platform_range range; /* whole pages around what is reserved */
	bool no_map;		     /* not even a mapping may exist */
};

#include "platform_arch.h"

struct platform_hart {
	u64 id;
	bool usable; /* status is okay or absent */
	struct platform_hart_arch arch;
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
	struct platform_arch arch;

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

#endif
