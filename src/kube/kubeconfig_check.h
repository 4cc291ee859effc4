/*
 * The shape of a kubeconfig: which fields there are, and of which type.
 */
#ifndef KR_KUBE_KUBECONFIG_CHECK_H
#define KR_KUBE_KUBECONFIG_CHECK_H

#include "base/yaml.h"

/* KR_ECONFIG at the first field of a wrong type. Quotes no value. */
KR_FALLIBLE kubeconfig_check(const struct yaml_doc *doc);

#endif
