/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's part of RISC-V: what the harts let it have, its G-stage, its VMID, and what its tree says of them.
 */
#include <stdio.h>
#include <string.h>

#include "arch/riscv/fpu.h"
#include "arch/riscv/sbi.h"
#include "guest/mem/gmap.h"
#include "guest/vm/vm_seam.h"
#include "hyp/machine/boot.h"
#include "hyp/mem/bulk.h"
#include "hyp/riscv/features.h"

void vm_arch_init(void)
{
	vmid_space_init(&vmid_space, features.gstage.vmid_bits);
}

const char *const *vm_arch_hide_words(void)
{
	static const char *words[EXT_COUNT + 1];
	unsigned int e, n = 0;

	for_each_ext(e) if (ext_hide_name(e)) words[n++] = ext_hide_name(e);
	return words;
}

static void choose_isa(struct vm *vm)
{
	struct isa_set hidden = features.hidden_ext;
	const struct vm_config *c = vm->config;
	unsigned int states = EXT_STATE_CSRS;

	if (vcpu_features.fp)
		states |= EXT_STATE_FP;
	if (vcpu_features.vector)
		states |= EXT_STATE_VECTOR;
	ext_offer(&features.harts, states, &vm->arch.isa);
	for (u32 off = 0; off < c->hide_len; off += (u32)__builtin_strlen(c->hide + off) + 1)
		(void)ext_hide(c->hide + off, __builtin_strlen(c->hide + off), &hidden);
	ext_apply_hidden(&vm->arch.isa, &hidden);
}

enum err vm_arch_choose(struct vm *vm)
{
	vm->arch.gstage_lock = (struct spinlock)SPINLOCK_INIT("gstage");
	choose_isa(vm);
	return virqchip_choose(vm);
}

bool vm_arch_uncached(const struct vm *vm)
{
	return isa_has(&vm->arch.isa, EXT_SVPBMT);
}

static enum err map_run(void *ctx, gpa_t gpa, hpa_t hpa, u64 size)
{
	struct vm *vm = ctx;
	u64 step = features.hidden & BIT(HIDE_2M) ? KIB(4) : MIB(2);
	struct gstage_change chg = {0}; /* nobody has used the tables: nothing to fence */
	enum err e = OK;

	if (!(features.hidden & (BIT(HIDE_2M) | BIT(HIDE_1G))))
		step = GIB(1);
	for (u64 off = 0; off < size && !e; off += step) {
		e = gstage_map(&vm->arch.gstage, GPA(gpa.a + off), HPA(hpa.a + off),
			       min_u64(size - off, step), PT_READ | PT_WRITE | PT_EXEC, &chg);
		thread_look();
	}
	pt_garbage_free(&vm->arch.tables, &chg.garbage);
	return e;
}

enum err vm_arch_create_tables(struct vm *vm)
{
	static const struct pt_source pages = {NULL, page_source_alloc, page_source_free,
					       page_source_va};
	gpa_t last = GPA(GMAP_RAM_BASE + vm->config->memory - 1);
	enum gstage_mode mode;
	enum err e;

	vm->arch.tables = pages;
	vm->arch.tables.ctx = &vm->account;
	if (gstage_pick_mode(features.gstage.modes, last, &mode))
		return config_vm_error(vm->config, ERR_NOTSUP, "memory",
				       "more than this machine's G-stage can address");
	e = gstage_init(&vm->arch.gstage, mode, &vm->arch.tables);
	return e ? e : gmem_for_each_run(&vm->mem, map_run, vm);
}

enum err vm_arch_create(struct vm *vm)
{
	struct vmid_seen *seen =
		kmem_alloc_charged(&vm->account, sizeof(*seen) * arch_hart_count());

	if (!seen)
		return ERR_NOMEM;
	vmid_vm_init(&vmid_space, &vm->arch.vmid, seen);
	return OK;
}

enum err vm_arch_create_vcpu(struct vcpu *v)
{
	struct vm *vm = v->vm;

	v->sstc = isa_has(&vm->arch.isa, EXT_SSTC);
	v->arch.owner = vm->arch.vmid.id;
	v->arch.hstateen0 = ext_hstateen0(&vm->arch.isa);
	v->arch.has_fp = isa_has(&vm->arch.isa, EXT_F);
	v->arch.own_hart = vm->place.dedicated;
	if (!(ext_states(&vm->arch.isa) & EXT_STATE_VECTOR))
		return OK;
	v->arch.vregs = bulk_alloc(&vm->account, vector_state_size(vcpu_features.vlenb));
	return v->arch.vregs ? OK : ERR_NOMEM;
}

void vm_arch_destroy_vcpu(struct vcpu *v)
{
	kmem_free_charged(&v->vm->account, v->arch.vregs);
}

static void free_and_look(void *ctx, unsigned int order, hpa_t page)
{
	page_source_free(ctx, order, page);
	thread_look();
}

void vm_arch_destroy(struct vm *vm)
{
	kmem_free_charged(&vm->account, vm->arch.vmid.seen);
	vm->arch.tables.free = free_and_look;
	if (vm->arch.gstage.pt.levels)
		gstage_destroy(&vm->arch.gstage);
}

/* What the guest's tree says of its harts. Texts live in a buffer of the caller's. */
struct isa_text {
	char string[ISA_TEXT_MAX];
	char list[ISA_TEXT_MAX];
	const char *words[EXT_COUNT];
	size_t count;
};

static enum err describe_isa(const struct vm *vm, struct isa_text *t)
{
	size_t len;
	enum err e = isa_build_string(&vm->arch.isa, t->string, sizeof(t->string));

	thread_look();
	if (!e)
		e = isa_build_list(&vm->arch.isa, t->list, sizeof(t->list), &len);
	thread_look();
	if (e)
		return e;
	for (size_t off = 0; off < len; off += strlen(t->list + off) + 1)
		t->words[t->count++] = t->list + off;
	return OK;
}

static u32 mmu_bits(void)
{
	const struct platform *p = boot_info.platform;
	u32 bits = 57;

	for (u32 i = 0; i < p->harts; i++)
		if (p->hart[i].usable && p->hart[i].arch.mmu_bits < bits)
			bits = p->hart[i].arch.mmu_bits;
	return bits ? bits : 39;
}

enum err vm_arch_describe(const struct vm *vm, struct gtree_arch *out, void **texts)
{
	struct isa_text *isa = kmem_alloc(sizeof(*isa));
	enum err e = isa ? describe_isa(vm, isa) : ERR_NOMEM;

	*texts = isa;
	if (e)
		return e;
	out->isa = isa->string;
	out->isa_base = "rv64i";
	out->isa_ext = isa->words;
	out->isa_exts = isa->count;
	out->mmu = mmu_bits();
	if (isa_has(&vm->arch.isa, EXT_ZICBOM))
		out->cbom_block = features.cbom;
	if (isa_has(&vm->arch.isa, EXT_ZICBOP))
		out->cbop_block = features.cbop;
	if (isa_has(&vm->arch.isa, EXT_ZICBOZ))
		out->cboz_block = features.cboz;
	virqchip_describe(vm, &out->irqchip);
	return OK;
}

/* The first thing it does is to look at hsm. */
void vcpu_reset_off(struct vcpu *v)
{
	v->hsm = SBI_HSM_STATE_STOPPED;
	v->run.requests = REQ_STOP;
}

void vcpu_reset_on(struct vcpu *v, u64 pc, u64 arg)
{
	v->start_pc = pc;
	v->start_opaque = arg;
	v->hsm = SBI_HSM_STATE_START_PENDING;
}
