/* The files that tell a client how to come in. */
#ifndef PRACTICE_KUBECONFIG_H
#define PRACTICE_KUBECONFIG_H

#include "json.h"
#include "pki.h"

struct kubeconfig {
	const char *dir;
	const char *ns;
	struct pki *pki;
	cJSON *clusters; /* {"name": port} */
};

void kubeconfig_add(struct kubeconfig *config, const char *name, int port);

/*
 * DIR/kubeconfig, DIR/ca.crt, DIR/client.crt, DIR/client.key and DIR/control
 * (the URL of the control port).
 */
void kubeconfig_write(const struct kubeconfig *config, int control_port);

#endif
