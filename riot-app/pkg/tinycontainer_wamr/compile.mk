# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Compiles what $(FOUND) lists into $(OUT), where RIOT's linker rule looks for it.
include $(FOUND)

# RIOT's flags, without its warnings: the code is not ours.
CFLAGS := $(filter-out -W%,$(CFLAGS)) -w -DNDEBUG -fno-strict-aliasing
CFLAGS += -I$(HERE)/platform $(WAMR_FLAGS) $(INCLUDES)
# The fast interpreter does not run without labels as values.
ifneq (,$(filter y 1,$(CONFIG_TINYCONTAINER_FAST_INTERPRETER)))
  CFLAGS += -UWASM_ENABLE_LABELS_AS_VALUES -DWASM_ENABLE_LABELS_AS_VALUES=1
endif
# Nobody asks for errno: a root of 32 bits is one instruction then, and one of 64 bits does without a table.
CFLAGS += -fno-math-errno
ifneq (,$(filter arm%,$(CPU_ARCH)))
  CFLAGS += -Dsqrt=__ieee754_sqrt
endif
# See platform.c.
CFLAGS += -Dqsort=tc_sort -Dstrcmp=tc_strcmp -fno-builtin-strcmp

# Compiled by the linker, as one program: what no caller asks for goes, texts that nobody shows too. 6 KB.
ifneq (,$(filter arm%,$(CPU_ARCH)))
  CFLAGS += -flto=1
  # What is the same at the end of many instructions stands once: 4 KB, for a jump each. The others cost more flash
  # than they save here.
  CFLAGS += --param=max-crossjump-edges=5000 --param=min-crossjump-insns=1
  CFLAGS += -fno-ivopts -fno-move-loop-invariants -fno-schedule-insns2 -fno-tree-sink -fno-caller-saves
  CFLAGS += -fno-tree-dominator-opts -fno-code-hoisting
endif

SOURCES := $(WAMR_SOURCES) $(HERE)/platform/platform.c
OBJECTS := $(addprefix $(OUT)/,$(addsuffix .o,$(basename $(notdir $(SOURCES)))))
VPATH := $(sort $(dir $(SOURCES)))

all: $(OBJECTS)

$(OBJECTS): $(FOUND) $(HERE)/compile.mk

$(OUT)/%.o: %.c
	$(Q)$(CCACHE) $(CC) $(CFLAGS) -MQ '$@' -MD -MP -c -o $@ $<

# It goes through the preprocessor, although its name says that it does not.
$(OUT)/%.o: %.s
	$(Q)$(CC) $(filter-out -include -flto%,$(filter-out %.h,$(CFLAGS))) -x assembler-with-cpp -c -o $@ $<

-include $(OBJECTS:.o=.d)
