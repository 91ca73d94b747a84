/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of the machine's interrupt controllers limen uses: an APLIC before a PLIC, and with interrupt files
 * where they may be used.
 */
#include "hyp/riscv/irqchip.h"

#include "hyp/riscv/imsic.h"

void irqchip_init(const struct platform *p, bool msi)
{
	static const struct hostirq_files imsic_files = {"IMSIC", imsic_hart_init, imsic_take};
	const struct hostirq_files *files = msi && imsic_init(p) == OK ? &imsic_files : NULL;
	const struct hostirq_chip *chip = aplic_init(p);

	if (!chip && !files)
		chip = plic_init(p);
	hostirq_init(chip, files);
}
