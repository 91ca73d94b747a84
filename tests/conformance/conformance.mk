# SPDX-License-Identifier: BSD-2-Clause
# The conformance suite, for the unit test and for the image.
CONFORMANCE_SUITE := tests/conformance/suite.c tests/conformance/threshold.c \
	tests/conformance/quiet.c tests/conformance/harts.c

# The same suite inside the hypervisor, but for release: the boot argument selftest=conformance.
ifneq ($(BUILD),release)
CONFORMANCE_OBJS := $(patsubst %,$(OBJ)/%.o,$(CONFORMANCE_SUITE) $(CONFORMANCE_PORT))
OBJS += $(CONFORMANCE_OBJS)
$(OUT)/limen.pass1: $(CONFORMANCE_OBJS)
-include $(CONFORMANCE_OBJS:.o=.d)
endif
