/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM from its configuration: RAM, devices, vCPUs, and with the architecture its tables and what the
 * harts let it have.
 */
#include "guest/mem/gmap.h"
#include "guest/vm/vm_seam.h"
#include "hyp/mem/bulk.h"
#include "lib/log.h"

/* What a VM may take besides its RAM: page tables (2 MiB pages: 8 bytes each), vCPUs, devices. */
#define OVERHEAD_VM   MIB(1)
#define OVERHEAD_VCPU KIB(64)

static enum err create_memory(struct vm *vm)
{
	u64 size = vm->config->memory;
	enum err e;

	if (size > page_free_bytes())
		return config_no_memory(vm->config, page_free_bytes());
	vm->account.limit = size + size / 256 + OVERHEAD_VM + vm->vcpus * OVERHEAD_VCPU;
	gmem_init(&vm->mem, &vm->account);
	vm->mem.uncached = vm_arch_uncached(vm);
	vm->filling -= arch_clock();
	e = gmem_add(&vm->mem, GPA(GMAP_RAM_BASE), size);
	vm->filling += arch_clock();
	if (e)
		return config_no_memory(vm->config, page_free_bytes());
	return vm_arch_create_tables(vm);
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

	vm->place.share.stake = stake;
	vm->place.share.lanes = lanes;
	if (!stake || !lanes)
		return ERR_NOMEM;
	sched_group_spread(&vm->place.share, stake, harts);
	timer_lanes_init(lanes, harts);
	return OK;
}

static enum err create_vcpus(struct vm *vm)
{
	enum err e = vm_arch_create(vm);

	if (!e)
		e = create_parts_of_harts(vm);
	if (e)
		return e;
	vm->vcpu = bulk_alloc(&vm->account, sizeof(*vm->vcpu) * vm->vcpus);
	if (!vm->vcpu)
		return ERR_NOMEM;
	for (u32 i = 0; i < vm->vcpus; i++) {
		struct vcpu *v = &vm->vcpu[i];

		thread_look();
		vcpu_init(v, vm, i);
		e = vm_arch_create_vcpu(v);
		if (e)
			return e;
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
		vm_arch_destroy_vcpu(&vm->vcpu[i]);
		thread_look();
	}
	vconsole_destroy(&vm->console, &vm->account);
	kmem_free_charged(&vm->account, vm->place.share.stake);
	kmem_free_charged(&vm->account, vm->place.share.lanes);
	kmem_free_charged(&vm->account, vm->vcpu);
	thread_look();
	vm_arch_destroy(vm);
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
	vm->config = config;
	vm->vcpus = config->cpus;
	e = vm_arch_choose(vm);
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
