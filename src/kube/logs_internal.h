/* Shared by logs.c and logs_pod.c; nobody else includes this. */
#ifndef KR_KUBE_LOGS_INTERNAL_H
#define KR_KUBE_LOGS_INTERNAL_H

#include <regex.h>

#include "kube/logs.h"
#include "net/lines.h"

/* The patterns, compiled once for all pods. */
struct logs_patterns {
	regex_t *expect, *forbid;
	size_t expect_count, forbid_count; /* compiled so far */
};
KR_FALLIBLE logs_patterns_compile(const struct logs_options *options,
				  struct logs_patterns *out);
void logs_patterns_release(struct logs_patterns *patterns);

/* One pod while its log is read. */
struct logs_reader {
	struct kube *kube;
	const struct logs_options *options;
	const struct logs_patterns *patterns;
	const struct kube_pod *pod;
	struct logs_pod_result result;
	bool *met;     /* by expectation */
	bool over;     /* result.state is final */
	bool resuming; /* lines that were seen may come again */
	bool was_read; /* an answer came, be it empty */
	int restarts_before;
	struct kube_stream *stream;
	struct lines lines;
	struct err *failed; /* met inside a callback; owned */
	/* The stamp of the last line, as the server wrote it: where a log
	 * that was cut is read on. */
	char last_stamp[48];
	int64_t due_ms;
	int64_t pause_ms;
	int64_t opened_ms;
};

KR_FALLIBLE logs_reader_init(struct logs_reader *reader, struct kube *kube,
			     const struct kube_pod *pod,
			     const struct logs_options *options,
			     const struct logs_patterns *patterns);
/* Opens, reopens, and takes in a stream that ended. */
KR_FALLIBLE logs_reader_step(struct logs_reader *reader);
/* What the pod object says now; NULL: it is not there. */
KR_FALLIBLE logs_reader_look(struct logs_reader *reader,
			     const struct cJSON *pod);
/* Reads once, without following, what came since the last line. */
KR_FALLIBLE logs_reader_catch_up(struct logs_reader *reader);
void logs_reader_stop(struct logs_reader *reader);
void logs_reader_release(struct logs_reader *reader);

/* Bytes as they come, for tests. */
KR_FALLIBLE logs_reader_feed(struct logs_reader *reader, const char *data,
			     size_t len);

#endif
