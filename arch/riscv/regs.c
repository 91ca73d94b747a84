/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/riscv/regs.h"

#include <string.h>

#define X(n, name)                                              \
	{                                                       \
		name, offsetof(struct arch_vcpu, x) + 8UL * (n) \
	}
#define VS(how, guest, hart, ext, when, value) {#guest, offsetof(struct arch_vcpu, vs.hart)},

static const struct {
	const char *name;
	size_t offset; /* of a u64 in struct arch_vcpu */
} regs[] = {
	{"pc", offsetof(struct arch_vcpu, sepc)},
	X(1, "ra"),
	X(2, "sp"),
	X(3, "gp"),
	X(4, "tp"),
	X(5, "t0"),
	X(6, "t1"),
	X(7, "t2"),
	X(8, "s0"),
	X(9, "s1"),
	X(10, "a0"),
	X(11, "a1"),
	X(12, "a2"),
	X(13, "a3"),
	X(14, "a4"),
	X(15, "a5"),
	X(16, "a6"),
	X(17, "a7"),
	X(18, "s2"),
	X(19, "s3"),
	X(20, "s4"),
	X(21, "s5"),
	X(22, "s6"),
	X(23, "s7"),
	X(24, "s8"),
	X(25, "s9"),
	X(26, "s10"),
	X(27, "s11"),
	X(28, "t3"),
	X(29, "t4"),
	X(30, "t5"),
	X(31, "t6"),
	CSR_SWITCHED(VS) CSR_SPACE(VS){"hvip", offsetof(struct arch_vcpu, hvip)},
};

const char *vcpu_reg_name(unsigned int i)
{
	return i < ARRAY_SIZE(regs) ? regs[i].name : NULL;
}

u64 vcpu_reg_value(const struct arch_vcpu *v, unsigned int i)
{
	u64 val;

	memcpy(&val, (const char *)v + regs[i].offset, sizeof(val));
	return val;
}

static int find(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++)
		if (!strcmp(regs[i].name, name))
			return (int)i;
	return -1;
}

enum err vcpu_reg_get(const struct arch_vcpu *v, const char *name, u64 *out)
{
	int i = find(name);

	if (i < 0)
		return ERR_NOENT;
	*out = vcpu_reg_value(v, (unsigned int)i);
	return OK;
}

enum err vcpu_reg_set(struct arch_vcpu *v, const char *name, u64 val)
{
	int i = find(name);

	if (i < 0)
		return ERR_NOENT;
	memcpy((char *)v + regs[i].offset, &val, sizeof(val));
	return OK;
}
