/*
 * What stands on the page, whatever it is written in: page.c goes through the
 * document once and calls a writer. For this folder alone.
 */
#ifndef KR_REPORT_PAGE_H
#define KR_REPORT_PAGE_H

#include <stddef.h>

#include "base/buf.h"

struct cJSON;

/* Texts are foreign: a writer escapes all of them. NULL: not known. */
enum cell_kind {
	CELL_TEXT,
	CELL_HEAD,  /* what the row is about */
	CELL_KEY,   /* a fingerprint; its first digits where `note` is there */
	CELL_STATE, /* a word: "done", "fail", "rolled-back" */
	CELL_CODE,
	CELL_TIME, /* RFC 3339 */
	CELL_NUMBER,
};

struct cell {
	enum cell_kind kind;
	const char *text;
	const char *note; /* what it is called: "the new key"; NULL */
};

struct page_table {
	const char *caption;
	const char *const *heads;
	size_t columns;
};

struct page_head {
	const char *title;
	const char *state;
	const char *lead; /* a sentence */
};

struct page_writer {
	void (*begin)(struct buf *out, const struct page_head *head);
	void (*section)(struct buf *out, const char *id, const char *title);
	void (*section_end)(struct buf *out);
	void (*paragraph)(struct buf *out, const char *text);
	void (*table)(struct buf *out, const struct page_table *table);
	void (*row)(struct buf *out, const struct page_table *table,
		    const struct cell *cells);
	void (*table_end)(struct buf *out);
	void (*list)(struct buf *out);
	void (*item)(struct buf *out, const char *text, bool is_command);
	void (*list_end)(struct buf *out);
	/* A metric of a soak; `number`: which on the page, from 1. */
	void (*chart)(struct buf *out, const struct cJSON *soak,
		      const struct cJSON *metric, int number);
	void (*end)(struct buf *out, const char *made_at);
};

void page_write(const struct cJSON *document, const struct page_writer *to,
		struct buf *out);

/* What a part of the page is written from, and where to. */
struct page_part {
	const struct cJSON *report;
	const struct page_writer *to;
	struct buf *out;
};
void page_proof(const struct page_part *part); /* pageproof.c */
void page_soaks(const struct page_part *part); /* pagesoak.c */

/* How a state is meant: green, red, or to be looked at. */
enum page_mood { MOOD_PLAIN, MOOD_GOOD, MOOD_BAD, MOOD_CARE };
enum page_mood page_mood(const char *state);

/* The state in words: "rolled back". Not longer than the room. */
#define PAGE_WORD_LEN 48
void page_word(const char *state, char out[PAGE_WORD_LEN]);

/* Clean text of at most that many bytes, each character by `put`. */
void page_escape(struct buf *out, const char *text,
		 void (*put)(struct buf *out, char c));

/* A number with six digits at most. */
#define PAGE_NUMBER_LEN 32
void page_number(const struct cJSON *value, char out[PAGE_NUMBER_LEN]);

/* svg.c */
void svg_chart(struct buf *out, const struct cJSON *soak,
	       const struct cJSON *metric, int number);

#endif
