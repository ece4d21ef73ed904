# SPDX-FileCopyrightText: 2026 TinyContainer contributors
# SPDX-License-Identifier: MIT OR Apache-2.0

# Compiles what $(FOUND) lists into $(OUT), where RIOT's linker rule looks for it.
include $(FOUND)

# RIOT's flags, without its warnings: the code is WAMR's.
CFLAGS := $(filter-out -W%,$(CFLAGS)) -w -DNDEBUG -fno-strict-aliasing
PLATFORM := $(HERE)/../../../crates/wamr-sys/c/platform
CFLAGS += -I$(PLATFORM) -I$(or $(THREADS),$(HERE)/platform) $(WAMR_FLAGS) $(INCLUDES)
# WAMR does not read errno: a square root of 32 bits is one instruction then.
CFLAGS += -fno-math-errno

# What follows is for size, as TC_DEVICE is in wamr.settings. docs/riot-size.md has what each saves: scripts/riot-size
# measures it, by TINYCONTAINER_WITHOUT, the names of those that are left out.
without = $(filter $1,$(TINYCONTAINER_WITHOUT))

ifeq (,$(call without,qsort))
  CFLAGS += -Dqsort=tc_sort
endif
# The fast interpreter does not run without labels as values.
ifneq (,$(filter y 1,$(CONFIG_TINYCONTAINER_FAST_INTERPRETER))$(call without,jump-table))
  CFLAGS += -UWASM_ENABLE_LABELS_AS_VALUES -DWASM_ENABLE_LABELS_AS_VALUES=1
endif
ifneq (,$(call without,short-texts))
  CFLAGS := $(patsubst %/c/device.h,%/c/quiet.h,$(CFLAGS))
endif
ifneq (,$(filter arm%,$(CPU_ARCH)))
  # Compiled by the linker, as one program: functions and texts that nothing refers to are left out.
  ifeq (,$(call without,lto))
    CFLAGS += -flto=1
  endif
  # Equal code at the ends of many instructions of the interpreter is shared, for a jump each.
  ifeq (,$(call without,crossjump))
    CFLAGS += --param=max-crossjump-edges=5000
  endif
endif

SOURCES := $(WAMR_SOURCES) $(PLATFORM)/platform.c
OBJECTS := $(addprefix $(OUT)/,$(addsuffix .o,$(basename $(notdir $(SOURCES)))))
VPATH := $(sort $(dir $(SOURCES)))

all: $(OBJECTS)
	@# RIOT links all objects of the directory: of a file that is no longer compiled too.
	$(Q)rm -f $(filter-out $(OBJECTS),$(wildcard $(OUT)/*.o))

$(OBJECTS): $(OUT)/flags $(HERE)/compile.mk

# Written if it differs: other flags are other objects.
.PHONY: FORCE
$(OUT)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(subst ','"'"',$(CFLAGS))' | cmp -s - $@ || echo '$(subst ','"'"',$(CFLAGS))' > $@

$(OUT)/%.o: %.c
	$(Q)$(CCACHE) $(CC) $(CFLAGS) -MQ '$@' -MD -MP -c -o $@ $<

# The file needs the preprocessor, although its suffix is .s.
$(OUT)/%.o: %.s
	$(Q)$(CC) $(filter-out -include -flto%,$(filter-out %.h,$(CFLAGS))) -x assembler-with-cpp -c -o $@ $<

-include $(OBJECTS:.o=.d)
