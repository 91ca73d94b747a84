/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests' interrupt files: each hart's IMSIC has a few, numbered from 1, and a vCPU that has one gets
 * messages without limen. This says whose they are, moves what is in them, and tells when the file of
 * a vCPU that does not run has something.
 *
 * Spec: The RISC-V Advanced Interrupt Architecture 1.0, sections 3.6 to 3.8 and 6.1; privileged
 * specification 20240411, "Hypervisor Guest External Interrupt Registers (hgeip and hgeie)".
 *
 * Moving a vCPU from file o of one hart to file n of another (AIA, section 6.1.2, "Migrating a virtual
 * hart to a different guest interrupt file"), so that no message is lost and none comes twice:
 *
 *	on n's hart	vsfile_clear(n)		n is empty, and takes messages
 *	the caller				whoever sent to o sends to n: the guest's page at that
 *						address, with the fences that go with it on every hart
 *						where one of the VM's vCPUs runs, and devices' targets;
 *						after it nothing more arrives at o
 *	on o's hart	vsfile_dump(o)		what o took goes to memory, and o is empty and
 *						signals nobody
 *	on n's hart	vsfile_fill(n)		is added to what n took meanwhile; n signals
 *
 * Each message is in one file alone: the one its sender saw. Nothing arrives in o after it is read,
 * so none is left there, and n's bits are set, never written, so none of n's is overwritten. Two
 * messages of one identity may become one, as they may in any file. To memory and back is the same
 * without n, or without o: senders to memory, vsfile_dump(); and vsfile_clear(), senders to n,
 * vsfile_fill(). The vCPU does not run from the first step to the last. The specification has o's
 * eidelivery written 0 before anything else; here o may signal until it is read: VGEIN names it
 * nowhere, and who watches it still is told once too often. That saves o's hart an interrupt.
 *
 * A sender that is a hart knows that its messages have arrived when a load from the same page came
 * back: loads and stores of one address stay in order, with fences where not both are accesses to a
 * device (vsfile_settle(); privileged specification, "Svpbmt").
 */
#ifndef HYP_RISCV_VSFILE_H
#define HYP_RISCV_VSFILE_H

#include "hyp/tree/platform.h"
#include "lib/err.h"
#include "lib/types.h"

#define VSFILE_WORDS 32 /* of 64 identities: 2047 is the most */

/* A file's registers in memory, of one in software too. Zeroed, it is an empty file that signals
 * nothing. eip[k] is register eip(2k); what a file has no identity for is ignored when it is filled. */
struct vsfile_state {
	u64 eidelivery, eithreshold;
	u64 eip[VSFILE_WORDS]; /* pending */
	u64 eie[VSFILE_WORDS]; /* enabled */
};

/* Finds out how many the calling hart has. It knows its index. Interrupts off. */
void vsfile_hart_init(void);

/* How many a hart has, free or not. Any context. */
u32 vsfile_count(unsigned int hart);

/* A free one of that hart's; ERR_BUSY: there is none. Any context. What is in it, the one who had it
 * left: vsfile_clear() comes first. */
enum err vsfile_alloc(unsigned int hart, u32 *n);

/* Gives it back, dumped or cleared, and watched by nobody. Any context. */
void vsfile_free(unsigned int hart, u32 n);

/* The page that senders write to: in memory, and where limen sees it. Any context. */
hpa_t vsfile_page(unsigned int hart, u32 n);

/* Makes an identity pending in a file, of any hart's. Any context. */
void vsfile_post(unsigned int hart, u32 n, u32 identity);

/* Comes back when what the calling hart sent to the file has arrived. Any context. */
void vsfile_settle(unsigned int hart, u32 n);

/* The steps above, on the file's hart, interrupts off. */
void vsfile_clear(u32 n);
void vsfile_dump(u32 n, struct vsfile_state *s);
void vsfile_fill(u32 n, const struct vsfile_state *s);

/*
 * fn(arg) is called once, interrupts off, as soon as the file has something for its vCPU, at once if
 * it has already; then it is watched by nobody. On the file's hart, interrupts off. For a vCPU that
 * waits; one that runs elsewhere by now may be told once.
 */
void vsfile_watch(u32 n, void (*fn)(void *arg), void *arg);

/* Ends that. True: fn was not called and will not be. On the file's hart, interrupts off. */
bool vsfile_unwatch(u32 n);

/* The interrupt that says a watched file has something. Interrupts off. */
void vsfile_irq(void);

#endif
