/* Keys and certificates, made at start: EC P-256, valid for a day. */
#ifndef PRACTICE_PKI_H
#define PRACTICE_PKI_H

struct pki;

struct cert {
	char *cert_pem;
	char *key_pem;
};

/* A new certificate authority. */
struct pki *pki_new(const char *name);
const char *pki_ca_pem(const struct pki *pki);

/* For localhost and 127.0.0.1. */
struct cert pki_server(const struct pki *pki);

/* For a user: CN and O, as the API server reads them. */
struct cert pki_client(const struct pki *pki, const char *user,
		       const char *group);

#endif
