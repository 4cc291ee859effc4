/* Parts of the manual pages; for man.c and manconfig.c alone. */
#ifndef KR_CLI_MAN_H
#define KR_CLI_MAN_H

#include "ui/out.h"

/* Text and paragraphs of it, every character as it is. */
void man_text(struct out *out, const char *text);
void man_paragraphs(struct out *out, const char *text);
void man_head(struct out *out, const char *name, const char *section);

/* keyrot.yaml(5) */
void man_config(struct out *out);

/* A section of words and what they mean; NULL ends. */
struct man_term {
	const char *word, *meaning;
};
void man_terms(struct out *out, const char *title,
	       const struct man_term *terms);

extern const char man_about[];
extern const struct man_term man_exits[], man_variables[], man_files[];

#endif
