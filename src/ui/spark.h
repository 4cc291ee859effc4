/*
 * A row of small bars for the newest samples of a metric. The scale goes from
 * 0 to the limit or the highest value, so that a bar says how near it is. What
 * is no value is its letter: - no data, n not a number, e error, . missed.
 */
#ifndef KR_UI_SPARK_H
#define KR_UI_SPARK_H

#include <stddef.h>

#include "ui/line.h"

struct spark {
	const double *values; /* NAN where there is none */
	const char *outcomes; /* a letter each, as in struct report_metric */
	size_t n;
	double limit; /* NAN: none */
};

/* At most `cells` columns. Bars over the limit are red, and '!' in ASCII. */
void spark_draw(struct line *line, const struct spark *spark, size_t cells);

#endif
