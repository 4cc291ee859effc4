/*
 * keyrot-practice: practice clusters for the tests and the demo. PRACTICE.md
 * beside this file is the manual.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth.h"
#include "control.h"
#include "controller.h"
#include "kubeconfig.h"
#include "scenario.h"
#include "server.h"
#include "settings.h"
#include "util.h"

struct options {
	const char *dir;
	const char *clusters;
	const char *ns;
	const char *scenario;
	const char *pod_ms;
	const char *stop_ms;
	bool keep;
};

static const char usage[] =
	"usage: keyrot-practice --dir DIR [--clusters A,B] [--namespace NS]\n"
	"                       [--scenario FILE.json] [--fast] [--pod-ms N]\n"
	"                       [--stop-ms N] [--keep]\n";

static void read_options(int argc, char **argv, struct options *options)
{
	static const struct option rows[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "clusters", required_argument, NULL, 'c' },
		{ "namespace", required_argument, NULL, 'n' },
		{ "scenario", required_argument, NULL, 's' },
		{ "fast", no_argument, NULL, 'f' },
		{ "pod-ms", required_argument, NULL, 'p' },
		{ "stop-ms", required_argument, NULL, 't' },
		{ "keep", no_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		switch (c) {
		case 'd':
			options->dir = optarg;
			break;
		case 'c':
			options->clusters = optarg;
			break;
		case 'n':
			options->ns = optarg;
			break;
		case 's':
			options->scenario = optarg;
			break;
		case 'f':
			settings.pod_ms = 10;
			settings.stop_ms = 5;
			break;
		case 'p':
			settings.pod_ms = atol(optarg);
			break;
		case 't':
			settings.stop_ms = atol(optarg);
			break;
		case 'k':
			options->keep = true;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (!options->dir || optind < argc) {
		fputs(usage, stderr);
		exit(2);
	}
}

static cJSON *read_scenario(const struct options *options)
{
	size_t len;
	char *text;
	cJSON *json;

	if (!options->scenario)
		return scenario_default(options->ns);
	text = file_read(options->scenario, &len);
	json = text ? json_parse(text, len) : NULL;
	if (!json)
		die("%s cannot be read as JSON", options->scenario);
	free(text);
	return json;
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		die("cannot make %s: %s", path, strerror(errno));
}

static void start_clusters(struct world *world, const char *names,
			   struct kubeconfig *config)
{
	char *copy = xstrdup(names), *save = NULL, *name;
	struct pki *wrong = pki_new("somebody-elses-ca");
	size_t i;

	for (name = strtok_r(copy, ",", &save); name;
	     name = strtok_r(NULL, ",", &save))
		world->len++;
	free(copy);
	copy = xstrdup(names);
	save = NULL;
	world->clusters = xcalloc(world->len, sizeof(*world->clusters));
	for (i = 0, name = strtok_r(copy, ",", &save); name;
	     i++, name = strtok_r(NULL, ",", &save)) {
		struct cluster *cl = &world->clusters[i];
		char *dir = xasprintf("%s/%s", world->dir, name);
		char *record = xasprintf("%s/requests.jsonl", dir);

		make_dir(dir);
		cluster_init(cl, name, i);
		scenario_load(cl, world->scenario, world->ns);
		kubeconfig_add(config, name,
			       server_start(cl, config->pki, wrong, record));
		free(record);
		free(dir);
	}
	free(copy);
}

int main(int argc, char **argv)
{
	static struct world world;
	struct options options = {
		.clusters = "aether-staging,aether-production",
		.ns = "aether-services",
	};
	struct kubeconfig config = { 0 };
	char *path;

	read_options(argc, argv, &options);
	signal(SIGPIPE, SIG_IGN);
	if (!options.keep && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		die("prctl: %s", strerror(errno));
	make_dir(options.dir);
	path = xasprintf("%s/ready", options.dir);
	unlink(path);
	world.dir = options.dir;
	world.ns = options.ns;
	world.scenario = read_scenario(&options);
	scenario_begin(world.scenario);
	config.ns = options.ns;
	config.dir = options.dir;
	config.pki = pki_new("practice-ca");
	start_clusters(&world, options.clusters, &config);
	controller_start(world.clusters, world.len);
	kubeconfig_write(&config, control_start(&world));
	file_write(path, "ok\n", 3);
	for (;;)
		pause();
}
