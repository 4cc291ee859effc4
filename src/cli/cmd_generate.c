/* generate: make a key; into the store, a pipe, or a new file. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/keymeta.h"
#include "cli/output.h"
#include "config/config.h"

struct destinations {
	bool store;
	bool standard_output;
	const char *file; /* NULL */
};

static KR_FALLIBLE choose(const struct cli_options *o, struct destinations *out)
{
	bool dash = o->key_file && strcmp(o->key_file, "-") == 0;
	struct destinations d = {
		.standard_output = o->to_stdout || dash,
		.file = dash ? NULL : o->key_file,
	};

	d.store = o->to_store || !(d.standard_output || d.file);
	if (d.standard_output && output_mode(o->output) != OUTPUT_TEXT)
		return err_new(KR_EUSAGE,
			       "--stdout is for the key: leave out --output");
	if (d.standard_output && isatty(STDOUT_FILENO) && !o->allow_terminal)
		return err_hint(
			err_set_reason(err_new(KR_EREFUSED,
					       "standard output is a terminal, "
					       "which would show the key"),
				       "Terminal"),
			"Pipe it on, or add --allow-terminal.");
	*out = d;
	return NULL;
}

static KR_FALLIBLE choose_format(const struct cli_context *context,
				 struct keyspec *out)
{
	const struct cli_options *o = &context->options;

	*out = context->config->secret.format;
	if (o->bytes)
		out->bytes = (size_t)o->bytes;
	if (o->encoding)
		return keyspec_parse_encoding(o->encoding, &out->encoding);
	return NULL;
}

static KR_FALLIBLE put_into_store(struct connection *c,
				  const struct store_meta *meta,
				  const struct secret *key)
{
	struct result_store stored = { .type = store_type(c->store),
				       .where = store_where(c->store),
				       .entry = meta->id };
	struct err *err;

	if (!store_can_prove(c->store))
		return err_new(KR_EREFUSED,
			       "store \"none\" keeps no keys: --key-file or "
			       "--stdout says where this one is to go");
	err = store_put(c->store, meta, key);
	if (err)
		return err;
	result_set_store(c->result, &stored);
	buf_printf(&c->result->text, "entry        %s\nstore        %s\n",
		   meta->id, stored.where);
	return NULL;
}

/* Where the key cannot be taken back any more comes last. */
static KR_FALLIBLE hand_out(struct connection *c, const struct destinations *d,
			    const struct secret *key)
{
	struct err *err;
	struct store_meta meta;

	err = keymeta_new(c, key, &meta);
	if (err)
		return err;
	result_put_str(c->result->document, "fingerprint", meta.fingerprint);
	buf_printf(&c->result->text, "fingerprint  %s\n", meta.fingerprint);
	if (d->store)
		err = put_into_store(c, &meta, key);
	store_meta_release(&meta);
	if (!err && d->file)
		err = file_write_new(d->file, secret_expose(key),
				     secret_len(key));
	if (err)
		return err_is(err, KR_ECONFLICT) ? err_as(err, KR_EREFUSED)
						 : err;
	result_put_str(c->result->document, "file", d->file);
	if (d->file)
		buf_printf(&c->result->text, "file         %s\n", d->file);
	if (d->standard_output)
		err = file_write_all(STDOUT_FILENO, "standard output",
				     secret_expose(key), secret_len(key));
	return err;
}

/* The key has standard output for itself; people read standard error. */
static void move_text(struct connection *c)
{
	struct buf *text = &c->result->text;

	out_write(c->context->err, buf_str(text), text->len);
	buf_reset(text);
}

static KR_FALLIBLE generate(struct connection *c, const struct destinations *d)
{
	kr_cleanup(secret_freep) struct secret *key = NULL;
	struct keyspec format = KEYSPEC_DEFAULT;
	struct err *err;

	err = choose_format(c->context, &format);
	if (!err)
		err = keyspec_generate(&format, &key);
	if (!err)
		err = hand_out(c, d, key);
	if (err) {
		buf_reset(&c->result->text);
		return err;
	}
	if (d->standard_output)
		move_text(c);
	else if (d->store)
		result_next(c->result, "kubectl keyrot apply --from-store");
	else
		result_next(c->result, "kubectl keyrot apply --key-file %s",
			    d->file);
	return NULL;
}

KR_FALLIBLE cmd_generate(struct cli_context *context, struct result *result)
{
	struct destinations destinations = { 0 };
	struct connection connection;
	struct err *err;
	int flags = CONNECT_OFFLINE;

	err = choose(&context->options, &destinations);
	if (err)
		return err;
	if (destinations.store)
		flags |= CONNECT_STORE;
	err = connection_open(context, result, flags, &connection);
	if (err)
		return err;
	err = generate(&connection, &destinations);
	connection_release(&connection);
	return err;
}
