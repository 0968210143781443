/* SPDX-License-Identifier: MIT */
#include "cli/log_lines.h"

#include <errno.h>
#include <string.h>

/* In the order of Compose. */
static const int colors[] = {36, 33, 32, 35, 34, 96, 93, 92, 95, 94};

void log_lines_init(struct log_lines *l, FILE *out)
{
    *l = (struct log_lines){.out = out, .line = BUF_INIT(LOG_LINE_MAX)};
}

static int print(struct log_lines *l)
{
    char on[16] = "";
    if (l->color)
        (void)snprintf(on, sizeof(on), "\033[%dm", colors[l->index % ARRAY_LEN(colors)]);
    errno = 0;
    (void)fprintf(l->out, "%s%-*s | %s", on, (int)l->width, l->name, l->color ? "\033[0m" : "");
    (void)fwrite(buf_text(&l->line), 1, l->line.len, l->out);
    (void)fputc('\n', l->out);
    buf_reset(&l->line);
    return ferror(l->out) ? -(errno ? errno : EIO) : 0;
}

int log_lines_feed(struct log_lines *l, const char *data, size_t len)
{
    int r = 0;
    while (len > 0 && r == 0) {
        const char *end = memchr(data, '\n', len);
        size_t n = end ? (size_t)(end - data) : len;
        size_t room = LOG_LINE_MAX - l->line.len;
        bool fits = n <= room;
        r = buf_append(&l->line, data, fits ? n : room);
        if (r == 0 && (end || !fits))
            r = print(l);
        size_t taken = !fits ? room : end ? n + 1 : n;
        data += taken;
        len -= taken;
    }
    return r;
}

int log_lines_end(struct log_lines *l)
{
    return l->line.len > 0 ? print(l) : 0;
}

void log_lines_close(struct log_lines *l)
{
    buf_close(&l->line);
}
