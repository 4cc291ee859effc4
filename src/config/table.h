/*
 * The fields of keyrot.yaml.
 */
#ifndef KR_CONFIG_TABLE_H
#define KR_CONFIG_TABLE_H

#include "config/field.h"

extern const struct field config_fields[];

/* Of an environment's soak: table_soak.c. */
extern const struct field config_soak_fields[];
struct config_soak;
void config_soak_init(struct config_soak *soak);

/* Of a check of validate: table_validate.c. */
extern const struct field config_check_fields[];
void config_check_init(void *item);
extern const struct field config_reencrypt_fields[], config_retire_fields[];

/* Of store: storeval.c, where it is a mapping; of secret.format: value.c. */
extern const struct field config_store_fields[], config_format_fields[];

/* Of gitops and argocd: table_gitops.c. */
extern const struct field config_gitops_fields[], config_argocd_fields[];

#endif
