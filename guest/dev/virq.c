/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual interrupt lines. See virq.h.
 */
#include "guest/dev/virq.h"

void virq_connect(struct virq_line *line, const struct virq_ops *ops, void *controller, u32 source,
		  enum virq_trigger trigger)
{
	*line = (struct virq_line){
		.ops = ops, .controller = controller, .source = source, .trigger = trigger};
}

void virq_disconnect(struct virq_line *line)
{
	*line = (struct virq_line){.ops = NULL};
}

void virq_set(struct virq_line *line, bool level)
{
	if (line->ops)
		line->ops->set(line, level);
}

void virq_pulse(struct virq_line *line)
{
	if (line->ops)
		line->ops->pulse(line);
}
