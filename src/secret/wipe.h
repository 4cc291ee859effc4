/*
 * Wiping by allocator, not by discipline.
 *
 * This file defines free() and realloc() for the whole process, libraries
 * included: what is freed is wiped first. So no copy of a key that libcurl,
 * OpenSSL, nghttp2, cJSON or libyaml made stays in the heap. Built out under
 * sanitizers and valgrind (KR_NO_WIPE), which bring allocators of their own.
 */
#ifndef KR_SECRET_WIPE_H
#define KR_SECRET_WIPE_H

#include "base/err.h"

/*
 * First thing in main(): scrubs the environment of what makes libraries write
 * or load things (SSLKEYLOGFILE, OPENSSL_CONF, ...), RLIMIT_CORE=0, not
 * dumpable, no memory run that was written, umask 077, 0, 1 and 2 open, and
 * every descriptor above 2 marked close-on-exec (not closed: `--key-file
 * <(...)` and `--kubeconfig <(...)` name one). SIGXFSZ is ignored, so that a
 * file size limit is an error.
 */
void harden_process(void);

/* Wipes 16 KiB of stack below the caller: after code that handled a key. */
void wipe_stack(void);

/* Whether free() wipes in this build. */
bool wipe_is_on(void);

#endif
