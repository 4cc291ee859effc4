/*
 * What a kubeconfig's PEM texts must hold, checked before they are used, so
 * that a mistake is named instead of surfacing as a failed handshake.
 */
#ifndef KR_KUBE_PEM_H
#define KR_KUBE_PEM_H

#include "secret/secret.h"

/*
 * The certificates of `pem`, written anew: other blocks and those that cannot
 * be parsed are left out, as kubectl leaves them out. KR_ECONFIG where none
 * is left. malloc'd.
 */
KR_FALLIBLE pem_certificates(const char *pem, size_t len, char **out,
			     size_t *out_len);

/*
 * KR_ECONFIG where the first certificate and the key cannot be parsed or do
 * not belong together. An encrypted key is refused: nobody is asked for its
 * passphrase.
 */
KR_FALLIBLE pem_check_pair(const struct secret *cert, const struct secret *key);

#endif
