/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM from its configuration: RAM, G-stage, devices, vCPUs, and what the harts let it have.
 */
#include "arch/riscv/fpu.h"
#include "guest/mem/gmap.h"
#include "guest/vm/vm.h"
#include "hyp/mem/bulk.h"
#include "hyp/riscv/features.h"
#include "lib/log.h"

/* What a VM may take besides its RAM: page tables (2 MiB pages: 8 bytes each), vCPUs, devices. */
#define OVERHEAD_VM   MIB(1)
#define OVERHEAD_VCPU KIB(64)

static void choose_isa(struct vm *vm)
{
	struct isa_set hidden = features.hidden_ext;
	const struct vm_config *c = vm->config;
	unsigned int states = EXT_STATE_CSRS;

	if (vcpu_features.fp)
		states |= EXT_STATE_FP;
	if (vcpu_features.vector)
		states |= EXT_STATE_VECTOR;
	ext_offer(&features.harts, states, &vm->isa);
	for (u32 off = 0; off < c->hide_len; off += (u32)__builtin_strlen(c->hide + off) + 1)
		(void)ext_hide(c->hide + off, __builtin_strlen(c->hide + off), &hidden);
	ext_apply_hidden(&vm->isa, &hidden);
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
		e = gstage_map(&vm->gstage, GPA(gpa.a + off), HPA(hpa.a + off),
			       min_u64(size - off, step), PT_READ | PT_WRITE | PT_EXEC, &chg);
		thread_look();
	}
	pt_garbage_free(&vm->tables, &chg.garbage);
	return e;
}

static enum err create_memory(struct vm *vm)
{
	static const struct pt_source pages = {NULL, page_source_alloc, page_source_free,
					       page_source_va};
	u64 size = vm->config->memory;
	enum gstage_mode mode;
	enum err e;

	if (size > page_free_bytes())
		return config_no_memory(vm->config, page_free_bytes());
	vm->account.limit = size + size / 256 + OVERHEAD_VM + vm->vcpus * OVERHEAD_VCPU;
	vm->tables = pages;
	vm->tables.ctx = &vm->account;
	gmem_init(&vm->mem, &vm->account);
	vm->mem.uncached = isa_has(&vm->isa, EXT_SVPBMT);
	vm->filling -= arch_clock();
	e = gmem_add(&vm->mem, GPA(GMAP_RAM_BASE), size);
	vm->filling += arch_clock();
	if (e)
		return config_no_memory(vm->config, page_free_bytes());
	if (gstage_pick_mode(features.gstage.modes, GPA(GMAP_RAM_BASE + size - 1), &mode))
		return config_vm_error(vm->config, ERR_NOTSUP, "memory",
				       "more than this machine's G-stage can address");
	e = gstage_init(&vm->gstage, mode, &vm->tables);
	if (!e)
		e = gmem_for_each_run(&vm->mem, map_run, vm);
	return e;
}

static enum err create_devices(struct vm *vm)
{
	struct mmio_region uart = {GPA(GMAP_UART_BASE), GMAP_UART_SIZE, &vuart_mmio_ops, &vm->uart};
	enum err e;

	mmio_bus_init(&vm->bus);
	e = vconsole_init(&vm->console, &vm->uart, vm->config->name, &vm->place.share,
			  &vm->account);
	if (!e)
		e = virqchip_create(vm);
	if (!e)
		e = virqchip_connect(vm, &vm->uart.irq, GMAP_UART_IRQ, VIRQ_LEVEL);
	if (!e)
		e = mmio_add(&vm->bus, &uart);
	return e;
}

/* What the VM has of each hart. */
static enum err create_parts_of_harts(struct vm *vm)
{
	unsigned int harts = arch_hart_count();
	struct sched_stake *stake = kmem_alloc_charged(&vm->account, sizeof(*stake) * harts);
	struct timer_lane *lanes = kmem_alloc_charged(&vm->account, sizeof(*lanes) * harts);
	struct vmid_seen *seen = kmem_alloc_charged(&vm->account, sizeof(*seen) * harts);

	vm->place.share.stake = stake;
	vm->place.share.lanes = lanes;
	vm->vmid.seen = seen;
	if (!stake || !lanes || !seen)
		return ERR_NOMEM;
	sched_group_spread(&vm->place.share, stake, harts);
	timer_lanes_init(lanes, harts);
	vmid_vm_init(&vmid_space, &vm->vmid, seen);
	return OK;
}

static enum err create_vcpus(struct vm *vm)
{
	if (create_parts_of_harts(vm))
		return ERR_NOMEM;
	vm->vcpu = bulk_alloc(&vm->account, sizeof(*vm->vcpu) * vm->vcpus);
	if (!vm->vcpu)
		return ERR_NOMEM;
	for (u32 i = 0; i < vm->vcpus; i++) {
		struct vcpu *v = &vm->vcpu[i];

		thread_look();
		vcpu_init(v, vm, i);
		v->sstc = isa_has(&vm->isa, EXT_SSTC);
		v->arch.owner = vm->vmid.id;
		v->arch.hstateen0 = ext_hstateen0(&vm->isa);
		v->arch.has_fp = isa_has(&vm->isa, EXT_F);
		v->arch.own_hart = vm->place.dedicated;
		if (!(ext_states(&vm->isa) & EXT_STATE_VECTOR))
			continue;
		v->arch.vregs = bulk_alloc(&vm->account, vector_state_size(vcpu_features.vlenb));
		if (!v->arch.vregs)
			return ERR_NOMEM;
	}
	return OK;
}

static enum err create_parts(struct vm *vm)
{
	enum err e = create_memory(vm);

	if (!e)
		e = create_vcpus(vm);
	if (!e)
		e = create_devices(vm);
	return e;
}

static void free_and_look(void *ctx, unsigned int order, hpa_t page)
{
	page_source_free(ctx, order, page);
	thread_look();
}

void vm_destroy(struct vm *vm)
{
	/* Its threads are done with it, and not only told that they end. */
	DCHECK(READ_ONCE(vm->place.share.wanting) == 0);
	thread_look();
	vconsole_leave(&vm->console); /* one that was not wholly made */
	vm_place_destroy(vm);
	mmio_bus_destroy(&vm->bus);
	thread_look();
	virqchip_destroy(vm);
	for (u32 i = 0; vm->vcpu && i < vm->vcpus; i++) {
		kmem_free_charged(&vm->account, vm->vcpu[i].arch.vregs);
		thread_look();
	}
	vconsole_destroy(&vm->console, &vm->account);
	kmem_free_charged(&vm->account, vm->place.share.stake);
	kmem_free_charged(&vm->account, vm->place.share.lanes);
	kmem_free_charged(&vm->account, vm->vmid.seen);
	kmem_free_charged(&vm->account, vm->vcpu);
	thread_look();
	vm->tables.free = free_and_look;
	if (vm->gstage.pt.levels)
		gstage_destroy(&vm->gstage);
	gmem_destroy(&vm->mem);
	/* A hart that is alone waits for nobody in a grace period: the callbacks' thread, on this hart,
	 * has its turn because of the yield. */
	while (!gmem_gone(&vm->mem)) {
		synchronize_rcu();
		thread_yield();
	}
	if (mem_used(&vm->account))
		log_error("VM %s: %llu bytes of its memory are lost", vm->config->name,
			  (unsigned long long)mem_used(&vm->account));
	kmem_free(vm);
}

enum err vm_create(struct vm_config *config, struct vm **out)
{
	struct vm *vm = kmem_alloc(sizeof(*vm));
	enum err e;

	if (!vm)
		return config_no_memory(config, page_free_bytes());
	vm->lock = (struct spinlock)SPINLOCK_INIT("vm");
	vm->gstage_lock = (struct spinlock)SPINLOCK_INIT("gstage");
	vm->config = config;
	vm->vcpus = config->cpus;
	choose_isa(vm);
	e = virqchip_choose(vm);
	if (!e)
		e = vm_place_init(vm);
	if (!e)
		e = create_parts(vm);
	if (e) {
		vm_destroy(vm);
		return config->err ? e : config_no_memory(config, page_free_bytes());
	}
	*out = vm;
	return OK;
}
