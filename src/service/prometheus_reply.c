/* What a Prometheus says, read strictly. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "service/prometheus_internal.h"

#define MAX_QUOTE 200

void prometheus_answer_release(struct prometheus_answer *answer)
{
	free(answer->warning);
	err_free(answer->err);
	memset(answer, 0, sizeof(*answer));
}

void prometheus_points_release(struct prometheus_points *points)
{
	free(points->values);
	free(points->warning);
	memset(points, 0, sizeof(*points));
}

static bool str_is(const struct cJSON *node, const char *text)
{
	return str_equal(json_text(node), text);
}

static char *clean(const char *text)
{
	return text ? text_clean(text, strlen(text), MAX_QUOTE) : NULL;
}

/* The reply's own words on a failure, ": " in front; "" where it has none. */
static char *quote(const char *body, size_t len)
{
	kr_cleanup(json_freep) struct cJSON *root = NULL;
	kr_cleanup(str_freep) char *words = NULL;
	struct buf text = BUF_INIT(1024);
	struct err *err = json_parse(body, len, &root);

	if (err)
		err_free(err);
	else if (json_is_object(root))
		words = clean(json_member_str(root, "error"));
	buf_printf(&text, "%s%s", words ? ": " : "", words ? words : "");
	return buf_take(&text);
}

static KR_FALLIBLE refused(long status, const char *body, size_t len)
{
	kr_cleanup(str_freep) char *words = quote(body, len);
	const char *said = words ? words : "";

	switch (status) {
	case 400:
		return err_set_reason(err_new(KR_ECONFIG,
					      "the query was not accepted%s",
					      said),
				      "BadQuery");
	case 422:
		return err_new(KR_ECLUSTER,
			       "the query could not be carried "
			       "out%s",
			       said);
	case 401:
		return err_hint(err_new(KR_EAUTH,
					"the credentials were not accepted "
					"(401)"),
				"Look at token, user, cert and tenant of "
				"soak.prometheus");
	case 403:
		return err_new(KR_EFORBIDDEN, "not allowed (403)");
	case 404:
		return err_hint(err_new(KR_ENOTFOUND, "nothing is there (404)"),
				"The address may need a path, such as "
				"/prometheus");
	default:
		break;
	}
	if (status >= 300 && status < 400)
		return err_new(KR_ECLUSTER,
			       "it points to another place (%ld), which is not "
			       "followed",
			       status);
	return err_new(KR_ECLUSTER, "it answered %ld%s", status, said);
}

static KR_FALLIBLE nonsense(const char *what)
{
	return err_new(KR_ECLUSTER, "the answer is none of Prometheus: %s",
		       what);
}

/* The reply's data, where it is a success and whole. */
static KR_FALLIBLE open_reply(long status, const char *type, const char *body,
			      size_t len, struct cJSON **out)
{
	kr_cleanup(json_freep) struct cJSON *root = NULL;
	struct err *err;

	if (status != 200)
		return refused(status, body, len);
	if (strcmp(type, "application/json") != 0)
		return nonsense("it is no JSON");
	err = json_parse(body, len, &root);
	if (err_is(err, KR_EINVALID)) {
		err_free(err);
		return nonsense("its JSON is broken");
	}
	if (err)
		return err;
	if (!str_is(json_member(root, "status"), "success"))
		return nonsense("its status is not success");
	/* VictoriaMetrics: some of its storage did not answer. */
	if (cJSON_IsTrue(json_member(root, "isPartial")))
		return err_new(KR_ECLUSTER, "the answer is partial");
	if (!json_is_object(json_member(root, "data")))
		return nonsense("it has no data");
	*out = take_ptr(&root);
	return NULL;
}

static bool is_decimal(const char *text)
{
	bool digit = false;

	for (; *text; text++) {
		digit = digit || isdigit((unsigned char)*text);
		if (!isdigit((unsigned char)*text) && !strchr("+-.eE", *text))
			return false;
	}
	return digit;
}

/* [1700000000.123, "0.25"]; NaN and -Inf become NAN. */
static KR_FALLIBLE read_pair(const struct cJSON *pair, double *out_value,
			     int64_t *out_at_ms)
{
	const struct cJSON *at = json_first(pair);
	const struct cJSON *value = at ? json_next(at) : NULL;
	const char *text = json_text(value);
	char *end = NULL;
	double n;

	if (!json_is_array(pair) || json_length(pair) != 2 ||
	    !cJSON_IsNumber(at) || !text)
		return nonsense("a sample is not [time, \"number\"]");
	if (!(at->valuedouble > 0) || at->valuedouble > 1e11)
		return nonsense("a sample's time is none");
	if (strcmp(text, "NaN") == 0 || strcmp(text, "-Inf") == 0) {
		n = NAN;
	} else if (strcmp(text, "+Inf") == 0 || strcmp(text, "Inf") == 0) {
		n = INFINITY;
	} else {
		if (!is_decimal(text))
			return nonsense("a sample's value is no number");
		n = strtod(text, &end);
		if (*end || !isfinite(n))
			return nonsense("a sample's value is no number");
	}
	*out_value = n;
	*out_at_ms = (int64_t)(at->valuedouble * 1000.0 + 0.5);
	return NULL;
}

static KR_FALLIBLE several(size_t n)
{
	struct err *err = err_new(
		KR_ECONFIG,
		"the query gives %zu series, and one number is wanted", n);

	err = err_hint(err, "Put sum(...), max(...) or the like around it, or "
			    "name an aggregate for the metric");
	return err_set_reason(err, "SeveralSeries");
}

static KR_FALLIBLE wrong_type(const char *what)
{
	return err_set_reason(err_new(KR_ECONFIG,
				      "the query gives %s, and one number is "
				      "wanted",
				      what),
			      "NotANumber");
}

static KR_FALLIBLE take_number(const struct cJSON *pair,
			       struct prometheus_answer *out)
{
	struct err *err = read_pair(pair, &out->value, &out->at_ms);

	if (!err)
		out->state =
			isnan(out->value) ? PROMETHEUS_NAN : PROMETHEUS_VALUE;
	return err;
}

static KR_FALLIBLE take_vector(const struct cJSON *list,
			       struct prometheus_answer *out)
{
	const struct cJSON *series = json_first(list);

	if (!json_is_array(list))
		return nonsense("a vector is no list");
	if (!series) {
		out->state = PROMETHEUS_EMPTY;
		return NULL;
	}
	if (json_length(list) > 1)
		return several(json_length(list));
	if (json_member(series, "histogram"))
		return wrong_type("a histogram");
	return take_number(json_member(series, "value"), out);
}

static KR_FALLIBLE read_instant(long status, const char *type, const char *body,
				size_t len, struct prometheus_answer *out)
{
	kr_cleanup(json_freep) struct cJSON *root = NULL;
	struct err *err = open_reply(status, type, body, len, &root);
	const struct cJSON *data, *result;
	const char *kind;

	if (err)
		return err;
	data = json_member(root, "data");
	result = json_member(data, "result");
	kind = json_member_str(data, "resultType");
	out->warning =
		clean(json_text(json_first(json_member(root, "warnings"))));
	if (!kind || !result)
		return nonsense("it has no result");
	if (strcmp(kind, "vector") == 0)
		return take_vector(result, out);
	if (strcmp(kind, "scalar") == 0)
		return take_number(result, out);
	if (strcmp(kind, "matrix") == 0)
		return wrong_type("a range");
	if (strcmp(kind, "string") == 0)
		return wrong_type("a text");
	return nonsense("its result is of an unknown type");
}

void prometheus_read_reply(long status, const char *content_type,
			   const char *body, size_t len,
			   struct prometheus_answer *out)
{
	struct prometheus_answer answer = { 0 };
	struct err *err =
		read_instant(status, content_type, body, len, &answer);

	if (err) {
		prometheus_answer_release(&answer);
		answer.state = PROMETHEUS_ERROR;
		answer.err = err;
	}
	*out = answer;
}

static KR_FALLIBLE take_points(const struct cJSON *list,
			       struct prometheus_points *out)
{
	size_t n = json_length(list);

	if (!json_is_array(list))
		return nonsense("a series has no values");
	if (n > PROMETHEUS_MAX_POINTS + 1)
		return nonsense("a series has too many values");
	out->values = calloc(n + 1, sizeof(*out->values));
	if (!out->values)
		return err_no_memory();
	for (const struct cJSON *pair = json_first(list); pair;
	     pair = json_next(pair)) {
		struct err *err =
			read_pair(pair, &out->values[out->count], &out->end_ms);

		if (err)
			return err;
		out->count++;
	}
	return NULL;
}

static KR_FALLIBLE read_matrix(const struct cJSON *root,
			       struct prometheus_points *out)
{
	const struct cJSON *data = json_member(root, "data");
	const struct cJSON *list = json_member(data, "result");
	const struct cJSON *series = json_first(list);

	out->warning =
		clean(json_text(json_first(json_member(root, "warnings"))));
	if (!str_is(json_member(data, "resultType"), "matrix") ||
	    !json_is_array(list))
		return nonsense("it has no matrix");
	if (!series)
		return NULL;
	if (json_length(list) > 1)
		return several(json_length(list));
	if (json_member(series, "histograms"))
		return wrong_type("a histogram");
	return take_points(json_member(series, "values"), out);
}

KR_FALLIBLE prometheus_read_range(long status, const char *content_type,
				  const char *body, size_t len,
				  struct prometheus_points *out)
{
	kr_cleanup(json_freep) struct cJSON *root = NULL;
	struct prometheus_points points = { 0 };
	struct err *err = open_reply(status, content_type, body, len, &root);

	if (!err)
		err = read_matrix(root, &points);
	if (err)
		prometheus_points_release(&points);
	else
		*out = points;
	return err;
}
