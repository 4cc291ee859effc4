#include "cli/keysource.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "config/config.h"

/* More than the longest key that a configuration can ask for. */
#define KEY_MAX_BYTES 8192

void keysource_release(struct keysource *source)
{
	secret_free(source->given);
	free(source->entry);
	free(source->name);
	*source = (struct keysource){ 0 };
}

KR_FALLIBLE keysource_take_variable(const char *entry, struct secret **out)
{
	char *value = getenv(entry);
	struct err *err;

	if (!value) {
		*out = NULL;
		return NULL;
	}
	err = secret_from_bytes(value, strlen(value), out);
	explicit_bzero(value, strlen(value));
	(void)unsetenv(entry);
	return err;
}

static void say(struct cli_context *context, enum report_level level,
		const char *format, const char *name)
{
	const struct reporter *r = context->reporter;
	char *text = NULL;

	if (asprintf(&text, "%s%s", name, format) < 0)
		return;
	r->message(r->user, level, text);
	free(text);
}

static KR_FALLIBLE read_key(const char *path, struct secret **out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(KEY_MAX_BYTES);
	bool is_stdin = strcmp(path, "-") == 0;
	struct err *err;

	if (is_stdin && isatty(STDIN_FILENO))
		return err_hint(err_new(KR_EUSAGE,
					"standard input is a terminal, which "
					"would show the key"),
				"openssl rand -base64 32 | kubectl keyrot "
				"apply --key-file -");
	err = is_stdin ? file_read_fd(STDIN_FILENO, "standard input", &text)
		       : file_read(path, &text);
	if (err_is(err, KR_ENOMEM)) {
		err_free(err);
		return err_new(KR_ECONFIG,
			       "the key from %s is longer than any key: more "
			       "than %d bytes",
			       is_stdin ? "standard input" : path,
			       KEY_MAX_BYTES);
	}
	if (err_is(err, KR_EINTERRUPTED))
		return err;
	if (err)
		return err_as(err_wrap(err, "--key-file"), KR_EUSAGE);
	return secret_from_bytes(buf_str(&text), text.len, out);
}

/* Checks the key and gives it to `out`. */
static KR_FALLIBLE take_key(struct cli_context *context,
			    struct secret **take_secret, struct keysource *out)
{
	kr_cleanup(secret_freep) struct secret *key = take_ptr(take_secret);
	struct err *err;

	if (context->config->secret.format.encoding != KEY_RAW &&
	    keyspec_strip_newline(key))
		say(context, REPORT_INFO,
		    ": a line break at the end of the key was taken off",
		    out->name);
	err = keyspec_check(&context->config->secret.format, key, out->name);
	if (err)
		return err;
	out->given = take_ptr(&key);
	return NULL;
}

static KR_FALLIBLE from_file(struct cli_context *context, struct keysource *out)
{
	kr_cleanup(secret_freep) struct secret *key = NULL;
	const char *path = context->options.key_file;
	struct err *err;

	if (strcmp(path, "-") == 0)
		context->options.kube.stdin_is_taken = true;
	err = read_key(path, &key);
	if (err)
		return err;
	if (strcmp(path, "-") != 0 && file_is_regular(path) &&
	    (file_mode(path) & 077))
		say(context, REPORT_WARNING,
		    " can be read by others: remove it after the rotation",
		    path);
	if (asprintf(&out->name, "%s%s",
		     strcmp(path, "-") == 0 ? "" : "--key-file ",
		     strcmp(path, "-") == 0 ? "standard input" : path) < 0) {
		out->name = NULL;
		return err_new(KR_ENOMEM, "out of memory for the key");
	}
	return take_key(context, &key, out);
}

static KR_FALLIBLE from_variable(struct cli_context *context, const char *entry,
				 struct keysource *out)
{
	if (asprintf(&out->name, "$%s", entry) < 0) {
		out->name = NULL;
		return err_new(KR_ENOMEM, "out of memory for the key");
	}
	return take_key(context, &context->variable, out);
}

static KR_FALLIBLE from_store(struct cli_context *context,
			      struct keysource *out)
{
	const char *id = context->options.from_store;

	out->name = strdup("the store");
	out->entry = id && *id ? strdup(id) : NULL;
	if (!out->name || (id && *id && !out->entry))
		return err_new(KR_ENOMEM, "out of memory for the key");
	return NULL;
}

KR_FALLIBLE keysource_find(struct cli_context *context, const char *entry,
			   struct keysource *out)
{
	const struct cli_options *options = &context->options;
	struct keysource source = { 0 };
	struct err *err;

	if (options->key_file)
		err = from_file(context, &source);
	else if (!options->from_store && context->variable)
		err = from_variable(context, entry, &source);
	else
		err = from_store(context, &source);
	if (err) {
		keysource_release(&source);
		return err;
	}
	*out = source;
	return NULL;
}

struct err *keysource_none(const char *entry)
{
	struct err *err = err_new(
		KR_EUSAGE,
		"no key was given: --key-file PATH (- is standard input), "
		"--from-store, the environment variable %s, or an entry in "
		"the store",
		entry);

	return err_hint(err_set_reason(err, "NoKey"),
			"kubectl keyrot generate");
}
