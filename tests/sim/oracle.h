/* Shared by oracle.c and told.c. */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include <cjson/cJSON.h>

#include "world.h"

const cJSON *oracle_member(const cJSON *at, const char *name);
/* "" where there is no such text. */
const char *oracle_text(const cJSON *at, const char *name);
/* Lower-case hex SHA-256 */
void oracle_hash(const void *data, size_t len, char out[65]);
/* The key in an entry of a cluster's Secret; -1: none. */
int oracle_key_in(int cluster, const char *entry);
/* What a process printed as its document; NULL: none. Freed by the caller. */
cJSON *oracle_document(int process);
/* What it says fits to how it ended, and to what there is. */
void oracle_check_told(int process, const cJSON *document);
/* The fingerprint of the first key, a piece of which is there; NULL. */
const char *oracle_leaked(const char *text, size_t len);

#endif
