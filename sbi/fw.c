/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's side of limen: what it has, and the calls (SBI 3.0). Owns struct fw.
 *
 * A firmware without BASE is one of SBI 0.1, of which limen uses the console alone.
 */
#include "sbi/fw.h"

#include <string.h>

#include "lib/log.h"

struct fw fw;

static const struct fw_ext_info {
	u32 eid;
	bool serious; /* most machines are of little use without it */
	const char *name, *arg, *without;
} fw_exts[FW_EXTS] = {
	[FW_TIME] = {SBI_EXT_TIME, true, "TIME", "time", "no timer but Sstc's"},
	[FW_IPI] = {SBI_EXT_IPI, true, "IPI", "ipi",
		    "harts are woken through the AIA or not at all"},
	[FW_RFENCE] = {SBI_EXT_RFENCE, true, "RFENCE", "rfence", "no remote fences by firmware"},
	[FW_HSM] = {SBI_EXT_HSM, true, "HSM", "hsm", "only the boot hart is used"},
	[FW_SRST] = {SBI_EXT_SRST, false, "SRST", "srst", "no reset or power-off by firmware"},
	[FW_DBCN] = {SBI_EXT_DBCN, false, "DBCN", "dbcn", "early console by the legacy calls"},
	[FW_PMU] = {SBI_EXT_PMU, false, "PMU", "pmu", "no performance counters"},
	[FW_SUSP] = {SBI_EXT_SUSP, false, "SUSP", "susp", "the machine cannot be suspended"},
	[FW_FWFT] = {SBI_EXT_FWFT, false, "FWFT", "fwft", NULL},
	[FW_PUTCHAR] = {SBI_EXT_0_1_CONSOLE_PUTCHAR, false, "legacy putchar", "putchar", NULL},
	[FW_GETCHAR] = {SBI_EXT_0_1_CONSOLE_GETCHAR, false, "legacy getchar", "getchar", NULL},
};

noinstr int fw_err(long sbi_error)
{
	switch (sbi_error) {
	case SBI_SUCCESS: return OK;
	case SBI_ERR_INVALID_PARAM: return ERR_INVAL;
	case SBI_ERR_INVALID_ADDRESS:
	case SBI_ERR_BAD_RANGE: return ERR_RANGE;
	case SBI_ERR_ALREADY_AVAILABLE:
	case SBI_ERR_ALREADY_STARTED:
	case SBI_ERR_ALREADY_STOPPED: return ERR_EXIST;
	case SBI_ERR_NO_SHMEM: return ERR_NOENT;
	case SBI_ERR_INVALID_STATE: return ERR_BUSY;
	case SBI_ERR_TIMEOUT: return ERR_TIMEOUT;
	default: return ERR_NOTSUP;
	}
}

static struct sbi_ret fw_base(unsigned long fid, unsigned long arg)
{
	return fw_call(SBI_EXT_BASE, fid, arg, 0, 0, 0, 0, 0);
}

void fw_probe(void)
{
	struct sbi_ret r = fw_base(SBI_BASE_GET_SPEC_VERSION, 0);

	if (r.error) {
		fw.spec_version = SBI_VERSION(0, 1);
		fw.found = BIT(FW_PUTCHAR) | BIT(FW_GETCHAR);
		return;
	}
	fw.spec_version = (u32)r.value;
	fw.impl_id = (unsigned long)fw_base(SBI_BASE_GET_IMPL_ID, 0).value;
	fw.impl_version = (unsigned long)fw_base(SBI_BASE_GET_IMPL_VERSION, 0).value;
	fw.found = 0;
	for (unsigned int i = 0; i < FW_EXTS; i++) {
		r = fw_base(SBI_BASE_PROBE_EXTENSION, fw_exts[i].eid);
		if (!r.error && r.value)
			fw.found |= (u32)BIT(i);
	}
}

/* SBI 3.0, "SBI Implementation IDs". */
static const char *fw_impl_name(unsigned long id)
{
	static const char *const names[] = {
		"Berkeley Boot Loader",
		"OpenSBI",
		"Xvisor",
		"KVM",
		"RustSBI",
		"Diosix",
		"Coffer",
		"Xen",
		"PolarFire HSS",
		"coreboot",
		"oreboot",
		"bhyve",
	};

	return id < ARRAY_SIZE(names) ? names[id] : "unknown implementation";
}

static void fw_report_missing(unsigned int ext)
{
	const struct fw_ext_info *e = &fw_exts[ext];
	const char *why = fw.hidden & BIT(ext) ? "is hidden" : "is missing";

	if (!e->without)
		return;
	if (e->serious)
		log_warn("firmware: %s %s: %s", e->name, why, e->without);
	else
		log_info("firmware: %s %s: %s", e->name, why, e->without);
}

void fw_report(void)
{
	log_info("firmware: SBI %u.%u, %s (%lu) version 0x%lx", SBI_VERSION_MAJOR(fw.spec_version),
		 SBI_VERSION_MINOR(fw.spec_version),
		 fw.spec_version == SBI_VERSION(0, 1) ? "of before BASE" : fw_impl_name(fw.impl_id),
		 fw.impl_id, fw.impl_version);
	for (unsigned int i = 0; i < FW_EXTS; i++)
		if (!fw_has(i))
			fw_report_missing(i);
}

void fw_hide(enum fw_ext ext)
{
	fw.hidden |= (u32)BIT(ext);
}

int fw_ext_by_name(const char *name, size_t n)
{
	for (int i = 0; i < FW_EXTS; i++)
		if (strlen(fw_exts[i].arg) == n && !memcmp(fw_exts[i].arg, name, n))
			return i;
	return ERR_NOENT;
}

noinstr int fw_set_timer(u64 when)
{
	if (!fw_has(FW_TIME))
		return ERR_NOTSUP;
	return fw_err(fw_call(SBI_EXT_TIME, SBI_TIME_SET_TIMER, when, 0, 0, 0, 0, 0).error);
}

noinstr int fw_send_ipi(u64 mask, u64 base)
{
	if (!fw_has(FW_IPI))
		return ERR_NOTSUP;
	return fw_err(fw_call(SBI_EXT_IPI, SBI_IPI_SEND_IPI, mask, base, 0, 0, 0, 0).error);
}

static noinstr int fw_rfence(u64 fid, u64 mask, u64 base, u64 start, u64 size, u64 id)
{
	if (!fw_has(FW_RFENCE))
		return ERR_NOTSUP;
	return fw_err(fw_call(SBI_EXT_RFENCE, fid, mask, base, start, size, id, 0).error);
}

noinstr int fw_remote_fence_i(u64 mask, u64 base)
{
	return fw_rfence(SBI_RFENCE_REMOTE_FENCE_I, mask, base, 0, 0, 0);
}

noinstr int fw_remote_sfence_vma(u64 mask, u64 base, u64 start, u64 size)
{
	return fw_rfence(SBI_RFENCE_REMOTE_SFENCE_VMA, mask, base, start, size, 0);
}

noinstr int fw_remote_sfence_vma_asid(u64 mask, u64 base, u64 start, u64 size, u64 asid)
{
	return fw_rfence(SBI_RFENCE_REMOTE_SFENCE_VMA_ASID, mask, base, start, size, asid);
}

noinstr int fw_remote_hfence_gvma(u64 mask, u64 base, u64 start, u64 size)
{
	return fw_rfence(SBI_RFENCE_REMOTE_HFENCE_GVMA, mask, base, start, size, 0);
}

noinstr int fw_remote_hfence_gvma_vmid(u64 mask, u64 base, u64 start, u64 size, u64 vmid)
{
	return fw_rfence(SBI_RFENCE_REMOTE_HFENCE_GVMA_VMID, mask, base, start, size, vmid);
}

noinstr int fw_remote_hfence_vvma(u64 mask, u64 base, u64 start, u64 size)
{
	return fw_rfence(SBI_RFENCE_REMOTE_HFENCE_VVMA, mask, base, start, size, 0);
}

noinstr int fw_remote_hfence_vvma_asid(u64 mask, u64 base, u64 start, u64 size, u64 asid)
{
	return fw_rfence(SBI_RFENCE_REMOTE_HFENCE_VVMA_ASID, mask, base, start, size, asid);
}

int fw_hart_start(u64 hartid, hpa_t start, u64 opaque)
{
	if (!fw_has(FW_HSM))
		return ERR_NOTSUP;
	return fw_err(fw_call(SBI_EXT_HSM, SBI_HSM_START, hartid, start.a, opaque, 0, 0, 0).error);
}

int fw_hart_status(u64 hartid)
{
	struct sbi_ret r;

	if (!fw_has(FW_HSM))
		return ERR_NOTSUP;
	r = fw_call(SBI_EXT_HSM, SBI_HSM_GET_STATUS, hartid, 0, 0, 0, 0, 0);
	return r.error ? fw_err(r.error) : (int)r.value;
}

int fw_hart_stop(void)
{
	if (!fw_has(FW_HSM))
		return ERR_NOTSUP;
	return fw_err(fw_call(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0, 0, 0, 0).error);
}

int fw_system_reset(u32 type, u32 reason)
{
	if (!fw_has(FW_SRST))
		return ERR_NOTSUP;
	return fw_err(fw_call(SBI_EXT_SRST, SBI_SRST_SYSTEM_RESET, type, reason, 0, 0, 0, 0).error);
}

int fw_feature_get(u32 feature, u64 *value)
{
	struct sbi_ret r;

	if (!fw_has(FW_FWFT))
		return ERR_NOTSUP;
	r = fw_call(SBI_EXT_FWFT, SBI_FWFT_GET, feature, 0, 0, 0, 0, 0);
	*value = (u64)r.value;
	return fw_err(r.error);
}

int fw_feature_set(u32 feature, u64 value)
{
	if (!fw_has(FW_FWFT))
		return ERR_NOTSUP;
	return fw_err(fw_call(SBI_EXT_FWFT, SBI_FWFT_SET, feature, value, 0, 0, 0, 0).error);
}

long fw_pmu(u64 fid, u64 a0, u64 a1, u64 a2, u64 a3)
{
	struct sbi_ret r;

	if (!fw_has(FW_PMU))
		return ERR_NOTSUP;
	r = fw_call(SBI_EXT_PMU, fid, a0, a1, a2, a3, 0, 0);
	return r.error ? ERR_NOTSUP : r.value;
}

/* The address is split for the sake of RV32; on RV64 all of it is in the low half. */
static long fw_console_transfer(unsigned long fid, hpa_t buf, size_t n)
{
	struct sbi_ret r;

	if (!fw_has(FW_DBCN))
		return ERR_NOTSUP;
	r = fw_call(SBI_EXT_DBCN, fid, n, buf.a, 0, 0, 0, 0);
	if (r.error)
		return fw_err(r.error);
	return (long)min_u64((unsigned long)r.value, n);
}

long fw_console_write(hpa_t buf, size_t n)
{
	return fw_console_transfer(SBI_DBCN_WRITE, buf, n);
}

long fw_console_read(hpa_t buf, size_t n)
{
	return fw_console_transfer(SBI_DBCN_READ, buf, n);
}

int fw_console_byte(u8 byte)
{
	if (fw_has(FW_DBCN))
		return fw_err(
			fw_call(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, byte, 0, 0, 0, 0, 0).error);
	if (!fw_has(FW_PUTCHAR))
		return ERR_NOTSUP;
	return fw_err(fw_call(SBI_EXT_0_1_CONSOLE_PUTCHAR, 0, byte, 0, 0, 0, 0, 0).error);
}

int fw_console_getchar(void)
{
	long c;

	if (!fw_has(FW_GETCHAR))
		return ERR_NOTSUP;
	c = fw_call(SBI_EXT_0_1_CONSOLE_GETCHAR, 0, 0, 0, 0, 0, 0, 0).error;
	return c < 0 ? ERR_AGAIN : (int)(c & 0xff);
}
