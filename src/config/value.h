/*
 * Values of keyrot.yaml that have a grammar of their own.
 */
#ifndef KR_CONFIG_VALUE_H
#define KR_CONFIG_VALUE_H

#include "config/config.h"
#include "config/field.h"

/*
 * Each reads a node for the table of fields (field_read); the destination is
 * named beside it.
 */
field_read value_ref;	      /* struct config_ref: env:, file:, exec: */
field_read value_url;	      /* char *: https://, or a reference */
field_read value_window;      /* struct config_window */
field_read value_percent;     /* double: "50%" */
field_read value_share;	      /* struct config_share: 3, "10%" */
field_read value_shares;      /* struct config_shares */
field_read value_format;      /* struct keyspec */
field_read value_store;	      /* struct config_store */
field_read value_consumers;   /* char **, "auto" is NULL */
field_read value_workloads;   /* char ** */
field_read value_operator;    /* char *, "auto" is NULL */
field_read value_secret_name; /* char * */
field_read value_secret_key;  /* char * */
field_read value_namespace;   /* char * */

/* Days and hours; false where it is not "Mon-Thu 09:00-16:00 Europe/London". */
bool window_parse(const char *text, struct config_window *out);

/* KR_ECONFIG with what is expected: "deployment/secrets-service". */
KR_FALLIBLE workload_check(const char *text);

void window_release(struct config_window *window);

/* For the table: what the readers allocated. */
void value_release_ref(void *dest);
void value_release_window(void *dest);
void value_release_store(void *dest);
void value_release_shares(void *dest);

#endif
