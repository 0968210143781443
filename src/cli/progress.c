/* SPDX-License-Identifier: MIT
 *
 * How far long work is.
 */
#include "cli/progress.h"

#include <stdint.h>

#define BAR_WIDTH       30
#define LINES_TOTAL_MIN 10 /* lines are for long work */

void progress_open(struct progress *progress, FILE *out, bool bar)
{
    *progress = (struct progress){.out = out, .bar = bar};
}

static void show_bar(struct progress *p, json_int_t done, json_int_t total)
{
    static const char full[] = "##############################";
    int n = (int)(done * BAR_WIDTH / total);
    (void)fprintf(p->out, "\r[%.*s%*s] %lld/%lld", n, full, BAR_WIDTH - n, "", (long long)done,
                  (long long)total);
    (void)fflush(p->out);
    p->shown = true;
}

static void show_line(struct progress *p, json_int_t done, json_int_t total)
{
    int tenth = (int)(done * 10 / total);
    if (tenth <= p->last_tenth || total < LINES_TOTAL_MIN)
        return;
    p->last_tenth = tenth;
    (void)fprintf(p->out, "%d%% (%lld of %lld)\n", tenth * 10, (long long)done, (long long)total);
}

void progress_show(void *ctx, const json_t *news)
{
    struct progress *p = ctx;
    json_int_t done = json_integer_value(json_object_get(news, "done"));
    json_int_t total = json_integer_value(json_object_get(news, "total"));
    if (total <= 0 || total > INT32_MAX || done < 0 || done > total)
        return;
    if (p->bar)
        show_bar(p, done, total);
    else
        show_line(p, done, total);
}

void progress_close(struct progress *progress)
{
    if (progress->shown)
        (void)fputs("\r\033[K", progress->out);
    progress->shown = false;
}
