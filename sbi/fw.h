/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls down to the firmware (SBI 3.0, supervisor side). Only what fw_probe() found is called: a
 * function whose extension is missing or hidden returns ERR_NOTSUP and makes no ecall.
 *
 * All functions may be called in any context. Those marked "window" are noinstr and may be called
 * while RCU is not watching. Before fw_probe() nothing is found, so nothing is called.
 */
#ifndef SBI_FW_H
#define SBI_FW_H

#include "lib/compiler.h"
#include "lib/err.h"
#include "lib/types.h"
#include "arch/riscv/sbi.h"

/* What limen may use of a firmware. */
enum fw_ext {
	FW_TIME,
	FW_IPI,
	FW_RFENCE,
	FW_HSM,
	FW_SRST,
	FW_DBCN,
	FW_PMU,
	FW_SUSP,
	FW_FWFT,
	FW_PUTCHAR, /* legacy console, EID 1 */
	FW_GETCHAR, /* legacy console, EID 2 */
	FW_EXTS,
};

/* Written by fw_probe() and fw_hide() while one hart runs; constant afterwards. */
struct fw {
	u32 spec_version; /* SBI_VERSION(); 0.1 when BASE is missing */
	unsigned long impl_id, impl_version;
	u32 found;  /* bit per enum fw_ext: the firmware has it */
	u32 hidden; /* bit per enum fw_ext: not to be used */
};

extern struct fw fw;

/* May the extension be used? Window. */
__window bool fw_has(enum fw_ext ext)
{
	return ((fw.found & ~fw.hidden) >> ext) & 1;
}

/* The ecall itself: arguments where the calling convention and SBI agree. Window. */
struct sbi_ret fw_ecall(unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
			unsigned long a4, unsigned long a5, unsigned long fid, unsigned long eid);

/* A call whose extension the caller has found to be there. Window. */
__window struct sbi_ret fw_call(unsigned long eid, unsigned long fid, unsigned long a0,
				unsigned long a1, unsigned long a2, unsigned long a3,
				unsigned long a4, unsigned long a5)
{
	return fw_ecall(a0, a1, a2, a3, a4, a5, fid, eid);
}

/* The enum err for an SBI error code. What limen has no code for, FAILED and IO and DENIED among
 * it, is ERR_NOTSUP: the firmware cannot. Window. */
int fw_err(long sbi_error);

/* Asks the firmware what it is and has. Once, at boot, before any other function. */
void fw_probe(void);

/* Logs the firmware's name, versions and, by name, each extension that is missing or hidden. */
void fw_report(void);

/* Makes limen do without an extension, before or after fw_probe(). While one hart runs. */
void fw_hide(enum fw_ext ext);

/* The extension of a boot argument's name ("dbcn", n bytes), or ERR_NOENT. */
int fw_ext_by_name(const char *name, size_t n);

/* The calling hart's timer, in ticks of arch_clock(); clears a pending timer interrupt. Window. */
int fw_set_timer(u64 when);

/*
 * Hart masks: bit i is the hart with id base + i; base ~0UL is every hart, whatever the mask.
 * Each returns OK, ERR_INVAL for a hart that is not there, ERR_RANGE for a bad address, or
 * ERR_NOTSUP. A start and size of 0, or a size of ~0UL, is the whole address space. Window.
 */
int fw_send_ipi(u64 mask, u64 base);
int fw_remote_fence_i(u64 mask, u64 base);
int fw_remote_sfence_vma(u64 mask, u64 base, u64 start, u64 size);
int fw_remote_sfence_vma_asid(u64 mask, u64 base, u64 start, u64 size, u64 asid);
/* start is a guest physical address. */
int fw_remote_hfence_gvma(u64 mask, u64 base, u64 start, u64 size);
int fw_remote_hfence_gvma_vmid(u64 mask, u64 base, u64 start, u64 size, u64 vmid);
/* start is a guest virtual address of the VMID that is in each target's hgatp. */
int fw_remote_hfence_vvma(u64 mask, u64 base, u64 start, u64 size);
int fw_remote_hfence_vvma_asid(u64 mask, u64 base, u64 start, u64 size, u64 asid);

/* Starts a hart in S-mode at a physical address, satp 0, a0 = hartid, a1 = opaque. ERR_EXIST: runs
 * already; ERR_INVAL: no such hart; ERR_RANGE: not an address for it; ERR_NOTSUP. */
int fw_hart_start(u64 hartid, hpa_t start, u64 opaque);

/* SBI_HSM_STATE_* (>= 0), or ERR_INVAL for no such hart, or ERR_NOTSUP. */
int fw_hart_status(u64 hartid);

/* Ends the calling hart's life in S-mode; returns only with an error. Interrupts off. */
int fw_hart_stop(void);

/* SBI_SRST_TYPE_*, SBI_SRST_REASON_*; returns only with an error. */
int fw_system_reset(u32 type, u32 reason);

/* The value of a firmware feature (SBI_FWFT_*) on the calling hart; OK, or ERR_NOTSUP. */
int fw_feature_get(u32 feature, u64 *value);

/* Sets it, and does not lock it; OK, or ERR_NOTSUP. */
int fw_feature_set(u32 feature, u64 value);

/* A PMU call, SBI_PMU_*, on the calling hart: its value, or ERR_NOTSUP. The info of a firmware counter is
 * negative, too. */
long fw_pmu(u64 fid, u64 a0, u64 a1, u64 a2, u64 a3);

/* What a counter is, for SBI_PMU_INFO_NUMBER() and SBI_PMU_INFO_WIDTH(). */
static inline long fw_pmu_info(u64 counter)
{
	return fw_pmu(SBI_PMU_COUNTER_GET_INFO, counter, 0, 0, 0);
}

/* The counter of the set that has the event from now on, with flags SBI_PMU_CFG_*. */
static inline long fw_pmu_config(u64 set, u64 flags, u64 event)
{
	return fw_pmu(SBI_PMU_COUNTER_CONFIG, 0, set, flags, event);
}

/* A counter runs, from a value. */
static inline long fw_pmu_start(u64 counter, u64 value)
{
	return fw_pmu(SBI_PMU_COUNTER_START, counter, 1, SBI_PMU_START_SET_INIT, value);
}

/* All of the set stop, and have no event. */
static inline void fw_pmu_stop(u64 set)
{
	(void)fw_pmu(SBI_PMU_COUNTER_STOP, 0, set, SBI_PMU_STOP_RESET, 0);
}

/* DBCN: puts up to n bytes at buf on the console, or takes up to n waiting ones from it. Neither
 * blocks. Returns how many (<= n), or ERR_RANGE, ERR_NOTSUP. */
long fw_console_write(hpa_t buf, size_t n);
long fw_console_read(hpa_t buf, size_t n);

/* One byte out, by DBCN or the legacy call; OK or ERR_NOTSUP. May wait for the device. */
int fw_console_byte(u8 byte);

/* One byte in by the legacy call: 0..255, ERR_AGAIN for none waiting, or ERR_NOTSUP. */
int fw_console_getchar(void);

#endif
