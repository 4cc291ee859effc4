# Does the key stay where it belongs?

LEAKSCAN := $(B)/tests/secrecy/leakscan
NO_WIPE_PROGRAM := build/$(notdir $(firstword $(CC)))-nowipe/kubectl-keyrot

.PHONY: secrecy

$(LEAKSCAN): $(B)/tests/secrecy/leakscan.o $(B)/tests/secrecy/forms.o
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS)

# The build without wiping is the positive control: it must be caught.
secrecy: $(LEAKSCAN) kubectl-keyrot practice ## search memory, arguments, environments, files and output for the key
	+@env -u STRICT -u SANITIZE MAKEFLAGS= MAKEOVERRIDES= $(MAKE) \
		--no-print-directory -s NO_WIPE=1 CC='$(CC)' $(NO_WIPE_PROGRAM)
	@python3 tests/secrecy/secrecy.py --leakscan $(LEAKSCAN) \
		--control $(NO_WIPE_PROGRAM) $(SECRECY)

TEST_PROGRAMS += $(LEAKSCAN)

-include $(B)/tests/secrecy/leakscan.d $(B)/tests/secrecy/forms.d
