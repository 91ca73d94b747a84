/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tag: [E3] all that a processor's thread wrote, before who waits for its end reads it.
 */
#include "hyp/arm64/vm.h"

#include <string.h>

#include "arch/arm64/cache.h"
#include "arch/arm64/gic.h"
#include "arch/arm64/pt.h"
#include "arch/arm64/trap.h"
#include "hyp/mem/kmem.h"
#include "lib/irq.h"
#include "lib/log.h"
#include "lib/trace.h"

#define REQ_STOP  BIT(0)
#define REQ_TIMER BIT(1)
#define REQ_ALL	  (REQ_STOP | REQ_TIMER)

#define VMIDS_MAX \
	256 /* 8 bits, which every processor has; 0 is nobody's, 1 is the conformance suite's */

static u32 vmids = 2;

/* NOLINTNEXTLINE(misc-redundant-expression): that they are the same is the point. */
_Static_assert(VCPU_NOT_LOADED == THREAD_LIVES_NOWHERE, "thread.h reads arch.loaded_on");

static void *table(void)
{
	return kmem_alloc(PAGE_SIZE);
}

enum err vm_init(struct vm *vm, const char *name, const void *code, size_t n)
{
	if (vmids == VMIDS_MAX || n > VM_RAM_SIZE)
		return ERR_RANGE;
	*vm = (struct vm){.name = name, .stage2 = table(), .ram = kmem_alloc(VM_RAM_SIZE)};
	if (!vm->stage2 || !vm->ram)
		return ERR_NOMEM;
	memcpy(vm->ram, code, n);
	cache_sync_code(vm->ram, n);
	vm->vttbr = (u64)vmids++ << VTTBR_VMID_SHIFT | (uintptr_t)vm->stage2;
	return pt_map(vm->stage2, VM_RAM_GPA, (uintptr_t)vm->ram, VM_RAM_SIZE, PT_GUEST_RAM, table);
}

static struct vm_cpu *cpu_of(struct guest_run *run)
{
	return container_of(run, struct vm_cpu, run);
}

static void request(struct vm_cpu *c, unsigned long bits)
{
	struct thread *t;

	guest_request(&c->run, bits);
	rcu_read_lock();
	t = rcu_dereference(c->thread);
	if (t)
		thread_wake(t);
	rcu_read_unlock();
}

static void timer_fired(struct timer *t)
{
	request(container_of(t, struct vm_cpu, timer), REQ_TIMER);
}

/* ---- before an entry --------------------------------------------------------------------------- */

static void take_timer(struct vm_cpu *c)
{
	irq_off();
	vcpu_load(&c->arch);
	trace_point(TRACE_INJECT, VM_IRQ_TIMER, (u64)(uintptr_t)&c->arch);
	vcpu_set_irq(&c->arch, VM_IRQ_TIMER);
	irq_on();
}

static bool do_work(struct guest_run *run)
{
	struct vm_cpu *c = cpu_of(run);

	if (guest_request_take(run, REQ_STOP) && c->ended == VM_RUNS)
		c->ended = VM_STOPPED;
	if (c->ended != VM_RUNS)
		return false;
	if (entry_work_take(~0UL))
		thread_reschedule();
	if (guest_request_take(run, REQ_TIMER))
		take_timer(c);
	return true;
}

static bool do_prepare(struct guest_run *run)
{
	struct vm_cpu *c = cpu_of(run);

	vcpu_load(&c->arch);
	hartmask_add(&c->been, arch_hart_index());
	return true;
}

/* ---- why it stopped ------------------------------------------------------------------------------ */

/* The request is for the loop, which looks for it before it enters again. */
static void end(struct vm_cpu *c, enum vm_end how)
{
	c->ended = how;
	guest_request(&c->run, REQ_STOP);
}

static void fail(struct vm_cpu *c, const char *why)
{
	log_report("vm %s: %s: esr %lx pc %lx far %lx", c->vm->name, why, c->arch.exit.esr,
		   c->arch.pc, c->arch.exit.far);
	end(c, VM_FAULTED);
}

static void set_timer(struct vm_cpu *c, u64 deadline)
{
	irq_off();
	vcpu_load(&c->arch);
	vcpu_clear_irq(&c->arch);
	timer_arm(&c->timer, deadline);
	(void)guest_request_take(&c->run, REQ_TIMER);
	irq_on();
}

static void call(struct vm_cpu *c)
{
	u64 *x = c->arch.x;
	u64 function = x[0];

	c->calls++;
	trace_point(TRACE_CALL, function, x[1]);
	x[0] = 0;
	switch (function) {
	case VM_CALL_MARK:
	case VM_CALL_PRINT: break;
	case VM_CALL_TIMER: set_timer(c, x[1]); break;
	case VM_CALL_END:
		for (unsigned int i = 0; i < VM_RESULTS; i++)
			c->results[i] = x[1 + i];
		end(c, VM_ENDED);
		break;
	default: x[0] = VM_NOT_SUPPORTED;
	}
}

/* The syndrome tells of plain loads and stores alone; of others nothing is taken. */
static void fault(struct vm_cpu *c)
{
	u64 esr = c->arch.exit.esr, gpa = vcpu_fault_gpa(&c->arch).a;
	unsigned int reg = esr >> 16 & 31, size = 1U << (esr >> 22 & 3);
	bool store = esr & ESR_WNR;

	c->faults++;
	if (gpa != VM_DEVICE_GPA || !(esr & ESR_ISV) || size != 4) {
		fail(c, "an access to where nothing is");
		return;
	}
	trace_point(TRACE_MMIO, gpa, size | (store ? 256 : 0));
	if (store)
		c->device = reg == 31 ? 0 : (u32)c->arch.x[reg];
	else if (reg != 31)
		c->arch.x[reg] = (u32)~c->device;
	c->arch.pc += 4;
}

static bool has_reason(void *arg)
{
	struct vm_cpu *c = arg;

	return (READ_ONCE(c->run.requests) & REQ_ALL) || vcpu_irq_pending(&c->arch);
}

/* While the processor stays in the hart its virtual timer ends the hart's wait; else limen's timer has to. */
static u64 deadline(void *arg, bool keeps)
{
	struct vm_cpu *c = arg;

	if (keeps && this_hart(vcpu_loaded) == &c->arch)
		return TIMER_NEVER;
	return vcpu_timer_deadline(&c->arch);
}

static void wait(struct vm_cpu *c)
{
	c->waits++;
	c->arch.pc += 4;
	(void)thread_wait_here(has_reason, deadline, c);
}

static void do_exit(struct guest_run *run)
{
	struct vm_cpu *c = cpu_of(run);

	if (c->arch.exit.vector == TRAP_IRQ) {
		c->interrupts++;
		return;
	}
	switch (c->arch.exit.vector == TRAP_SYNC ? vcpu_exit_class(&c->arch) : ~0U) {
	case EC_HVC64: call(c); break;
	case EC_DATA_LOW: fault(c); break;
	case EC_WFX: wait(c); break;
	case EC_INSN_LOW: fail(c, "nothing is there to execute"); break;
	default: fail(c, "an exception that no guest may have");
	}
}

static const struct guest_run_ops ops = {do_work, do_prepare, do_exit};

/* ---- its life -------------------------------------------------------------------------------------- */

static void main_of(void *arg)
{
	struct vm_cpu *c = arg;
	struct thread *waiter = c->waiter;

	rcu_assign_pointer(c->thread, thread_current());
	guest_run_loop(&c->run);
	irq_off();
	timer_disarm(&c->timer);
	vcpu_put(&c->arch);
	irq_on();
	rcu_assign_pointer(c->thread, NULL);
	/* Order: all that it wrote, before it is over. Pairs with: vm_ended() [E3] */
	arch_store_release(&c->over, 1);
	thread_wake(waiter);
}

enum vm_end vm_ended(const struct vm_cpu *c)
{
	/* Order: it is over, before what it wrote is read. Pairs with: main_of() [E3] */
	return arch_load_acquire(&c->over) ? (enum vm_end)c->ended : VM_RUNS;
}

static unsigned int first_hart(const struct hartmask *m)
{
	return hartmask_next(m, NULL, 0);
}

enum err vm_start(struct vm_cpu *c, struct vm *vm, u64 entry, u64 arg)
{
	struct thread_place place = {.allowed = &c->harts, .lives_in = &c->arch.loaded_on};

	c->vm = vm;
	c->waiter = thread_current();
	c->arch.loaded_on = VCPU_NOT_LOADED;
	vcpu_reset(&c->arch, vm->vttbr, VM_RAM_GPA + entry);
	c->arch.x[0] = arg;
	c->run.arch = &c->arch;
	c->run.ops = &ops;
	timer_init(&c->timer, timer_fired);
	return thread_create_at(vm->name, first_hart(&c->harts), &place, main_of, c) ? OK
										     : ERR_NOMEM;
}

void vm_stop(struct vm_cpu *c)
{
	request(c, REQ_STOP);
}
