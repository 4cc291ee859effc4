# Unit tests. A file tests/unit/test_<module>.c that defines
# `const struct unit_suite unit_<module>` is part of the run.

UNIT_TESTS := $(sort $(wildcard tests/unit/test_*.c))
UNIT_MODULES := $(UNIT_TESTS:tests/unit/test_%.c=%)
UNIT_OBJ := $(UNIT_TESTS:%.c=$(B)/%.o) $(B)/tests/unit/main.o
UNIT_LIST := $(B)/tests/unit/unit-suites.h

.PHONY: unit unit-tests FORCE

unit: $(B)/unit-tests ## unit tests (CUnit); UNIT="yaml exec" runs some
	$(B)/unit-tests $(UNIT)

$(B)/unit-tests: $(UNIT_OBJ) $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS) -lcunit

$(B)/tests/unit/%.o: CPPFLAGS += -Itests/unit -I$(B)/tests/unit
$(B)/tests/unit/main.o: $(UNIT_LIST)

# Rewritten only where the set of files changed.
$(UNIT_LIST): FORCE
	@mkdir -p $(@D)
	@printf 'SUITE(%s)\n' $(UNIT_MODULES) > $@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

FORCE:

-include $(UNIT_OBJ:.o=.d)
