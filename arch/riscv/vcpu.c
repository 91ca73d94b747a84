/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a vCPU's state between memory and a hart.
 */
#include "arch/riscv/vcpu.h"

#include "arch/riscv/ext.h"
#include "arch/riscv/fpu.h"
#include "arch/riscv/hfence.h"
#include "arch/riscv/hpm.h"
#include "arch/riscv/probe.h"
#include "lib/check.h"

DEFINE_PER_HART(struct arch_vcpu *, vcpu_loaded);
DEFINE_PER_HART(u64, arch_guest_left);
struct vcpu_features vcpu_features;

#define AT(member, offset) \
	_Static_assert(offsetof(struct arch_vcpu, member) == (offset), "guest_switch.S: " #member)
AT(x, ARCH_VCPU_X);
AT(host_sp, ARCH_VCPU_HOST_SP);
AT(sepc, ARCH_VCPU_SEPC);
AT(sstatus, ARCH_VCPU_SSTATUS);
AT(hstatus, ARCH_VCPU_HSTATUS);
AT(exit.scause, ARCH_VCPU_SCAUSE);
AT(exit.stval, ARCH_VCPU_STVAL);
AT(exit.htval, ARCH_VCPU_HTVAL);
AT(exit.htinst, ARCH_VCPU_HTINST);
AT(watched, ARCH_VCPU_WATCHED);

/* What VS-mode handles itself. Not delegated: ecall from VS, guest-page faults, virtual
 * instructions, and double traps. Breakpoints are, or a guest's ebreak would come here for ever. */
#define HEDELEG                                                                    \
	(BIT(EXC_INSN_MISALIGNED) | BIT(EXC_INSN_ACCESS) | BIT(EXC_ILLEGAL_INSN) | \
	 BIT(EXC_BREAKPOINT) | BIT(EXC_LOAD_MISALIGNED) | BIT(EXC_LOAD_ACCESS) |   \
	 BIT(EXC_STORE_MISALIGNED) | BIT(EXC_STORE_ACCESS) | BIT(EXC_ECALL_U) |    \
	 BIT(EXC_INSN_PAGE) | BIT(EXC_LOAD_PAGE) | BIT(EXC_STORE_PAGE))

/* State of this hart that guests may reach and are not offered: which CSRs, BIT(enum lost_csr), and how
 * many records of control transfers; and which VM has left something there. */
struct lost {
	bool any;
	bool clears; /* SCTRCLR works */
	u32 csrs, records;
	u64 owner;
};
static DEFINE_PER_HART(struct lost, lost);

#define LOST_ENUM(how, guest, hart, ext, when, value) LOST_##guest,
enum lost_csr { CSR_LOST(LOST_ENUM) };

/* Has the hart that CSR, with nothing that keeps a guest from it? From HS-mode the state enables of
 * machine level show alone. FP is off. */
#define LOST_PROBE(how, guest, hart, ext, when, value)      \
	if (!(enables & (value)) && csr_try_read(hart, &v)) \
		l->csrs |= BIT(LOST_##guest);

static bool ctr_clear(void)
{
	unsigned long ok = 0;

	/* SCTRCLR, which the assembler does not know. */
	__asm__ volatile("1: .word 0x10400073\nli %0, 1\n2:\n" EX_TABLE(1b, 2b)
			 : "+r"(ok)::"memory");
	return ok != 0;
}

/* Unordered vsireg: the records are this hart's alone. */
static bool record_there(u32 n)
{
	unsigned long v;

	csr_write(vsiselect, ISELECT_CTR + n);
	return csr_try_write(vsireg3, 0) && csr_try_write(vsireg2, 0) && csr_try_write(vsireg, 1) &&
	       csr_try_read(vsireg, &v) && v == 1;
}

/* Unordered vsireg: as above. */
static void zero_records(u32 n)
{
	while (n-- > 0) {
		csr_write(vsiselect, ISELECT_CTR + n);
		csr_write(vsireg, 0);
		csr_write(vsireg2, 0);
		csr_write(vsireg3, 0);
	}
}

#define LOST_ZERO(how, guest, hart, ext, when, value) \
	if (l->csrs & BIT(LOST_##guest))              \
		csr_write(hart, 0);

/* The next VM finds nothing in what no vCPU keeps. Before vsiselect is the vCPU's. */
static __attribute__((noinline)) void lose(u64 owner)
{
	struct lost *l = &this_hart(lost);

	l->owner = owner;
	CSR_LOST(LOST_ZERO)
	if (l->clears)
		(void)ctr_clear();
	else
		zero_records(l->records);
}

/*
 * A bit that a hart has in hstateen0 hides, once it is 0. Records of control transfers are looked for
 * even so: QEMU (10.0) hides sctrctl, but lets siselect and sireg have them.
 */
/* NOLINTNEXTLINE(readability-function-size): a line a CSR of the table. */
static void find_lost(void)
{
	struct lost *l = &this_hart(lost);
	unsigned long enables = 0, v;

	*l = (struct lost){0};
	if (csr_try_write(hstateen0, ~0UL))
		enables = csr_swap(hstateen0, 0);
	CSR_LOST(LOST_PROBE)
	l->clears = ctr_clear();
	if (csr_try_write(vsiselect, 0))
		while (l->records < CTR_ENTRIES && record_there(l->records))
			l->records++;
	l->any = l->csrs || l->records;
	lose(0);
}

/*
 * A hart with Sstc, henvcfg or state enables that limen does not use, because an argument hides them,
 * must be as one without: no interrupt from vstimecmp, nothing allowed by what firmware left in henvcfg,
 * nothing forbidden by what it left in hstateen0 that a hart without state enables allows, and that
 * vcpu_load() switches. Unordered vstimecmp: the hart has no guest yet.
 */
static void quiet_unused(void)
{
	(void)csr_try_write(vstimecmp, ~0UL);
	if (!vcpu_features.hstateen)
		(void)csr_try_write(hstateen0,
				    ext_hstateen0_all() & ~ext_hstateen0_of(EXT_SSSTATEEN));
}

#define INIT_ZERO(how, guest, hart, ext, when, value)  (void)csr_try_write(hart, 0);
#define INIT_WRITE(how, guest, hart, ext, when, value) (void)csr_try_write(hart, value);

/* Unordered hgatp, vsatp: the hart has no guest yet, and the fences are for walks. A line a CSR of the table.
 * NOLINTNEXTLINE(readability-function-size) */
void vcpu_hart_init(void)
{
	CSR_CONSTANT(INIT_WRITE)
	find_lost();
	CSR_INWARD(INIT_ZERO)
	quiet_unused();
	csr_write(hgatp, 0);
	csr_write(vsatp, 0);
	hfence_gvma_all();
	hfence_vvma_all();
	this_hart(guest_counting) = NULL;
	this_hart(vcpu_loaded) = NULL;
}

/* sstatus with which a guest is entered: sret goes to VS-mode with interrupts as SPIE says, which
 * does not matter there; FP and vector are on where the hart has them, and the guest's own
 * vsstatus decides. */
static u64 initial_sstatus(const struct arch_vcpu *v)
{
	u64 s = SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_UXL_64;

	if (v->has_fp)
		s |= SSTATUS_FS_INIT;
	if (v->vregs)
		s |= SSTATUS_VS_INIT;
	return s;
}

#define RESET(how, guest, hart, ext, when, value) .hart = (value),

void vcpu_reset(struct arch_vcpu *v, u64 pc, u64 a0, u64 a1)
{
	CHECK(v->loaded_on == VCPU_NOT_LOADED);
	for (unsigned int i = 0; i < 32; i++)
		v->x[i] = 0;
	v->x[10] = a0;
	v->x[11] = a1;
	v->sepc = pc;
	v->sstatus = initial_sstatus(v);
	v->hstatus = (v->hstatus & HSTATUS_VGEIN) | HSTATUS_VSXL_64 | HSTATUS_SPV | HSTATUS_SPVP;
	/* On a hart of its own its WFI waits as any, and is nobody's loss. */
	if (!v->own_hart)
		v->hstatus |= HSTATUS_VTW;
	v->exit = (struct guest_exit){0};
	v->hvip = 0;
	v->vs = (struct vs_csrs){CSR_SWITCHED(RESET) CSR_SPACE(RESET)};
	v->fp = (struct fp_state){0};
	vector_reset(v->vregs);
}

#define SAVE(how, guest, hart, ext, when, value) \
	if (CSR_WHEN(&vcpu_features, when))      \
		s->hart = csr_read(hart);

/* NOLINTNEXTLINE(readability-function-size): a line a CSR of the table. */
static void save_vs(struct vs_csrs *s)
{
	CSR_SWITCHED(SAVE)
	CSR_SPACE(SAVE)
}

#define RESTORE(how, guest, hart, ext, when, value) \
	if (CSR_WHEN(&vcpu_features, when))         \
		csr_write(hart, s->hart);

static void restore_vs(const struct vs_csrs *s)
{
	CSR_SWITCHED(RESTORE)
}

#define WRITE(how, guest, hart, ext, when, value) \
	if (CSR_WHEN(&vcpu_features, when))       \
		csr_write(hart, value);

/* What the VM is allowed, before the registers that depend on it. */
static void restore_controls(const struct arch_vcpu *v)
{
	CSR_INWARD(WRITE)
}

/* Or vsip would tell of another vCPU's file. Of hstatus this alone counts outside a guest. */
static void restore_vgein(const struct arch_vcpu *v)
{
	csr_clear(hstatus, HSTATUS_VGEIN);
	csr_set(hstatus, v->hstatus & HSTATUS_VGEIN);
}

/* What the guest clears by itself: the hart's bits are the true ones. */
#define GUEST_CLEARS (HVIP_VSSIP | LCOFIP)

/* Unordered hvip: as save_vs(). */
static void save_hvip(struct arch_vcpu *v)
{
	v->hvip = (v->hvip & ~GUEST_CLEARS) | (csr_read(hvip) & GUEST_CLEARS);
}

void vcpu_look_at_counts(struct arch_vcpu *v)
{
	if (hpm_look(&v->counts))
		vcpu_set_hvip(v, LCOFIP);
}

/* An interrupt that is pending from before would keep firmware from arming the counters' next. None is
 * running here. Unordered sip: counters and their overflow are this hart's registers. */
static __attribute__((noinline)) void counts_enter(struct arch_vcpu *v)
{
	v->counts.switched = v->counts.running;
	if (v->counts.samples) {
		csr_clear(sip, LCOFIP);
		hpm_start(&v->counts);
	}
	this_hart(guest_counting) = v->counts.switched ? &v->counts : NULL;
}

static __attribute__((noinline)) void counts_leave(struct arch_vcpu *v)
{
	vcpu_look_at_counts(v);
	hpm_stop(&v->counts);
	this_hart(guest_counting) = NULL;
}

void vcpu_put(struct arch_vcpu *v)
{
	if (this_hart(vcpu_loaded) != v)
		return;
	DCHECK(v->loaded_on == arch_hart_index());
	if (unlikely(v->counts.running))
		counts_leave(v);
	save_hvip(v);
	save_vs(&v->vs);
	/* Or what is pending for it would end each idle wait of the hart. */
	csr_write(vsie, 0);
	csr_write(vsatp, 0);
	csr_write(hgatp, 0);
	fpu_save(v);
	this_hart(vcpu_loaded) = NULL;
	/* Order: vsatp and hgatp lead nowhere, and messages that its guest sent have come, before it is loaded
	 * nowhere: who moves a sibling's file, or frees tables, calls the harts of those that are loaded.
	 * Pairs with: vm_loaded_harts() [G4]
	 * And all of its state is in memory, before another hart may take its thread.
	 * Pairs with: is_free() [Z2] */
	__asm__ volatile("fence orw, w" ::: "memory");
	WRITE_ONCE(v->loaded_on, VCPU_NOT_LOADED);
}

/*
 * An LR's reservation outlives traps, and is not the next vCPU's: one that was stopped between its
 * own LR and SC would find the SC succeed on account of the other's LR (unprivileged specification,
 * "Load-Reserved/Store-Conditional Instructions": an SC to a scratch word forcibly invalidates any
 * existing reservation, which a preemptive context switch has to do).
 */
static void drop_reservation(void)
{
	unsigned long scratch = 0;

	__asm__ volatile("sc.d zero, zero, %0" : "+A"(scratch));
}

/* Unordered vsatp: walks are ordered by the fences of who changes hgatp. */
void vcpu_load(struct arch_vcpu *v)
{
	if (this_hart(vcpu_loaded) == v) {
		v->vs.vsatp = csr_swap(vsatp, 0);
		return;
	}
	if (this_hart(vcpu_loaded))
		vcpu_put(this_hart(vcpu_loaded));
	DCHECK(csr_read(hgatp) == 0); /* Unordered hgatp: it is this hart's own */
	CHECK(v->loaded_on == VCPU_NOT_LOADED);
	drop_reservation();
	if (unlikely(this_hart(lost).any) && this_hart(lost).owner != v->owner)
		lose(v->owner);
	restore_controls(v);
	restore_vgein(v);
	restore_vs(&v->vs);
	fpu_restore(v);
	if (unlikely(v->counts.running))
		counts_enter(v);
	this_hart(vcpu_loaded) = v;
	WRITE_ONCE(v->loaded_on, arch_hart_index());
	/* Order: where it is loaded, before the number of changes is read, and hgatp is written.
	 * Pairs with: vm_loaded_harts() [G4] */
	__asm__ volatile("fence rw, orw" ::: "memory");
}

void vcpu_set_vgein(struct arch_vcpu *v, u32 n)
{
	v->hstatus = (v->hstatus & ~HSTATUS_VGEIN) | (u64)n << HSTATUS_VGEIN_SHIFT;
	if (this_hart(vcpu_loaded) == v)
		restore_vgein(v);
}

/* Unordered vsatp: walks are ordered by the fences before. */
void vcpu_open_spaces(struct arch_vcpu *v)
{
	csr_write(vsatp, v->vs.vsatp);
}

/* The fence is what the privileged specification asks for after a change of ADUE or PBMTE. */
void vcpu_set_henvcfg(struct arch_vcpu *v, u64 henvcfg)
{
	DCHECK(this_hart(vcpu_loaded) == v);
	v->henvcfg = henvcfg;
	csr_write(henvcfg, henvcfg);
	hfence_vvma_all();
}

void vcpu_set_hcounteren(struct arch_vcpu *v, u64 hcounteren)
{
	DCHECK(this_hart(vcpu_loaded) == v);
	v->hcounteren = hcounteren;
	csr_write(hcounteren, hcounteren);
}

void vcpu_set_counting(struct arch_vcpu *v, u32 running)
{
	DCHECK(this_hart(vcpu_loaded) == v);
	counts_leave(v);
	v->counts.overflown &= ~(running & ~v->counts.running);
	v->counts.running = running;
	counts_enter(v);
}

/* Unordered sip: the counters are registers too. */
void vcpu_overflow_irq(void)
{
	csr_clear(sip, LCOFIP);
	if (this_hart(vcpu_loaded))
		vcpu_look_at_counts(this_hart(vcpu_loaded));
}

bool vcpu_owns_exception(u64 cause)
{
	return cause < 64 && (HEDELEG >> cause & 1);
}
