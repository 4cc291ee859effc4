# Webhooks and Slack, against a recording server.

.PHONY: notify-tests

notify-tests: $(B)/notify-play ## notifications, against a recording HTTPS server
	NOTIFY_PLAY=$(abspath $(B)/notify-play) python3 -B -m unittest \
		discover -s tests/notify -p 'test_*.py' $(NOTIFY_TESTS)

$(B)/notify-play: $(B)/tests/notify/play.o $(B)/libkeyrot.a
	$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(PKG_LIBS)

TEST_PROGRAMS += $(B)/notify-play

-include $(B)/tests/notify/play.d
