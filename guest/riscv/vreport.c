/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of a vCPU by which its VM failed. */
#include <stdio.h>

#include "arch/riscv/regs.h"
#include "guest/vm/vm_seam.h"
#include "lib/log.h"

#define REGS_A_LINE 3U

static void report_registers(const struct arch_vcpu *a)
{
	char line[REGS_A_LINE * 40];
	int used = 0;
	const char *name;

	for (unsigned int i = 0; (name = vcpu_reg_name(i)); i++) {
		used += snprintf(line + used, sizeof(line) - (size_t)used, " %10s %016llx", name,
				 (unsigned long long)vcpu_reg_value(a, i));
		if (i % REGS_A_LINE != REGS_A_LINE - 1 && vcpu_reg_name(i + 1))
			continue;
		thread_look();
		log_report("%s", line);
		thread_look();
		used = 0;
	}
}

void vcpu_report(struct vcpu *v, const char *why)
{
	const struct guest_exit *x = &v->arch.exit;

	irq_off();
	vcpu_put(&v->arch);
	irq_on();
	thread_look();
	log_report("VM %s stopped: vCPU %u on hart %llu: %s", v->vm->config->name, v->id,
		   (unsigned long long)arch_hart_id(arch_hart_index()), why);
	thread_look();
	log_report(" scause %llx stval %llx htval %llx htinst %llx", (unsigned long long)x->scause,
		   (unsigned long long)x->stval, (unsigned long long)x->htval,
		   (unsigned long long)x->htinst);
	thread_look();
	report_registers(&v->arch);
}
