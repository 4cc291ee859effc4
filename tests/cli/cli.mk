# The command line from outside: bad input, help, completion, the terminal.

.PHONY: cli-tests

cli-tests: $(B)/kubectl-keyrot $(B)/uiplay ## command line, help, terminal
	KEYROT=$(abspath $(B)/kubectl-keyrot) UIPLAY=$(abspath $(B)/uiplay) \
		python3 -B -m unittest discover -s tests/cli -p 'test_*.py' $(CLI_TESTS)

$(B)/uiplay: $(B)/tests/cli/uiplay.o $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

TEST_PROGRAMS += $(B)/uiplay

-include $(B)/tests/cli/uiplay.d
