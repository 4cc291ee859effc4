/* Text that came from outside, into HTML and SVG. */
#ifndef KR_REPORT_ESCAPE_H
#define KR_REPORT_ESCAPE_H

#include "base/buf.h"

void html_text(struct buf *out, const char *words);

#endif
