# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Compiles what $(FOUND) lists into $(OUT), where RIOT's linker rule looks for it.
include $(FOUND)

# RIOT's flags, without its warnings: the code is not ours.
CFLAGS := $(filter-out -W%,$(CFLAGS)) -w -DNDEBUG -fno-strict-aliasing
CFLAGS += -I$(HERE)/platform $(WAMR_FLAGS) $(INCLUDES)
# See platform.c.
CFLAGS += -Dqsort=tc_sort -Dstrcmp=tc_strcmp -fno-builtin-strcmp

SOURCES := $(WAMR_SOURCES) $(HERE)/platform/platform.c
OBJECTS := $(addprefix $(OUT)/,$(addsuffix .o,$(basename $(notdir $(SOURCES)))))
VPATH := $(sort $(dir $(SOURCES)))

comma := ,

all: $(OBJECTS)

$(OBJECTS): $(FOUND) $(HERE)/compile.mk

$(OUT)/%.o: %.c
	$(Q)$(CCACHE) $(CC) $(CFLAGS) -MQ '$@' -MD -MP -c -o $@ $<
	@# The table of the instructions' addresses is never written, but not const: 1 KB of RAM.
	$(if $(filter interp.o,$(@F)),$(Q)$(OBJCOPY) $(foreach n,0 1 2 3 4 5 6 7 8 9,--rename-section .data.handle_table.$(n)=.rodata.handle_table$(comma)alloc$(comma)load$(comma)readonly$(comma)data$(comma)contents) $@)

# It goes through the preprocessor, although its name says that it does not.
$(OUT)/%.o: %.s
	$(Q)$(CC) $(filter-out -include,$(filter-out %.h,$(CFLAGS))) -x assembler-with-cpp -c -o $@ $<

-include $(OBJECTS:.o=.d)
