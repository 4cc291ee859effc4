# The kubeconfig differential: this program against the real kubectl.

# CASES="words" runs some. Exit 3: there is no kubectl, or no namespaces.

.PHONY: kubeconfig-test

kubeconfig-test: $(B)/kubectl-keyrot $(B)/kubeconfig-probe ## kubeconfigs and flags, beside kubectl
	@python3 tests/kubeconfig/run.py $(B)/kubectl-keyrot \
		$(B)/kubeconfig-probe $(CASES) || [ $$? = 3 ]

$(B)/kubeconfig-probe: $(B)/tests/kubeconfig/probe.o $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

TEST_PROGRAMS += $(B)/kubeconfig-probe

-include $(B)/tests/kubeconfig/probe.d
