#include "kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "util.h"

void kubeconfig_add(struct kubeconfig *config, const char *name, int port)
{
	if (!config->clusters)
		config->clusters = cJSON_CreateObject();
	json_put_long(config->clusters, name, port);
}

static void write_text(const struct kubeconfig *config, const char *name,
		       const char *text)
{
	char *path = xasprintf("%s/%s", config->dir, name);

	file_write(path, text, strlen(text));
	free(path);
}

static void add_context(struct buf *out, const char *name, const char *cluster,
			const char *user, const char *ns)
{
	buf_printf(out,
		   "- name: %s\n  context: {cluster: %s, user: %s, namespace: "
		   "%s}\n",
		   name, cluster, user, ns);
}

static void add_clusters(struct buf *out, const struct kubeconfig *config)
{
	const char *ca = pki_ca_pem(config->pki);
	char *data = base64_encode(ca, strlen(ca));
	const cJSON *at;

	buf_str(out, "clusters:\n");
	cJSON_ArrayForEach (at, config->clusters)
		buf_printf(out,
			   "- name: %s\n  cluster:\n    server: "
			   "https://127.0.0.1:%ld\n    "
			   "certificate-authority-data: %s\n",
			   at->string, json_number(at, 0), data);
	free(data);
}

static void add_users(struct buf *out, const struct cert *cert,
		      const cJSON *users)
{
	char *certificate =
		base64_encode(cert->cert_pem, strlen(cert->cert_pem));
	char *key = base64_encode(cert->key_pem, strlen(cert->key_pem));
	const cJSON *at;

	buf_printf(out,
		   "users:\n- name: practice-admin\n  user:\n    "
		   "client-certificate-data: %s\n    client-key-data: %s\n",
		   certificate, key);
	cJSON_ArrayForEach (at, users)
		buf_printf(out, "- name: %s\n  user: {token: %s}\n",
			   json_text(at, "name"), json_text(at, "token"));
	free(certificate);
	free(key);
}

void kubeconfig_write(const struct kubeconfig *config, int control_port)
{
	struct cert cert = pki_client(config->pki, "operator@example.com",
				      "system:masters");
	cJSON *users = auth_users();
	struct buf out = { 0 };
	const cJSON *at, *user;
	char *url;

	buf_str(&out, "apiVersion: v1\nkind: Config\n");
	add_clusters(&out, config);
	add_users(&out, &cert, users);
	buf_str(&out, "contexts:\n");
	cJSON_ArrayForEach (at, config->clusters) {
		add_context(&out, at->string, at->string, "practice-admin",
			    config->ns);
		cJSON_ArrayForEach (user, users) {
			char *name = xasprintf("%s@%s", json_text(user, "name"),
					       at->string);

			add_context(&out, name, at->string,
				    json_text(user, "name"), config->ns);
			free(name);
		}
	}
	if (config->clusters->child)
		buf_printf(&out, "current-context: %s\n",
			   config->clusters->child->string);
	write_text(config, "kubeconfig", out.data);
	write_text(config, "ca.crt", pki_ca_pem(config->pki));
	write_text(config, "client.crt", cert.cert_pem);
	write_text(config, "client.key", cert.key_pem);
	url = xasprintf("http://127.0.0.1:%d", control_port);
	write_text(config, "control", url);
	free(url);
	buf_release(&out);
	cJSON_Delete(users);
}
