/* The part of the page about the ledger and the review. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "report/page.h"

#define SHORT_HASH 12

static const char *field(const struct cJSON *object, const char *name)
{
	return json_member_str(object, name);
}

static void fact(const struct page_part *p, const struct page_table *table,
		 const char *name, enum cell_kind kind, const char *text)
{
	p->to->row(p->out, table,
		   (struct cell[]){ { CELL_HEAD, name, NULL },
				    { kind, text, NULL } });
}

static void write_anchors(const struct page_part *p, const struct cJSON *ledger)
{
	static const char *const heads[] = { "Where", "Lines then", "State" };
	static const struct page_table table = {
		"What remembers the ledger outside of it", heads, 3
	};
	const struct cJSON *a = json_first(json_member(ledger, "anchors"));

	if (!a)
		return;
	p->to->table(p->out, &table);
	for (; a; a = json_next(a)) {
		char size[PAGE_NUMBER_LEN];

		page_number(json_member(a, "size"), size);
		p->to->row(p->out, &table,
			   (struct cell[]){
				   { CELL_HEAD, field(a, "source"), NULL },
				   { CELL_NUMBER, size, NULL },
				   { CELL_STATE, field(a, "state"), NULL } });
	}
	p->to->table_end(p->out);
}

static void write_records(const struct page_part *p, const struct cJSON *ledger)
{
	static const char *const heads[] = { "Line",	 "Time",    "Rotation",
					     "Step",	 "Context", "Outcome",
					     "Operator", "Hash" };
	static const struct page_table table = { "Records of this rotation",
						 heads, 8 };
	const struct cJSON *line = json_first(json_member(ledger, "records"));

	if (!line)
		return;
	p->to->table(p->out, &table);
	for (; line; line = json_next(line)) {
		char number[PAGE_NUMBER_LEN], hash[SHORT_HASH + 1];

		/* People count lines from 1. */
		(void)snprintf(number, sizeof(number), "%lld",
			       json_int(line, "seq", -1) + 1);
		(void)snprintf(hash, sizeof(hash), "%s",
			       json_str_or(line, "hash", "?"));
		p->to->row(p->out, &table,
			   (struct cell[]){
				   { CELL_NUMBER, number, NULL },
				   { CELL_TIME, field(line, "time"), NULL },
				   { CELL_CODE, field(line, "rotation"), NULL },
				   { CELL_HEAD, field(line, "step"), NULL },
				   { CELL_TEXT,
				     json_str_or(line, "context", ""), NULL },
				   { CELL_STATE, field(line, "outcome"), NULL },
				   { CELL_TEXT, field(line, "operator"), NULL },
				   { CELL_CODE, hash, NULL } });
	}
	p->to->table_end(p->out);
}

static void write_chain(const struct page_part *p, const struct cJSON *ledger)
{
	static const char *const heads[] = { "", "" };
	static const struct page_table table = { "The ledger as it was read",
						 heads, 2 };
	char lines[PAGE_NUMBER_LEN], bad[PAGE_NUMBER_LEN];
	char covered[96] = "none yet";

	page_number(json_member(ledger, "lines"), lines);
	page_number(json_member(ledger, "badLine"), bad);
	if (!json_is_null(json_member(ledger, "coveredBy")))
		(void)snprintf(covered, sizeof(covered), "line %lld, %s",
			       json_int(ledger, "coveredBy", 0) + 1,
			       field(ledger, "signer") ? "signed"
						       : "not signed");
	p->to->table(p->out, &table);
	fact(p, &table, "File", CELL_CODE, field(ledger, "path"));
	fact(p, &table, "Chain of hashes", CELL_STATE, field(ledger, "state"));
	if (field(ledger, "problem"))
		fact(p, &table, "What is wrong", CELL_TEXT,
		     field(ledger, "problem"));
	if (!json_is_null(json_member(ledger, "badLine")))
		fact(p, &table, "In line", CELL_NUMBER, bad);
	fact(p, &table, "Id", CELL_CODE, field(ledger, "id"));
	fact(p, &table, "Good lines", CELL_NUMBER, lines);
	fact(p, &table, "Root over them", CELL_CODE, field(ledger, "root"));
	fact(p, &table, "Checkpoint behind the last record", CELL_TEXT,
	     covered);
	if (field(ledger, "signer"))
		fact(p, &table, "Signed by", CELL_TEXT,
		     field(ledger, "signer"));
	p->to->table_end(p->out);
}

static void write_review(const struct page_part *p)
{
	const struct cJSON *review = json_member(p->report, "review");
	kr_cleanup(str_freep) char *text = NULL;

	if (!json_is_object(review))
		return;
	if (asprintf(&text, "The review is %s: %s",
		     json_bool(review, "closed", false) ? "closed" : "open",
		     json_str_or(review, "path", "?")) < 0)
		text = NULL;
	p->to->section(p->out, "review", "Review");
	p->to->paragraph(p->out, text ? text : "?");
	p->to->section_end(p->out);
}

void page_proof(const struct page_part *part)
{
	const struct cJSON *ledger = json_member(part->report, "ledger");

	write_review(part);
	part->to->section(part->out, "ledger", "Ledger");
	if (!json_is_object(ledger)) {
		part->to->paragraph(part->out, "There is no ledger.");
	} else {
		write_chain(part, ledger);
		write_anchors(part, ledger);
		write_records(part, ledger);
	}
	part->to->section_end(part->out);
}
