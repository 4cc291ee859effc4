/*
 * What must hold between the fields of keyrot.yaml.
 */
#ifndef KR_CONFIG_CHECK_H
#define KR_CONFIG_CHECK_H

#include "base/yaml.h"
#include "config/config.h"

KR_FALLIBLE config_check(const struct config *config,
			 const struct yaml_doc *doc);

#endif
