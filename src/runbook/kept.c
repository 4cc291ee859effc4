#include "runbook/kept.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

#define SUFFIX	  ".result.json"
#define MAX_BYTES (64u * 1024 * 1024)

static KR_FALLIBLE write_it(const struct rotation *rotation,
			    const struct err *failure)
{
	/* As it will be printed, without ending the one at work. */
	struct result copy = { .document = json_copy(
				       rotation->options.result->document) };
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err = journal_beside(rotation->options.config->service,
					 rotation->id, SUFFIX, &path);

	(void)result_finish(&copy, failure);
	if (!err)
		err = json_print(copy.document, &text);
	result_release(&copy);
	return err ? err : file_write_atomic(path, text, strlen(text));
}

void kept_write(struct rotation *rotation, const struct err *failure)
{
	struct err *err = NULL;

	if (rotation->begun && *rotation->id)
		err = write_it(rotation, failure);
	if (err)
		result_warn(rotation->options.result,
			    "the report will lack pods: %s", err_message(err));
	err_free(err);
}

KR_FALLIBLE kept_read(const char *service, const char *rotation,
		      struct cJSON **out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err = journal_beside(service, rotation, SUFFIX, &path);

	*out = NULL;
	if (err || !file_exists(path))
		return err;
	err = file_read(path, &text);
	if (!err)
		err = json_parse(buf_str(&text), text.len, out);
	/* What remembers more is not there: nothing is wrong with the rest. */
	err_free(err);
	return NULL;
}
