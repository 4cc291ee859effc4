/*
 * Forms that a value in a ledger may have.
 */
#ifndef KR_LEDGER_FORM_H
#define KR_LEDGER_FORM_H

#include <stdbool.h>
#include <stddef.h>

enum form {
	FORM_TEXT,	/* 1 to 256 bytes of UTF-8, no control characters */
	FORM_WORD,	/* 1 to 128 of [A-Za-z0-9._:/@+-] */
	FORM_TIME,	/* 2026-11-22T21:50:46Z */
	FORM_ROTATION,	/* kr-20261122-7f3a9c, and "-" and a word after it */
	FORM_HASH,	/* 64 hex digits */
	FORM_ROOT,	/* base64 of 32 bytes */
	FORM_LEDGER_ID, /* kl- and 32 hex digits */
	FORM_SIGNER,	/* a line of allowed_signers */
	FORM_SIGNATURE, /* armoured SSH signature */
	FORM_CHOICE,	/* one of a list */
	FORM_NUMBER,
	FORM_COUNT,  /* a whole number, not negative */
	FORM_FIELDS, /* an object */
};

/*
 * Whether the text (no NUL is needed) has the form; for those that are texts.
 * FORM_TEXT and FORM_WORD also refuse what looks like a key: base64 of 32 bytes
 * or more with its padding, and 64 hex digits.
 */
bool form_fits(enum form form, const char *text, size_t len);

/* For messages: "64 hex digits". */
const char *form_name(enum form form);

#endif
