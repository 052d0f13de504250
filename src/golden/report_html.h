/* The golden report as one page: no script, no other file, no network. */
#ifndef RIFEC_GOLDEN_REPORT_HTML_H
#define RIFEC_GOLDEN_REPORT_HTML_H

#include <libavutil/bprint.h>

#include "golden/result.h"

void golden_report_html(AVBPrint *to, const struct golden_result *r);

#endif
