/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's life: start, end, and the report of one that failed.
 */
#include "guest/vm.h"

#include <stdarg.h>
#include <stdio.h>

#include "arch/riscv/hart.h"
#include "arch/riscv/regs.h"
#include "arch/riscv/sbi.h"
#include "lib/log.h"

enum err vm_start(struct vm *vm, unsigned int first_hart, void (*ended)(struct vm *vm))
{
	vm->ended = ended;
	vm->live = vm->vcpus;
	vclock_start(&vm->clock, arch_clock());
	for (u32 i = 0; i < vm->vcpus; i++)
		vm->vcpu[i].arch.htimedelta = vclock_delta(&vm->clock);
	WRITE_ONCE(vm->state, VM_RUNNING);
	for (u32 i = 0; i < vm->vcpus; i++) {
		if (!vcpu_start_thread(&vm->vcpu[i], (first_hart + i) % arch_hart_count()))
			continue;
		/* Those that run see the VM end; the others count as ended already. */
		vm_stop(vm, VM_FAILED);
		for (; i < vm->vcpus; i++)
			vm_vcpu_ended(vm);
		return ERR_NOMEM;
	}
	return OK;
}

void vm_vcpu_ended(struct vm *vm)
{
	/* Order: what this vCPU did, before the last one tells that all have ended.
	 * Pairs with: itself, in the other vCPUs' threads [V1]
	 * And why the VM ended, before that is told. Pairs with: vm_stop() [V2] */
	if (__atomic_sub_fetch(&vm->live, 1, __ATOMIC_ACQ_REL) == 0) {
		vclock_stop(&vm->clock, arch_clock());
		vm->ended(vm);
	}
}

void vm_stop(struct vm *vm, enum vm_state why)
{
	u32 running = VM_RUNNING;

	/* Order: what led to the end, before the state says so; who reads it there is ordered by the
	 * request that follows. Pairs with: vm_vcpu_ended() [V2] */
	if (!__atomic_compare_exchange_n(&vm->state, &running, why, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	for (u32 i = 0; i < vm->vcpus; i++)
		vcpu_request(&vm->vcpu[i], REQ_STOP);
}

static unsigned long long in_ms(u64 ticks)
{
	return ticks * 1000 / arch_clock_hz();
}

void vm_log_times(const struct vm *vm)
{
	u64 ticks[VTIME_KINDS] = {0}, steal = 0, entries = 0;

	for (u32 i = 0; i < vm->vcpus; i++) {
		for (unsigned int k = 0; k < VTIME_KINDS; k++)
			ticks[k] += vm->vcpu[i].ticks[k];
		steal += vm->vcpu[i].steal;
		entries += vm->vcpu[i].run.entries;
	}
	log_info("VM %s: guest %llu ms, host %llu ms, interrupts %llu ms, idle %llu ms, "
		 "steal %llu ms, %llu entries",
		 vm->config->name, in_ms(ticks[VTIME_GUEST]), in_ms(ticks[VTIME_HOST]),
		 in_ms(ticks[VTIME_IRQ]), in_ms(ticks[VTIME_IDLE]), in_ms(steal),
		 (unsigned long long)entries);
}

static void report_registers(const struct arch_vcpu *a)
{
	char line[160];
	int used = 0;
	const char *name;
	u64 val;

	for (unsigned int i = 0; (name = vcpu_reg_name(i)); i++) {
		if (vcpu_reg_get(a, name, &val))
			continue;
		used += snprintf(line + used, sizeof(line) - (size_t)used, " %10s %016llx", name,
				 (unsigned long long)val);
		if (i % 4 == 3 || !vcpu_reg_name(i + 1)) {
			log_report("%s", line);
			used = 0;
		}
	}
}

static void report(struct vcpu *v, const char *why)
{
	const struct guest_exit *x = &v->arch.exit;

	irq_off();
	vcpu_put(&v->arch);
	irq_on();
	log_report("VM %s stopped: vCPU %u on hart %llu: %s", v->vm->config->name, v->id,
		   (unsigned long long)hart_id(arch_hart_index()), why);
	log_report(" scause %llx stval %llx htval %llx htinst %llx", (unsigned long long)x->scause,
		   (unsigned long long)x->stval, (unsigned long long)x->htval,
		   (unsigned long long)x->htinst);
	report_registers(&v->arch);
}

void vm_fail(struct vcpu *v, const char *fmt, ...)
{
	char why[120];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!vm_running(v->vm))
		return;
	report(v, why);
	vm_stop(v->vm, VM_FAILED);
}
