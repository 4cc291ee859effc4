/*
 * The fields of keyrot.yaml.
 */
#ifndef KR_CONFIG_TABLE_H
#define KR_CONFIG_TABLE_H

#include "config/field.h"

extern const struct field config_fields[];

#endif
