#include "cli/again.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

#define OURS "kubectl keyrot "

/* Flags that say what a command is about; the others say what to do once. */
static const char *const carried[] = {
	"kubeconfig",
	"context",
	"cluster",
	"user",
	"namespace",
	"server",
	"tls-server-name",
	"certificate-authority",
	"insecure-skip-tls-verify",
	"client-certificate",
	"client-key",
	"as",
	"as-group",
	"as-uid",
	"as-user-extra",
	"config",
	"secret",
	"entry",
	"consumer",
	"store",
	"passphrase-file",
	"create",
	"take-ownership",
	"allow-insecure-tls",
	"allow-other-cluster",
	"allow-secret-type",
	"allow-plain-http",
	"operator",
	NULL,
};

/* plan says what the apply that follows it will do. */
static const char *const planned[] = { "key-file", "from-store", "no-restart",
				       "no-wait", NULL };

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if (at > text && at[-1] == ' ' && strchr(" =", at[len]))
			return true;
	return false;
}

static bool has_flag(const char *text, const struct option *option)
{
	char letter[] = { '-', option->letter, '\0' };
	char name[64];

	(void)snprintf(name, sizeof(name), "--%s", option->name);
	return has_word(text, name) ||
	       (option->letter && has_word(text, letter));
}

static void put_value(struct buf *text, const char *value)
{
	const char *plain =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-_./:@%+,=~";

	if (*value && strspn(value, plain) == strlen(value)) {
		buf_puts(text, value);
		return;
	}
	buf_puts(text, "'");
	for (; *value; value++) {
		if (*value == '\'')
			buf_puts(text, "'\\''");
		else
			buf_append(text, value, 1);
	}
	buf_puts(text, "'");
}

static void put_flag(struct buf *text, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(text, " --%s=", name);
	put_value(text, value);
}

/* Nothing where it was not given. */
static void put_option(struct buf *text, const struct option *option,
		       const void *base)
{
	const void *at = (const char *)base + option->offset;
	const char *const *list;

	switch (option->type) {
	case OPTION_BOOL:
		if (*(const bool *)at)
			buf_printf(text, " --%s", option->name);
		return;
	case OPTION_STRING:
	case OPTION_BOOL_TEXT:
		put_flag(text, option->name, *(const char *const *)at);
		return;
	case OPTION_BARE:
		if (*(const char *const *)at && !**(const char *const *)at)
			buf_printf(text, " --%s", option->name);
		else
			put_flag(text, option->name, *(const char *const *)at);
		return;
	case OPTION_LIST:
		list = *(const char *const *const *)at;
		for (; list && *list; list++)
			put_flag(text, option->name, *list);
		return;
	case OPTION_SECRET:
	case OPTION_CHOICE:
	case OPTION_INT:
	case OPTION_DURATION:
		return;
	}
}

static void put_all(struct buf *text, const char *command,
		    const char *const *names, option_tables given,
		    option_tables taken, const void *base)
{
	for (; *names; names++) {
		size_t len = strlen(*names);
		const struct option *option = option_find(given, *names, len);

		if (option && option_find(taken, *names, len) &&
		    !has_flag(command, option))
			put_option(text, option, base);
	}
}

/* The tables of the command that the line names; false: leave it alone. */
static bool find_tables(const char *line, const struct option **out)
{
	const struct command *command;
	char name[32];
	size_t len;

	if (strstr(line, "--help") || strchr(line, '|'))
		return false;
	if (!text_starts_with(line, OURS)) {
		out[0] = cli_kube_flags;
		out[1] = NULL;
		return text_starts_with(line, "kubectl ");
	}
	line += strlen(OURS);
	len = strcspn(line, " ");
	if (len >= sizeof(name))
		return false;
	memcpy(name, line, len);
	name[len] = '\0';
	command = cli_find_command(name);
	if (!command || !command->kind)
		return false;
	cli_tables(command, out);
	return true;
}

/* In a pod there is no context that could be named. */
static void put_line(struct buf *text, const char *line)
{
	static const char none[] = " --context  ";
	const char *at = strstr(line, none);

	if (at) {
		buf_append(text, line, (size_t)(at - line));
		line = at + sizeof(none) - 2;
	}
	buf_puts(text, line);
}

static void complete(const struct cli_context *context, option_tables given,
		     struct cJSON *item)
{
	const char *line = json_text(item);
	const struct option *taken[CLI_MAX_TABLES];
	struct buf text = BUF_INIT(16384);

	if (!line || !find_tables(line, taken))
		return;
	put_line(&text, line);
	put_all(&text, line, carried, given, taken, &context->options);
	if (context->command && strcmp(context->command->name, "plan") == 0)
		put_all(&text, line, planned, given, taken, &context->options);
	if (!text.failed)
		(void)cJSON_SetValuestring(item, buf_str(&text));
	buf_release(&text);
}

void again_complete(const struct cli_context *context, option_tables tables,
		    struct result *result)
{
	struct cJSON *next = json_member_mut(result->document, "next");

	for (next = next ? next->child : NULL; next; next = next->next)
		complete(context, tables, next);
}
