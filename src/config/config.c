#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/yaml.h"
#include "config/check.h"
#include "config/table.h"

#define CONFIG_NAME	 "keyrot.yaml"
#define CONFIG_MAX_BYTES (1024 * 1024)

KR_FALLIBLE config_defaults(struct config **out)
{
	kr_cleanup(config_freep) struct config *config = NULL;

	config = calloc(1, sizeof(*config));
	if (!config)
		return err_new(KR_ENOMEM, "out of memory for configuration");
	config->service = strdup("secrets-service");
	config->secret.name = strdup("secrets-service-config");
	config->secret.key = strdup("SECRET_ENCRYPTION_KEY");
	config->secret.format = KEYSPEC_DEFAULT;
	if (!config->service || !config->secret.name || !config->secret.key)
		return err_new(KR_ENOMEM, "out of memory for configuration");
	*out = take_ptr(&config);
	return NULL;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	fields_release(config_fields, config);
	free(config->path);
	yaml_freep(&config->doc);
	free(config);
}

KR_FALLIBLE config_parse(const char *name, const char *text, size_t len,
			 struct config **out)
{
	kr_cleanup(config_freep) struct config *config = NULL;
	struct err *err;

	err = config_defaults(&config);
	if (!err)
		err = yaml_parse(name, text, len,
				 YAML_UNIQUE_KEYS | YAML_ONE_DOCUMENT,
				 &config->doc);
	if (!err)
		err = fields_read(config->doc, yaml_root(config->doc),
				  config_fields, config);
	if (!err)
		err = config_check(config, config->doc);
	if (err)
		return err;
	config->path = strdup(name);
	if (!config->path)
		return err_new(KR_ENOMEM, "out of memory for configuration");
	*out = take_ptr(&config);
	return NULL;
}

static KR_FALLIBLE read_file(const char *path, struct config **out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
	struct err *err;

	err = file_read(path, &text);
	if (err)
		return err_as(err_wrap(err, "configuration"), KR_ECONFIG);
	return config_parse(path, buf_str(&text), text.len, out);
}

/* Goes one folder up in place; false at the top. */
static bool go_up(char *dir)
{
	char *slash = strrchr(dir, '/');

	if (!slash || strcmp(dir, "/") == 0)
		return false;
	slash[slash == dir ? 1 : 0] = '\0';
	return true;
}

static bool is_git_root(const char *dir)
{
	kr_cleanup(str_freep) char *git = file_join(dir, ".git");

	return git && file_exists(git);
}

/*
 * From this folder up to the Git root, that included. Outside of Git only this
 * folder counts: a file in a parent may be anybody's.
 */
static char *find_upwards(void)
{
	kr_cleanup(str_freep) char *dir = getcwd(NULL, 0);
	kr_cleanup(str_freep) char *root = dir ? strdup(dir) : NULL;
	bool in_git = false;

	if (!root)
		return NULL;
	do {
		in_git = is_git_root(root);
	} while (!in_git && go_up(root));
	for (;;) {
		char *path = file_join(dir, CONFIG_NAME);

		if (!path || file_is_named(path))
			return path;
		free(path);
		if (!in_git || strcmp(dir, root) == 0 || !go_up(dir))
			return NULL;
	}
}

static char *find_in_home(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;
	int n;

	if (xdg && *xdg == '/')
		n = asprintf(&path, "%s/keyrot/%s", xdg, CONFIG_NAME);
	else if (home && *home == '/')
		n = asprintf(&path, "%s/.config/keyrot/%s", home, CONFIG_NAME);
	else
		return NULL;
	if (n < 0)
		return NULL;
	if (!file_is_named(path))
		free(take_ptr(&path));
	return path;
}

KR_FALLIBLE config_load(const char *flag, struct config **out)
{
	const char *named = flag ? flag : getenv("KEYROT_CONFIG");
	kr_cleanup(str_freep) char *found = NULL;

	if (named && *named)
		return read_file(named, out);
	found = find_upwards();
	if (!found)
		found = find_in_home();
	return found ? read_file(found, out) : config_defaults(out);
}

size_t config_find_context(const struct config *config, const char *context,
			   const char *namespace_, struct config_place *out)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_environments; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t j = 0; j < e->n_targets; j++) {
			const struct config_target *t = &e->targets[j];

			if (strcmp(t->context, context) != 0)
				continue;
			if (namespace_ && t->namespace_ &&
			    strcmp(t->namespace_, namespace_) != 0)
				continue;
			if (n++ == 0)
				*out = (struct config_place){ e, t };
		}
	}
	return n;
}
