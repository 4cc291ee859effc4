/*
 * Any bytes as a reply of a Prometheus. The first byte chooses the status; a
 * value that is believed must be one, and nothing else may be.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "service/prometheus.h"
#include "service/prometheus_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_address(const char *text, size_t len)
{
	struct url url;
	char *copy = strndup(text, len);
	struct err *err = copy ? prometheus_parse_url(copy, &url) : NULL;

	if (copy && !err)
		url_release(&url);
	err_free(err);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = { 200, 200, 400, 401, 404, 422, 503 };
	const char *body = (const char *)data + 1;
	struct prometheus_points points = { 0 };
	struct prometheus_answer answer;
	struct err *err;
	long status;

	if (size == 0)
		return 0;
	status = statuses[data[0] % (sizeof(statuses) / sizeof(*statuses))];
	prometheus_read_reply(status, "application/json", body, size - 1,
			      &answer);
	if ((answer.state == PROMETHEUS_ERROR) != (answer.err != NULL) ||
	    (answer.state == PROMETHEUS_VALUE &&
	     (isnan(answer.value) || status != 200 || answer.at_ms <= 0)))
		abort();
	prometheus_answer_release(&answer);
	err = prometheus_read_range(status, "application/json", body, size - 1,
				    &points);
	if (!err)
		prometheus_points_release(&points);
	err_free(err);
	read_address(body, size - 1);
	return 0;
}
