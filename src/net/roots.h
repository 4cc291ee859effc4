/*
 * Where the system keeps the certificates that it trusts.
 *
 * SSL_CERT_FILE and SSL_CERT_DIR name them; otherwise the first bundle of the
 * places that Linux distributions use. A static binary has no default of its
 * own, and Debian's libcurl knows Debian's place alone.
 */
#ifndef KR_NET_ROOTS_H
#define KR_NET_ROOTS_H

/* Borrowed (static or of the environment); NULL where there is none. */
const char *roots_file(void);
const char *roots_dir(void);

#endif
