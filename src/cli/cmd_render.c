/* render: the Secret's manifest on standard output, for kubectl. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/keymeta.h"
#include "cli/keysource.h"
#include "runbook/newest.h"
#include "secret/base64.h"

/* The manifest around the value, which never meets a formatter. */
struct manifest {
	struct buf before, after;
};

static void write_yaml(struct manifest *m, const struct kube_target *t)
{
	buf_printf(&m->before,
		   "apiVersion: v1\nkind: Secret\nmetadata:\n"
		   "  name: %s\n",
		   t->secret);
	if (t->ns)
		buf_printf(&m->before, "  namespace: \"%s\"\n", t->ns);
	buf_printf(&m->before, "type: Opaque\ndata:\n  \"%s\": ", t->entry);
	buf_puts(&m->after, "\n");
}

static void write_json(struct manifest *m, const struct kube_target *t)
{
	buf_printf(&m->before,
		   "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Secret\",\n"
		   "  \"metadata\": {\n    \"name\": \"%s\"",
		   t->secret);
	if (t->ns)
		buf_printf(&m->before, ",\n    \"namespace\": \"%s\"", t->ns);
	buf_printf(&m->before,
		   "\n  },\n  \"type\": \"Opaque\",\n  \"data\": {\n"
		   "    \"%s\": \"",
		   t->entry);
	buf_puts(&m->after, "\"\n  }\n}\n");
}

static KR_FALLIBLE print(const struct manifest *m, const struct secret *key)
{
	kr_cleanup(secret_freep) struct secret *text = NULL;
	const char *name = "standard output";
	struct err *err;

	err = buf_check(&m->before, "the manifest");
	if (!err)
		err = base64_encode(key, &text);
	if (!err)
		err = file_write_all(STDOUT_FILENO, name, buf_str(&m->before),
				     m->before.len);
	if (!err)
		err = file_write_all(STDOUT_FILENO, name, secret_expose(text),
				     secret_len(text));
	if (!err)
		err = file_write_all(STDOUT_FILENO, name, buf_str(&m->after),
				     m->after.len);
	return err;
}

/* As for apply: what is printed came back from the store. */
static KR_FALLIBLE get_key(struct connection *c, struct run_key *source,
			   struct readback_key **out)
{
	kr_cleanup(str_freep) char *id = NULL;
	struct store_meta meta = { 0 };
	bool was_there;
	struct err *err;

	if (source->entry)
		return store_prove(c->store, source->entry, NULL, out);
	if (source->given) {
		err = keymeta_new(c, source->given, &meta);
		if (!err)
			err = store_ensure(c->store, &meta, source->given, out,
					   &id, &was_there);
	} else {
		err = newest_key(c->store, c->context->config->service, NULL,
				 &meta);
		if (!err)
			err = store_prove(c->store, meta.id, NULL, out);
	}
	store_meta_release(&meta);
	return connection_no_key(c, source, err);
}

static void warn(const struct connection *c)
{
	const struct reporter *r = c->context->reporter;

	r->message(r->user, REPORT_WARNING,
		   "kubectl apply without --server-side keeps a second copy of "
		   "the key in an annotation of the Secret: use kubectl apply "
		   "--server-side -f -");
}

static KR_FALLIBLE render(struct connection *c)
{
	kr_cleanup(readback_key_freep) struct readback_key *key = NULL;
	struct manifest m = { BUF_INIT(8192), BUF_INIT(256) };
	struct run_key source = { 0 };
	struct err *err;

	err = connection_find_key(c, &source);
	if (!err)
		err = get_key(c, &source, &key);
	run_key_release(&source);
	if (err)
		return err;
	if (strcmp(c->context->options.output, "json") == 0)
		write_json(&m, &c->secret);
	else
		write_yaml(&m, &c->secret);
	warn(c);
	err = print(&m, readback_key_secret(key));
	buf_release(&m.before);
	buf_release(&m.after);
	return err;
}

static KR_FALLIBLE check_output(const struct cli_options *o)
{
	if (strcmp(o->output, "jsonl") == 0 || strcmp(o->output, "name") == 0)
		return err_new(KR_EUSAGE,
			       "render prints a manifest: --output is yaml or "
			       "json");
	if (isatty(STDOUT_FILENO) && !o->allow_terminal)
		return err_hint(
			err_set_reason(err_new(KR_EREFUSED,
					       "standard output is a terminal, "
					       "which would show the key"),
				       "Terminal"),
			"kubectl keyrot render | kubectl diff --server-side "
			"-f -");
	return NULL;
}

KR_FALLIBLE cmd_render(struct cli_context *context, struct result *result)
{
	struct connection connection;
	struct err *err;

	err = check_output(&context->options);
	if (!err)
		err = connection_open(context, result,
				      CONNECT_OFFLINE | CONNECT_STORE,
				      &connection);
	if (err)
		return err;
	err = render(&connection);
	connection_release(&connection);
	return err;
}
