/*
 * What must hold between the fields of keyrot.yaml.
 */
#ifndef KR_CONFIG_CHECK_H
#define KR_CONFIG_CHECK_H

#include "base/yaml.h"
#include "config/config.h"

/* fleet.c: how many targets, and how they are gone through. */
KR_FALLIBLE config_check_fleet(const struct config_environment *environment,
			       const struct yaml_doc *doc,
			       const struct cJSON *node);

/* check_notify.c */
KR_FALLIBLE config_check_notify(const struct config_notify *notify,
				const struct yaml_doc *doc,
				const struct cJSON *node);

/* check_gitops.c */
KR_FALLIBLE config_check_gitops(const struct config *config,
				const struct yaml_doc *doc);

KR_FALLIBLE config_check(const struct config *config,
			 const struct yaml_doc *doc);

/* Of one check of validate: table_validate.c. */
KR_FALLIBLE config_check_check(const struct config *config,
			       const struct yaml_doc *doc,
			       const struct cJSON *node,
			       const struct config_check *check);
/* Of reencrypt: and retire:. */
KR_FALLIBLE config_check_keyring(const struct config *config,
				 const struct yaml_doc *doc);

#endif
