/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/riscv/features.h"

#include <stdio.h>
#include <string.h>

#include "arch/riscv/cache.h"
#include "arch/riscv/clock.h"
#include "arch/riscv/csrs.h"
#include "arch/riscv/fpu.h"
#include "arch/riscv/hfence.h"
#include "arch/riscv/hpm.h"
#include "arch/riscv/imsic.h"
#include "arch/riscv/probe.h"
#include "hyp/mem/page.h"
#include "hyp/riscv/hartisa.h"
#include "lib/log.h"
#include "sbi/fw.h"

struct features features;

/* Unordered hgatp: whether it traps is all that is asked. */
bool features_have_h(void)
{
	unsigned long v;

	return csr_try_read(hstatus, &v) && csr_try_read(hgatp, &v);
}

/* ext_probe() asks by number; csrr takes it as an immediate.
 * Unordered stimecmp, vstimecmp, stopi: whether they trap is all that is asked. */
static bool csr_there(unsigned int csr, void *arg)
{
	unsigned long v;

	(void)arg;
	switch (csr) {
	case CSR_stimecmp: return csr_try_read(stimecmp, &v);
	case CSR_vstimecmp: return csr_try_read(vstimecmp, &v);
	case CSR_hstateen0: return csr_try_read(hstateen0, &v);
	case CSR_stopi: return csr_try_read(stopi, &v);
	case CSR_vsiselect: return csr_try_read(vsiselect, &v);
	case CSR_sstateen0: return csr_try_read(sstateen0, &v);
	case CSR_henvcfg: return csr_try_read(henvcfg, &v);
	case CSR_senvcfg: return csr_try_read(senvcfg, &v);
	case CSR_scountovf: return vcpu_features.hpm_width;
	default: return false;
	}
}

/* The bits of want that a register keeps. */
#define sticky_bits(name, want)                                                 \
	({                                                                      \
		unsigned long stuck_ = 0;                                       \
		if (csr_try_write(name, (want)) && csr_try_read(name, &stuck_)) \
			csr_write(name, 0);                                     \
		stuck_ &(want);                                                 \
	})

static bool wide_vector(u64 *vlenb)
{
	unsigned long v = 0;
	bool there;

	csr_set(sstatus, SSTATUS_VS_INIT);
	there = csr_try_read(vlenb, &v);
	csr_clear(sstatus, SSTATUS_VS);
	*vlenb = there ? v : 0;
	return there && v;
}

static bool fp_there(void)
{
	unsigned long v;
	bool there;

	csr_set(sstatus, SSTATUS_FS_INIT);
	there = csr_try_read(fcsr, &v);
	csr_clear(sstatus, SSTATUS_FS);
	return there;
}

/* Counters that guests may sample by, and their overflow's way: to limen, and from it to a guest. */
static u8 sampling(const struct isa_set *hidden_ext)
{
	unsigned long v;

	if (isa_has(hidden_ext, EXT_SSCOFPMF) || isa_has(hidden_ext, EXT_SSAIA) ||
	    !csr_try_read(scountovf, &v) || !sticky_bits(sie, LCOFIP) ||
	    !sticky_bits(hvien, LCOFIP))
		return 0;
	return hpm_probe();
}

/* What the calling hart does, by trying it; hidden features are not there.
 * Unordered stimecmp, vstimecmp: whether they trap is all that is asked. */
static void probe_hart(struct vcpu_features *f, u32 hidden, const struct isa_set *hidden_ext)
{
	unsigned long v;

	memset(f, 0, sizeof(*f));
	f->henvcfg = !(hidden & BIT(HIDE_HENVCFG)) && csr_there(CSR_henvcfg, NULL);
	if (f->henvcfg)
		csr_write(henvcfg, HENVCFG_STCE);
	f->sstc = !isa_has(hidden_ext, EXT_SSTC) && f->henvcfg &&
		  (csr_read(henvcfg) & HENVCFG_STCE) && csr_try_read(stimecmp, &v) &&
		  csr_try_read(vstimecmp, &v);
	if (f->henvcfg)
		csr_write(henvcfg, 0);
	f->hstateen = !isa_has(hidden_ext, EXT_SSSTATEEN) && csr_there(CSR_hstateen0, NULL) &&
		      csr_there(CSR_sstateen0, NULL);
	f->senvcfg = csr_there(CSR_senvcfg, NULL);
	f->vsiselect = csr_there(CSR_vsiselect, NULL);
	f->hvictl = csr_try_read(hvictl, &v);
	f->htinst = !(hidden & BIT(HIDE_HTINST));
	f->htval = !(hidden & BIT(HIDE_HTVAL));
	f->fp = fp_there();
	f->counts = counts_readable();
	f->hpm_width = f->counts ? sampling(hidden_ext) : 0;
	f->vector = wide_vector(&f->vlenb);
}

/* Unordered hgatp: the tables are empty, and the fence after it is for walks. */
static u64 hgatp_write_read(void *ctx, u64 val)
{
	(void)ctx;
	csr_write(hgatp, val);
	return csr_read(hgatp);
}

/* The modes that a guest finds in its satp. root is zeroed, for a walk by speculation.
 * Unordered vsatp: the table is empty, and the fence after it is for walks. */
static u64 probe_vsatp(hpa_t root)
{
	u64 modes = 0;

	for (u64 m = SATP_MODE_SV39; m <= SATP_MODE_SV57; m++) {
		u64 v = m << SATP_MODE_SHIFT | root.a >> PAGE_SHIFT;

		csr_write(vsatp, v);
		if (csr_read(vsatp) == v)
			modes |= BIT(m);
	}
	csr_write(vsatp, 0);
	return modes;
}

/* The modes of both stages. */
static enum err probe_stages(u32 hidden, struct gstage_caps *out, u64 *vs_modes)
{
	hpa_t root;

	if (!page_source_alloc(NULL, GSTAGE_ROOT_ORDER, &root))
		return ERR_NOMEM;
	gstage_probe(hgatp_write_read, NULL, root, out);
	*vs_modes = probe_vsatp(root);
	hfence_vvma_all();
	hfence_gvma_all();
	page_free(root, GSTAGE_ROOT_ORDER);
	if (hidden & BIT(HIDE_VMIDLEN))
		out->vmid_bits = 0;
	return out->modes ? OK : ERR_NOTSUP;
}

static void log_features(void)
{
	const struct vcpu_features *f = &vcpu_features;

	log_info("hart features: %s%s%s%s%s%s%s%svmid bits %u, G-stage%s%s%s",
		 f->sstc ? "sstc " : "", f->henvcfg ? "henvcfg " : "",
		 f->hstateen ? "stateen " : "", f->fp ? "fp " : "", f->vector ? "vector " : "",
		 f->hpm_width ? "sampling " : "", f->htinst ? "" : "(htinst hidden) ",
		 f->htval ? "" : "(htval hidden) ", features.gstage.vmid_bits,
		 features.gstage.modes & BIT(GSTAGE_SV39X4) ? " Sv39x4" : "",
		 features.gstage.modes & BIT(GSTAGE_SV48X4) ? " Sv48x4" : "",
		 features.gstage.modes & BIT(GSTAGE_SV57X4) ? " Sv57x4" : "");
}

struct line {
	char text[40];
};
static DEFINE_PER_HART(struct line, unknown_csr);

/*
 * A CSR of which limen knows nothing, and that nothing hides, would carry words from VM to VM. NULL: the
 * calling hart has none, as far as can be told; else what it lacks. State enables, whoever uses them, are 0
 * for what limen does not know: vcpu_hart_init().
 */
static const char *lacks_hiding(void)
{
	struct line *line = &this_hart(unknown_csr);
	unsigned long v;
	unsigned int n;

	if (csr_try_read(hstateen0, &v))
		return NULL;
	n = csr_find_unknown(csr_number_there);
	if (!n)
		return NULL;
	snprintf(line->text, sizeof(line->text), "a state enable for CSR 0x%03x", n);
	return line->text;
}

/* The least size of a block that any hart has: 0 if one does not say it. */
static u64 flush_block(const struct platform *p)
{
	u32 least = UINT32_MAX;

	for (u32 i = 0; i < p->harts; i++)
		if (p->hart[i].usable && p->hart[i].arch.cbom < least)
			least = p->hart[i].arch.cbom;
	return least;
}

/* A guest that may map its RAM as not cacheable finds there what lay below, unless limen writes back what it
 * has put in front of it. */
static void settle_svpbmt(const struct platform *p, struct isa_set *isa)
{
	if (isa_has(isa, EXT_SVPBMT) && !(isa_has(isa, EXT_ZICBOM) && cache_init(flush_block(p)))) {
		log_info("caches cannot be written back: guests get no Svpbmt");
		isa_del(isa, EXT_SVPBMT);
	}
}

/* Firmware begins with updating of A and D bits off where a tree lists Svade beside Svadu (devicetree binding
 * riscv/extensions.yaml), until it is asked, on each hart. Whether it has done so henvcfg.ADUE tells, which
 * is read-only 0 while menvcfg's is 0. limen's own tables have both bits set in advance. */
static void ask_for_updating(void)
{
	if (isa_has(&features.harts.isa, EXT_SVADU))
		(void)fw_feature_set(SBI_FWFT_PTE_AD_HW_UPDATING, 1);
}

enum err features_init(const struct platform *p, u64 hartid, const struct bootargs *args,
		       const char **why)
{
	const struct platform_hart *h = platform_find_hart(p, hartid);
	struct ext_hart *all = &features.harts;
	const char *lacks;

	features.hidden = args->arch.hidden;
	features.hidden_ext = args->arch.hidden_ext;
	features.imsic = !isa_has(&args->arch.hidden_ext, EXT_SSAIA) && imsic_csrs_there();
	lacks = lacks_hiding();
	if (lacks) {
		log_error("this hart lacks %s, which limen does not know", lacks);
		*why = "guests could leave words for each other there: limen cannot run here";
		return ERR_NOTSUP;
	}
	probe_hart(&vcpu_features, args->arch.hidden, &features.hidden_ext);
	clock_init(p->timebase_hz, vcpu_features.sstc);
	if (probe_stages(args->arch.hidden, &features.gstage, &features.vs_modes)) {
		*why = "no G-stage paging mode works";
		return ERR_NOTSUP;
	}
	hartisa_common(p, &all->isa);
	ext_probe(&all->isa, csr_there, NULL);
	ext_apply_hidden(&all->isa, &args->arch.hidden_ext);
	settle_svpbmt(p, &all->isa);
	/* fpu_regs.S moves 64 bits of each register. */
	vcpu_features.fp = vcpu_features.fp && isa_has(&all->isa, EXT_D);
	if (!vcpu_features.sstc)
		isa_del(&all->isa, EXT_SSTC);
	ask_for_updating();
	all->henvcfg = vcpu_features.henvcfg ? sticky_bits(henvcfg, ext_henvcfg_all()) : 0;
	all->hstateen0 =
		vcpu_features.hstateen ? sticky_bits(hstateen0, ext_hstateen0_all()) : ~0UL;
	if (h) {
		features.cbom = h->arch.cbom;
		features.cbop = h->arch.cbop;
		features.cboz = h->arch.cboz;
	}
	log_features();
	return OK;
}

/* A hart with fewer VMID bits would give two VMs one VMID, and one that has fewer modes or enables
 * would run a guest with what it was not promised. */
static const char *check_controls(void)
{
	const struct ext_hart *all = &features.harts;
	struct gstage_caps caps;
	u64 vs_modes;

	if (probe_stages(features.hidden, &caps, &vs_modes) || features.gstage.modes & ~caps.modes)
		return "the same G-stage modes";
	if (vs_modes != features.vs_modes)
		return "the same modes of vsatp";
	if (caps.vmid_bits < features.gstage.vmid_bits)
		return "as many VMID bits";
	ask_for_updating();
	if (vcpu_features.henvcfg && sticky_bits(henvcfg, all->henvcfg) != all->henvcfg)
		return "what henvcfg enables";
	if (vcpu_features.hstateen && sticky_bits(hstateen0, all->hstateen0) != all->hstateen0)
		return "what hstateen0 enables";
	return NULL;
}

/* What the world switch touches on all harts. */
#define CHECK_CSR(how, guest, hart, ext, when, value)       \
	if (CSR_WHEN(want, when) && !CSR_WHEN(&have, when)) \
		return #hart;

/* A line a CSR of the table.
 * NOLINTNEXTLINE(readability-function-size,readability-function-cognitive-complexity) */
static const char *lacks_csr(const struct vcpu_features *want, const struct vcpu_features *found)
{
	struct vcpu_features have = *found;

	CSR_INWARD(CHECK_CSR)
	CSR_SWITCHED(CHECK_CSR)
	return NULL;
}

const char *features_check_hart(void)
{
	const struct vcpu_features *want = &vcpu_features;
	struct vcpu_features have;
	const char *lacks;

	if (!features_have_h())
		return "the H extension";
	lacks = lacks_hiding();
	if (lacks)
		return lacks;
	probe_hart(&have, features.hidden, &features.hidden_ext);
	lacks = lacks_csr(want, &have);
	if (lacks)
		return lacks;
	/* vcpu_load() would leave them to the next VM; the others are hidden by what limen leaves 0. */
	if (have.senvcfg != want->senvcfg || have.vsiselect != want->vsiselect)
		return "the same CSRs of guests";
	if (isa_has(&features.harts.isa, EXT_SSAIA) && !(have.vsiselect && have.hvictl))
		return "Ssaia";
	if (want->fp && !have.fp)
		return "floating point";
	if (want->counts && !have.counts)
		return "cycle and instret";
	if (want->hpm_width && have.hpm_width != want->hpm_width)
		return "counters that overflow";
	if (isa_has(&features.harts.isa, EXT_SVPBMT) && !cache_try())
		return "CBO.FLUSH";
	if (want->vector && have.vlenb != want->vlenb)
		return "the same vector length";
	return check_controls();
}
