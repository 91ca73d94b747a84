# SPDX-License-Identifier: BSD-2-Clause
# The unit tests, a row each: tests/unit/FOLDER/test_NAME.c, whether it runs under ThreadSanitizer as
# well, and what it is linked with on top of lib/ and arch/host. One without a source of its own has it
# in there, or includes it.
#
#     $(call unit,FOLDER/NAME,[tsan],SOURCES)
#
# On the weak machine (arch/host/weak), and nowhere else:
#
#     $(call weak-unit,FOLDER/NAME,SOURCES)
unit-files = $(eval $(notdir $(1))-srcs := $(2))$(eval $(notdir $(1))-test := tests/unit/$(dir $(1))test_$(notdir $(1)).c)
unit = $(eval UNITS += $(notdir $(1)))$(eval $(notdir $(1))-tsan := $(2))$(call unit-files,$(1),$(3))
weak-unit = $(eval WEAK_UNITS += $(notdir $(1)))$(call unit-files,$(1),$(2))

EXT_SRCS := arch/riscv/ext.c arch/riscv/ext_rules.c
PLATFORM_SRCS := $(addprefix hyp/tree/,platform.c platform_tree.c platform_index.c platform_mem.c \
	platform_harts.c platform_dev.c) hyp/riscv/platform_irq.c hyp/riscv/platform_hart.c

$(call unit,arch/arch,tsan,)
$(call unit,arch/arm64/printf,,)
$(call unit,arch/arm64/pt_arm64,,)
$(call unit,hyp/arm64/tree_arm64,,hyp/arm64/tree.c)
$(call unit,arch/riscv/backtrace,,arch/riscv/backtrace.c)
$(call unit,arch/riscv/csr_table,,$(EXT_SRCS) arch/riscv/isa.c arch/riscv/regs.c \
	arch/riscv/csrs.c)
$(call unit,arch/riscv/decode,,arch/riscv/decode.c build/gen/decode_table.c)
$(call unit,arch/riscv/decode_csr,,arch/riscv/decode_csr.c)
$(call unit,arch/riscv/gstage,,arch/riscv/gstage.c arch/riscv/pt.c)
$(call unit,arch/riscv/hpm,,)
$(call unit,arch/riscv/isa,,arch/riscv/isa.c $(EXT_SRCS))
$(call unit,arch/riscv/pgtable,,arch/riscv/pgtable.c arch/riscv/pt.c)
$(call unit,arch/riscv/regs,,arch/riscv/regs.c)
$(call unit,arch/riscv/vmid,tsan,arch/riscv/vmid.c)
$(call unit,arch/riscv/vswalk,,arch/riscv/vswalk.c)
$(call unit,lib/heap,,)
$(call unit,lib/list,,)
$(call unit,lib/lockdep,tsan,)
$(call unit,lib/log,tsan,)
$(call unit,lib/marks,,hyp/console/markdump.c entry/run.c entry/vtime.c rcu/rcu.c rcu/callback.c)
$(call unit,lib/spinlock,tsan,)
$(call unit,lib/symbols,,)
$(call unit,lib/trace,tsan,hyp/console/tracedump.c)
$(call unit,rcu/rcu,tsan,rcu/rcu.c rcu/callback.c entry/run.c entry/vtime.c entry/idle.c)
$(call unit,rcu/rcu_callbacks,tsan,rcu/rcu.c rcu/callback.c entry/run.c entry/vtime.c)
$(call unit,rcu/rcu_torture,tsan,rcu/rcu.c rcu/callback.c entry/run.c entry/vtime.c)
$(call unit,rcu/rcu_tree,,)
$(call unit,entry/conformance,tsan,$(CONFORMANCE_SUITE) tests/conformance/refused.c \
	$(wildcard entry/*.c rcu/*.c))
$(call unit,entry/context,,entry/run.c entry/vtime.c entry/idle.c rcu/rcu.c)
$(call unit,entry/order,tsan,entry/run.c entry/vtime.c rcu/rcu.c)
$(call unit,entry/vtime,,entry/vtime.c)
$(call unit,sbi/fw,,sbi/fw.c)
$(call unit,hyp/sched/bill,,hyp/sched/thread.c hyp/sched/runqueue.c hyp/sched/sched.c \
	hyp/sched/bill.c hyp/sched/waitq.c hyp/sched/timer.c entry/run.c entry/vtime.c \
	entry/idle.c rcu/rcu.c rcu/callback.c)
$(call unit,hyp/sched/hartcall,tsan,)
$(call unit,hyp/sched/runqueue,,hyp/sched/thread.c hyp/sched/runqueue.c hyp/sched/sched.c \
	hyp/sched/bill.c hyp/sched/waitq.c hyp/sched/timer.c entry/run.c entry/vtime.c \
	entry/idle.c rcu/rcu.c rcu/callback.c)
$(call unit,hyp/sched/sched,,hyp/sched/sched.c)
$(call unit,hyp/sched/shares,,hyp/sched/sched.c)
$(call unit,hyp/sched/thread,,hyp/sched/thread.c hyp/sched/runqueue.c hyp/sched/sched.c \
	hyp/sched/bill.c hyp/sched/waitq.c hyp/sched/timer.c entry/run.c entry/vtime.c \
	entry/idle.c rcu/rcu.c rcu/callback.c)
$(call unit,hyp/sched/timer,,hyp/sched/timer.c)
$(call unit,hyp/mem/freemem,,hyp/mem/freemem.c)
$(call unit,hyp/mem/kmem,tsan,hyp/mem/kmem.c hyp/mem/page.c)
$(call unit,hyp/mem/page,tsan,hyp/mem/page.c)
$(call unit,hyp/tree/bootargs,,hyp/tree/bootargs.c hyp/riscv/bootargs_arch.c arch/riscv/isa.c $(EXT_SRCS))
$(call unit,hyp/tree/platform,,$(PLATFORM_SRCS))
$(call unit,hyp/tree/tree,,hyp/tree/platform_index.c hyp/tree/platform_tree.c)
$(call unit,hyp/irq/hostirq,,$(PLATFORM_SRCS))
$(call unit,hyp/console/console,tsan,hyp/console/console.c hyp/console/outmix.c \
	hyp/console/outring.c hyp/console/uart_ns16550.c hyp/riscv/uart_sbi.c sbi/fw.c rcu/rcu.c \
	rcu/callback.c)
$(call unit,hyp/console/outmix,tsan,hyp/console/outmix.c hyp/console/outring.c)
$(call unit,hyp/console/uart_ns16550,,)
$(call unit,hyp/console/uart_sifive,,)
$(call unit,hyp/machine/entropy,,)
$(call unit,hyp/machine/reset,,hyp/riscv/end.c sbi/fw.c)
$(call unit,hyp/riscv/features,,$(EXT_SRCS) arch/riscv/gstage.c arch/riscv/isa.c \
	arch/riscv/pt.c lib/log.c)
$(call unit,hyp/riscv/hartisa,,hyp/riscv/hartisa.c arch/riscv/isa.c $(EXT_SRCS))
$(call unit,hyp/riscv/vsfile,,)
$(call unit,guest/vm/vclock,,guest/vm/vclock.c)
$(call unit,guest/vm/vm_life,,guest/vm/vm_life.c)
$(call unit,guest/vm/vm_load,,guest/mem/gmem.c guest/mem/gmem_access.c hyp/mem/bulk.c hyp/mem/kmem.c hyp/mem/page.c \
	rcu/rcu.c rcu/callback.c)
$(call unit,guest/mem/gmem,tsan,guest/mem/gmem.c guest/mem/gmem_access.c hyp/mem/bulk.c hyp/mem/kmem.c hyp/mem/page.c \
	rcu/rcu.c rcu/callback.c)
$(call unit,guest/mem/mmio,tsan,guest/mem/mmio.c rcu/rcu.c rcu/callback.c)
$(call unit,guest/image/config,,guest/image/config.c guest/image/config_property.c guest/image/payload.c guest/image/fit.c \
	guest/image/loader.c guest/image/filekind.c guest/image/tree.c guest/image/errline.c)
$(call unit,guest/image/fdtw,,guest/image/fdtw.c)
$(call unit,guest/image/filekind,,guest/image/filekind.c)
$(call unit,guest/image/fit,,guest/image/fit.c guest/image/tree.c guest/image/errline.c)
$(call unit,guest/image/gtree,,guest/image/gtree.c guest/riscv/gtree_arch.c \
	guest/riscv/gtree_aia.c guest/image/fdtw.c \
	guest/image/errline.c)
$(call unit,guest/image/loader,,guest/image/loader.c guest/image/filekind.c \
	guest/image/errline.c)
$(call unit,guest/dev/virq,,guest/dev/virq.c)
$(call unit,guest/dev/vuart,,guest/dev/vuart.c guest/dev/virq.c)
$(call unit,guest/riscv/fences,,arch/riscv/vmid.c)
$(call unit,guest/riscv/gtree_aia,,guest/riscv/gtree_aia.c guest/image/fdtw.c)
$(call unit,guest/riscv/vaplic,tsan,guest/riscv/vaplic.c guest/riscv/vaplic_regs.c guest/dev/virq.c)
$(call unit,guest/riscv/vcpu_vsfile,,guest/riscv/vimsic.c arch/riscv/decode_csr.c)
$(call unit,guest/riscv/vcpu_wait,,entry/run.c entry/vtime.c hyp/sched/sched.c rcu/rcu.c)
$(call unit,guest/riscv/vimsic,tsan,guest/riscv/vimsic.c arch/riscv/decode_csr.c)
$(call unit,guest/riscv/vimsic_steps,,arch/riscv/decode_csr.c)
$(call unit,guest/riscv/vplic,tsan,guest/riscv/vplic.c guest/dev/virq.c)

WEAK_SRCS := entry/run.c entry/vtime.c entry/idle.c rcu/rcu.c rcu/callback.c
$(call weak-unit,entry/weak,$(WEAK_SRCS))
$(call weak-unit,hyp/sched/weak_thread,$(WEAK_SRCS) $(addprefix hyp/sched/,thread.c runqueue.c sched.c bill.c \
	waitq.c timer.c))

build/gen/decode_table.c: tests/unit/arch/riscv/decode_table.py
	@mkdir -p $(@D)
	$(if $(CROSS),CROSS_COMPILE=$(CROSS)) python3 $< $@
