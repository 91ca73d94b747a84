/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/riscv/emulate.h"

#include "arch/riscv/decode.h"
#include "arch/riscv/hfence.h"
#include "arch/riscv/vswalk.h"
#include "guest/riscv/vfault.h"
#include "guest/vm/vm.h"

/*
 * HLVX reads with the vsatp, hgatp and SPVP the hart holds at that moment, so the vCPU has to be
 * loaded, and hstatus as it was at the exit. What others had fenced since then must not be used: the
 * page may be something else by now.
 */
bool emulate_fetch(struct vcpu *v, u32 *insn)
{
	u16 low, high = 0;
	bool ok;

	irq_off();
	guest_read_begin(&v->run);
	vcpu_take_hart(v);
	vcpu_take_fences(v);
	csr_write(hstatus, v->arch.hstatus);
	ok = hlvx_hu(v->arch.sepc, &low);
	if (ok && (low & 3) == 3)
		ok = hlvx_hu(v->arch.sepc + 2, &high);
	guest_read_end(&v->run);
	irq_on();
	*insn = low | (u32)high << 16;
	return ok;
}

static enum err read_pte(void *arg, gpa_t at, u64 *pte)
{
	struct vm *vm = arg;

	return gmem_read(&vm->mem, at, pte, sizeof(*pte));
}

/*
 * The guest physical address of the access. htval holds it shifted by two, and stval's low bits
 * fill in; a hart may leave htval 0, and then the guest's tables say.
 */
static enum err fault_address(struct vcpu *v, gpa_t *out)
{
	const struct guest_exit *x = &v->arch.exit;
	struct vswalk_mem mem = {read_pte, v->vm};
	u64 vsatp;

	if (likely(x->htval && vcpu_features.htval)) {
		*out = GPA(x->htval << 2 | (x->stval & 3));
		return OK;
	}
	irq_off();
	vcpu_take_hart(v);
	vsatp = csr_read(vsatp); /* Unordered vsatp: the guest's tables are read as it is outside */
	irq_on();
	return vswalk(vsatp, x->stval, &mem, out);
}

/* A driver's loops touch its device with a few instructions, and htinst is all there is to one but
 * its address: the last ones that a watched answer may take are remembered. Their registers tell them
 * apart: rd or rs2, of which the other field is 0. One that faulted at another byte than its first is
 * none of them. */
static __always_inline struct decoded *decoded_slot(struct vcpu *v, u64 htinst)
{
	return &v->decoded[(htinst >> 7 | htinst >> 20) % DECODED];
}

static enum err decode_told(struct vcpu *v, u64 htinst, struct mmio_insn *out)
{
	enum err e = decode_htinst(htinst, out);

	if (!e && vcpu_features.htval && !out->addr_offset &&
	    (out->store || guest_reg_loaded(out->reg)))
		*decoded_slot(v, htinst) = (struct decoded){htinst, *out};
	return e;
}

/*
 * What is at sepc by now may be another instruction than the one that trapped, which another hart of the
 * guest has written meanwhile. It is not executed by limen where the guest's tables may not let it: a load
 * is no store, and its access has the byte that the hart named.
 */
static enum err fetch_and_decode(struct vcpu *v, struct mmio_insn *out)
{
	u32 insn;
	u64 offset;
	enum err e;

	if (!emulate_fetch(v, &insn))
		return ERR_AGAIN;
	e = decode_mmio(insn, out);
	if (e)
		return e;
	offset = v->arch.exit.stval - decode_address(insn, v->arch.x);
	if (out->store != (v->arch.exit.scause == EXC_STORE_GUEST_PAGE) || offset >= out->width)
		return ERR_AGAIN;
	out->addr_offset = (u8)offset;
	return OK;
}

/* OK; ERR_AGAIN: look again in the guest; ERR_NOENT: a walk of its tables failed; or ERR_NOTSUP. */
static enum err access_insn(struct vcpu *v, struct mmio_insn *out)
{
	u64 htinst = vcpu_features.htinst ? v->arch.exit.htinst : 0;

	if (htinst_kind(htinst) == HTINST_INSN) {
		enum err e = decode_told(v, htinst, out);

		if (e != ERR_NOENT)
			return e;
	} else if (htinst_kind(htinst) != HTINST_NONE) {
		return ERR_NOENT;
	}
	return fetch_and_decode(v, out);
}

static __always_inline enum err plain_access(struct vcpu *v, const struct mmio_insn *i, gpa_t at)
{
	u64 val = 0;
	enum err e;

	if (i->store) {
		val = mmio_insn_store_value(i, v->arch.x);
		return mmio_access(&v->vm->bus, &v->mmio_hint, at, i->width, true, &val);
	}
	e = mmio_access(&v->vm->bus, &v->mmio_hint, at, i->width, false, &val);
	if (!e)
		mmio_insn_load(i, v->arch.x, val);
	return e;
}

static __cold enum err traced_access(struct vcpu *v, const struct mmio_insn *i, gpa_t at)
{
	trace_record(TRACE_MMIO, at.a, i->width | (i->store ? 256U : 0));
	return plain_access(v, i, at);
}

static __always_inline enum err device_access(struct vcpu *v, const struct mmio_insn *i, gpa_t at)
{
	return trace_on(TRACE_MMIO) ? traced_access(v, i, at) : plain_access(v, i, at);
}

u64 emulate_mmio_watched(struct vcpu *v)
{
	u64 htinst = csr_read(htinst), htval = csr_read(htval);
	const struct decoded *d = decoded_slot(v, htinst);
	gpa_t at;

	if (unlikely(!htinst || htinst != d->htinst || !htval))
		return 0;
	at = GPA(htval << 2 | (csr_read(stval) & 3));
	return likely(!device_access(v, &d->insn, at)) ? d->insn.len : 0;
}

/* Where the access begins; false: in the page before, which may be anything. (One that goes on in the page
 * behind is refused by the bus, or by a device of several pages.) */
static bool first_byte(const struct mmio_insn *i, gpa_t faulted, gpa_t *at)
{
	*at = GPA(faulted.a - i->addr_offset);
	return (faulted.a & (PAGE_SIZE - 1)) >= i->addr_offset;
}

static void access_at(struct vcpu *v, const struct mmio_insn *i, gpa_t faulted)
{
	gpa_t at;
	enum err e = first_byte(i, faulted, &at) ? device_access(v, i, at) : ERR_RANGE;

	if (!e)
		v->arch.sepc += i->len;
	else
		vfault_give(v, e == ERR_NOENT ? "where it has nothing"
					      : "which the device does not take");
}

void emulate_mmio(struct vcpu *v)
{
	struct mmio_insn insn;
	enum err e = access_insn(v, &insn), walk;
	gpa_t at;

	if (e == ERR_AGAIN)
		return;
	walk = e == ERR_NOENT ? ERR_RANGE : fault_address(v, &at);
	if (walk == ERR_RANGE)
		vfault_give(v, "by page tables outside its memory");
	else if (walk) /* they have changed meanwhile */
		return;
	else if (e)
		vfault_give(v, "by an instruction that no device takes");
	else
		access_at(v, &insn, at);
}

void emulate_fetch_fault(struct vcpu *v)
{
	u64 htinst = vcpu_features.htinst ? v->arch.exit.htinst : 0;
	gpa_t at;

	if (htinst_kind(htinst) != HTINST_NONE || fault_address(v, &at) == ERR_RANGE)
		vfault_give(v, "by page tables outside its memory");
	else
		vfault_give(v, "where it has nothing");
}
