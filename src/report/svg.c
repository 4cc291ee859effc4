/* A metric's samples as a picture, with its limit and the time before. */
#include <math.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "report/escape.h"
#include "report/page.h"

#define WIDE   720.0
#define HIGH   200.0
#define LEFT   64.0
#define RIGHT  708.0
#define TOP    14.0
#define BOTTOM 166.0
/* More samples than this are drawn as the highest of several. */
#define POINTS 640
#define FAR    1e200

struct plot {
	const struct cJSON *samples;
	size_t count, planned, group;
	double low, high; /* of the axis */
	double limit, base;
};

/* What is too far off to be drawn is drawn as no number. */
static double number(const struct cJSON *value)
{
	if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) < FAR))
		return NAN;
	return value->valuedouble;
}

static void reach(struct plot *p, double value)
{
	if (isnan(value))
		return;
	if (value > p->high)
		p->high = value;
	if (value < p->low)
		p->low = value;
}

/* A step of 1, 2 or 5 times a power of ten, about a quarter of the range. */
static double step_of(double range)
{
	double rough = range / 4;
	double power = pow(10, floor(log10(rough)));
	double times = rough / power;

	return power * (times < 1.5   ? 1
			: times < 3.5 ? 2
			: times < 7.5 ? 5
				      : 10);
}

static double y_of(const struct plot *p, double value)
{
	return BOTTOM - (value - p->low) / (p->high - p->low) * (BOTTOM - TOP);
}

static double x_of(const struct plot *p, size_t index)
{
	double last = p->planned > 1 ? (double)(p->planned - 1) : 1;

	return LEFT + (double)index / last * (RIGHT - LEFT);
}

static void init(struct plot *p, const struct cJSON *soak,
		 const struct cJSON *metric)
{
	long long every = json_int(soak, "everySeconds", 0);
	const struct cJSON *s;

	*p = (struct plot){ .samples = json_member(metric, "samples"),
			    .limit = number(json_member(metric, "limit")),
			    .base = number(json_member(metric, "baseline")) };
	p->count = json_length(p->samples);
	p->planned = p->count;
	if (every > 0 &&
	    json_int(soak, "forSeconds", 0) / every > (long long)p->count)
		p->planned = (size_t)(json_int(soak, "forSeconds", 0) / every);
	p->group = p->count / POINTS + 1;
	for (s = json_first(p->samples); s; s = json_next(s))
		reach(p, number(s));
	reach(p, p->limit);
	reach(p, p->base);
	/* Next to nothing would leave no digits for the axis. */
	if (!(p->high - p->low > 1 / FAR))
		p->high = p->low + 1;
	p->high += (p->high - p->low) * 0.08;
}

static void label(struct buf *out, double x, double y, const char *anchor,
		  const char *text)
{
	buf_printf(out,
		   "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
		   x, y, anchor, text);
}

static void draw_axes(struct buf *out, const struct plot *p,
		      const struct cJSON *soak)
{
	double step = step_of(p->high - p->low);
	char text[PAGE_NUMBER_LEN], length[CLOCK_SHORT_LEN];

	for (int i = 0;; i++) {
		double v = (ceil(p->low / step) + i) * step;

		if (v > p->high)
			break;
		/* What is meant to be 0 may be a rounding beside it. */
		(void)snprintf(text, sizeof(text), "%.4g",
			       fabs(v) < step / 1000 ? 0 : v);
		buf_printf(out,
			   "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" "
			   "y1=\"%.1f\" y2=\"%.1f\"/>",
			   LEFT, RIGHT, y_of(p, v), y_of(p, v));
		label(out, LEFT - 8, y_of(p, v) + 4, "end", text);
	}
	buf_printf(out,
		   "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
		   "y2=\"%.1f\"/>",
		   LEFT, RIGHT, BOTTOM, BOTTOM);
	clock_short(json_int(soak, "forSeconds", 0) * 1000, length);
	label(out, LEFT, BOTTOM + 18, "start", "begin");
	label(out, RIGHT, BOTTOM + 18, "end", length);
	buf_puts(out, "\n");
}

static void draw_level(struct buf *out, const struct plot *p, double value,
		       const char *kind)
{
	if (!isnan(value))
		buf_printf(out,
			   "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" "
			   "y1=\"%.1f\" y2=\"%.1f\"/>\n",
			   kind, LEFT, RIGHT, y_of(p, value), y_of(p, value));
}

/* What a line is, above or below it: the limit at the right end, the time
 * before at the left one. */
static void name_level(struct buf *out, const struct plot *p, double value,
		       const char *name, const char *kind, bool at_left)
{
	double y;

	if (isnan(value))
		return;
	y = y_of(p, value);
	buf_printf(out,
		   "<text class=\"t-%s\" x=\"%.1f\" y=\"%.1f\" "
		   "text-anchor=\"%s\">%s %.6g</text>\n",
		   kind, at_left ? LEFT + 8 : RIGHT,
		   y < TOP + 14 ? y + 14 : y - 5, at_left ? "start" : "end",
		   name, value);
}

/* The highest of a group; NAN where none of them is a number. */
static double highest(const struct cJSON **at, size_t n)
{
	double most = NAN;

	for (; *at && n > 0; n--, *at = json_next(*at)) {
		double v = number(*at);

		if (!isnan(v) && (isnan(most) || v > most))
			most = v;
	}
	return most;
}

/* Lines between neighbours that are numbers; a gap is a gap. */
static void draw_line(struct buf *out, const struct plot *p)
{
	const struct cJSON *at = json_first(p->samples);
	bool drawing = false;

	buf_puts(out, "<path class=\"data\" d=\"");
	for (size_t i = 0; at; i += p->group) {
		double v = highest(&at, p->group);

		if (!isnan(v))
			buf_printf(out, "%c%.1f %.1f", drawing ? 'L' : 'M',
				   x_of(p, i), y_of(p, v));
		drawing = !isnan(v);
	}
	buf_puts(out, "\"/>\n");
}

/* A circle is what is over the limit, a bar at the foot is no number. */
static void draw_marks(struct buf *out, const struct plot *p)
{
	const struct cJSON *at = json_first(p->samples);

	for (size_t i = 0; at; i += p->group) {
		double v = highest(&at, p->group), x = x_of(p, i);

		if (isnan(v))
			buf_printf(out,
				   "<line class=\"none\" x1=\"%.1f\" "
				   "x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
				   x, x, BOTTOM - 8, BOTTOM);
		else if (v > p->limit)
			buf_printf(out,
				   "<circle class=\"over\" cx=\"%.1f\" "
				   "cy=\"%.1f\" r=\"4\"/>",
				   x, y_of(p, v));
		else if (p->count <= 60)
			buf_printf(out,
				   "<circle class=\"dot\" cx=\"%.1f\" "
				   "cy=\"%.1f\" r=\"2.5\"/>",
				   x, y_of(p, v));
	}
	buf_puts(out, "\n");
}

/* The picture in words: what a screen reader says of it. */
static void describe(struct buf *out, const struct plot *p,
		     const struct cJSON *metric)
{
	const struct cJSON *all = json_first(p->samples);
	const struct cJSON *counts = json_member(metric, "counts");
	double most = highest(&all, p->count);

	buf_printf(out, "%zu of %zu samples taken, ", p->count, p->planned);
	if (isnan(most))
		buf_puts(out, "none of them a number");
	else
		buf_printf(out, "the highest %.6g", most);
	if (!isnan(p->limit))
		buf_printf(out, "; limit %.6g, %lld over it", p->limit,
			   json_int(counts, "breach", 0));
	if (!isnan(p->base))
		buf_printf(out, "; %.6g before the change", p->base);
	buf_puts(out, ".");
}

void svg_chart(struct buf *out, const struct cJSON *soak,
	       const struct cJSON *metric, int number_)
{
	struct plot p;

	init(&p, soak, metric);
	buf_printf(out,
		   "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		   "aria-labelledby=\"c%d-t c%d-d\">\n<title id=\"c%d-t\">",
		   WIDE, HIGH, number_, number_, number_);
	html_text(out, json_str_or(metric, "name", "?"));
	buf_printf(out, "</title>\n<desc id=\"c%d-d\">", number_);
	describe(out, &p, metric);
	buf_puts(out, "</desc>\n");
	draw_axes(out, &p, soak);
	draw_level(out, &p, p.base, "base");
	draw_level(out, &p, p.limit, "limit");
	draw_line(out, &p);
	draw_marks(out, &p);
	name_level(out, &p, p.base, "before", "base", true);
	name_level(out, &p, p.limit, "limit", "limit", false);
	buf_puts(out, "</svg>\n");
}
