/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model of an advanced platform-level interrupt controller, as a guest sees it: one interrupt domain
 * at supervisor level without child domains, sources 1 to `sources`, hart index = vCPU index.
 *
 * It delivers directly (an interrupt delivery control structure a vCPU) or forwards by MSIs,
 * depending on which operations it was made with; with both, the guest chooses by domaincfg.DM.
 *
 * What the specification leaves open, here:
 *   - little-endian only: domaincfg.BE is read-only 0, setipnum_be does not exist;
 *   - IPRIOLEN is 3: priorities 1 (most urgent) to 7;
 *   - an EIID has 11 bits; Hart Index keeps any of its 14, Guest Index as many as geilen needs; what
 *     names a hart or a guest file that does not exist is delivered nowhere;
 *   - a reserved source mode makes the source inactive;
 *   - a source that becomes active, and every active one when DM changes, has target hart 0, with
 *     priority 1 or EIID 0, which no interrupt file takes;
 *   - a write to sourcecfg makes a level source pending if its rectified input rises by it, and never
 *     an edge source;
 *   - genmsi is never busy; in MSI mode topi and claimi are 0;
 *   - after reset everything is 0; the lines keep their level.
 *
 * A device's line is the wire: high or low, and what that means is the guest's to say in sourcecfg.
 * A pulse takes the wire to the other level and back. In MSI mode a level source whose MSI was sent
 * is silent until its line has fallen, or until the guest writes its number to setipnum while it is
 * high.
 *
 * What a guest can do wrong has no effect but a count. One write sends at most `sources` MSIs.
 *
 * Lock order: a device's lock > vaplic->lock > what the operations take.
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, chapter 4 ("Advanced PLIC").
 */
#ifndef GUEST_RISCV_VAPLIC_H
#define GUEST_RISCV_VAPLIC_H

#include "guest/dev/virq.h"
#include "guest/mem/mmio.h"
#include "lib/err.h"
#include "lib/types.h"

#define VAPLIC_SOURCES_MAX     1023
#define VAPLIC_SOURCES_DEFAULT 96
#define VAPLIC_HARTS_MAX       HARTS_MAX
#define VAPLIC_GEILEN_MAX      63
#define VAPLIC_PRIORITY_MAX    7

/* Offsets of the registers, in bytes. */
#define VAPLIC_DOMAINCFG   0x0
#define VAPLIC_SOURCECFG   0x0 /* + 4 * source */
#define VAPLIC_SETIP	   0x1c00
#define VAPLIC_SETIPNUM	   0x1cdc
#define VAPLIC_IN_CLRIP	   0x1d00
#define VAPLIC_CLRIPNUM	   0x1ddc
#define VAPLIC_SETIE	   0x1e00
#define VAPLIC_SETIENUM	   0x1edc
#define VAPLIC_CLRIE	   0x1f00
#define VAPLIC_CLRIENUM	   0x1fdc
#define VAPLIC_SETIPNUM_LE 0x2000
#define VAPLIC_GENMSI	   0x3000
#define VAPLIC_TARGET	   0x3000 /* + 4 * source */
#define VAPLIC_IDC	   0x4000 /* VAPLIC_IDC_STRIDE a hart */
#define VAPLIC_IDC_STRIDE  0x20
#define VAPLIC_IDELIVERY   0x00 /* in the hart's structure */
#define VAPLIC_IFORCE	   0x04
#define VAPLIC_ITHRESHOLD  0x08
#define VAPLIC_TOPI	   0x18
#define VAPLIC_CLAIMI	   0x1c

#define VAPLIC_DOMAINCFG_IE (1U << 8)
#define VAPLIC_DOMAINCFG_DM (1U << 2)
#define VAPLIC_SOURCECFG_D  (1U << 10)
#define VAPLIC_HART_SHIFT   18 /* in target and genmsi */
#define VAPLIC_GUEST_SHIFT  12
#define VAPLIC_EIID_MASK    0x7ffU
#define VAPLIC_TOPI_SHIFT   16 /* the identity, in topi and claimi */

/* Source modes. */
enum vaplic_mode {
	VAPLIC_INACTIVE = 0,
	VAPLIC_DETACHED = 1,
	VAPLIC_EDGE1 = 4,
	VAPLIC_EDGE0 = 5,
	VAPLIC_LEVEL1 = 6,
	VAPLIC_LEVEL0 = 7,
};

struct vaplic;

/* Any context, with the model's lock held and interrupts off: must not block nor call the model. */
struct vaplic_ops {
	/* The external interrupt of a hart is pending (true) or not from now on; called when it
	 * changes. NULL: no direct delivery, domaincfg.DM is read-only 1. */
	void (*set_ext)(void *arg, u32 hart, bool level);
	/* An MSI with that data, to the file of a hart: guest 0 is its own, others up to geilen.
	 * NULL: no MSIs, domaincfg.DM is read-only 0. */
	void (*msi)(void *arg, u32 hart, u32 guest, u32 eiid);
};

struct vaplic_config {
	u32 sources; /* 1 to VAPLIC_SOURCES_MAX */
	u32 harts;   /* 1 to VAPLIC_HARTS_MAX */
	u32 geilen;  /* guest files a hart of the guest has, for MSIs; 0 where it has no H */
	const struct vaplic_ops *ops;
	void *arg;
};

/*
 * Makes an APLIC after reset. A thread, or while booting. Returns OK; ERR_RANGE: a number is 0 that
 * may not be, or over its maximum; ERR_INVAL: neither operation is there; ERR_NOMEM.
 */
enum err vaplic_create(const struct vaplic_config *c, struct vaplic **out);

/* Frees it. No device, vCPU or MMIO region may use it any more. */
void vaplic_destroy(struct vaplic *p);

/* As after power-on; lines keep their level. No vCPU may be running. */
void vaplic_reset(struct vaplic *p);

/* Bytes of guest physical address space its registers take; a multiple of 4 KiB. */
u64 vaplic_size(const struct vaplic *p);

/*
 * Wires a device's line to a source. Before the device runs. The trigger is what the guest's tree has
 * to say of the line; the model goes by sourcecfg alone.
 * Returns OK; ERR_RANGE: no such source; ERR_BUSY: the source has a line.
 */
enum err vaplic_connect(struct vaplic *p, struct virq_line *line, u32 source,
			enum virq_trigger trigger);

/* Unwires it again; the line falls. The device must not be running. */
void vaplic_disconnect(struct vaplic *p, struct virq_line *line);

/* The register at off, a multiple of 4; reading claimi claims. Any context, interrupts in any state. */
u32 vaplic_read(struct vaplic *p, u64 off);
void vaplic_write(struct vaplic *p, u64 off, u32 val);

/* Is the external interrupt of a hart pending? hart < harts. Any context. */
bool vaplic_ext(struct vaplic *p, u32 hart);

/* Accesses to what is no register of an implemented source or hart, since it was made. Any context. */
u64 vaplic_unknown(struct vaplic *p);

/* For the MMIO bus; dev is the struct vaplic. Anything but an aligned access of 4 bytes is
 * ERR_INVAL. */
extern const struct mmio_ops vaplic_mmio_ops;

#endif
