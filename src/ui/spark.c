#include "ui/spark.h"

#include <math.h>

#define LEVELS 8

static double top_of(const struct spark *s, size_t first)
{
	double top = isnan(s->limit) ? 0 : s->limit;

	for (size_t i = first; i < s->n; i++)
		if (isfinite(s->values[i]) && s->values[i] > top)
			top = s->values[i];
	return top;
}

static size_t level_of(double value, double top)
{
	double level = value / top * LEVELS;

	if (!(level > 0))
		return 0;
	return level >= LEVELS ? LEVELS - 1 : (size_t)level;
}

static void draw_bar(struct line *line, double value, double top, char outcome)
{
	static const char *const bars[LEVELS] = {
		"\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
		"\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88",
	};
	static const char *const ascii[LEVELS] = { "_", ",", ":", ";",
						   "+", "*", "%", "#" };
	size_t level = level_of(value, top);

	if (outcome == 'b')
		line_add(line, STYLE_RED, line->utf8 ? bars[level] : "!");
	else
		line_add(line, outcome == 's' ? STYLE_DIM : STYLE_GREEN,
			 line->utf8 ? bars[level] : ascii[level]);
}

void spark_draw(struct line *line, const struct spark *s, size_t cells)
{
	size_t first = s->n > cells ? s->n - cells : 0;
	double top = top_of(s, first);

	for (size_t i = first; i < s->n; i++) {
		const char letter[2] = { s->outcomes[i], '\0' };

		if (isinf(s->values[i]))
			draw_bar(line, 1, 1, 'b');
		else if (!isnan(s->values[i]))
			draw_bar(line, s->values[i], top, s->outcomes[i]);
		else
			line_add(line, STYLE_MAGENTA,
				 *letter == 's' ? "-" : letter);
	}
}
