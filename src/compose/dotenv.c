/* SPDX-License-Identifier: MIT */
#include "compose/dotenv.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

struct reader {
    const char *p;
    const char *line_start;
    int line;
    const struct interpolation *environment;
    struct diag *diag;
    json_t *vars;
    size_t bytes; /* of all values so far, under DOTENV_TEXT_MAX */
    /* Where the value begins that is being expanded. */
    int value_line, value_column;
};

static int column_of(const struct reader *rd, const char *p)
{
    int column = 1;
    for (const char *at = rd->line_start; at < p; at++)
        column += ((unsigned char)*at & 0xc0) != 0x80;
    return column;
}

static int fail(const struct reader *rd, const char *what)
{
    return diag_error(rd->diag, rd->line, column_of(rd, rd->p), "%s", what);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void skip_blanks(struct reader *rd)
{
    while (is_blank(*rd->p))
        rd->p++;
}

static void next_line(struct reader *rd)
{
    rd->p++;
    rd->line++;
    rd->line_start = rd->p;
}

/* To the next statement; false at the end of the file. */
static bool skip_to_statement(struct reader *rd)
{
    for (;;) {
        skip_blanks(rd);
        if (*rd->p == '#')
            rd->p += strcspn(rd->p, "\n");
        if (*rd->p == '\0')
            return false;
        if (*rd->p != '\n')
            return true;
        next_line(rd);
    }
}

/* ---- names ---- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || strchr("_.-[]", c);
}

static int read_name(struct reader *rd, char **ret_name)
{
    static const char export[] = "export";
    size_t n = strlen(export);
    if (strncmp(rd->p, export, n) == 0 && is_blank(rd->p[n])) {
        rd->p += n;
        skip_blanks(rd);
    }
    const char *start = rd->p;
    while (*rd->p && is_name_char(*rd->p))
        rd->p++;
    if (rd->p == start)
        return fail(rd, "no name of a variable begins here; write NAME=value");
    *ret_name = strndup(start, (size_t)(rd->p - start));
    return *ret_name ? 0 : -ENOMEM;
}

/* What follows the name: 1 for a value, 0 for a name that stands alone. */
static int read_separator(struct reader *rd)
{
    const char *end = rd->p;
    skip_blanks(rd);
    if (*rd->p == '=' || *rd->p == ':') {
        rd->p++;
        return 1;
    }
    if (*rd->p == '\n' || *rd->p == '\0' || *rd->p == '#')
        return 0;
    if (rd->p > end)
        return fail(rd, "a name with a blank in it; write NAME=value");
    return fail(rd,
                "a character that a name cannot have; only letters, digits, _ . - [ ] are allowed");
}

/* ---- values ---- */

/* The file's own variables come after the environment's. */
static const char *lookup_here(void *ctx, const char *name)
{
    const struct reader *rd = ctx;
    const char *value = rd->environment->lookup(rd->environment->ctx, name);
    return value ? value : json_string_value(json_object_get(rd->vars, name));
}

static int on_unset(void *ctx, const char *name)
{
    const struct reader *rd = ctx;
    return diag_warning(rd->diag, NULL, name, rd->value_line, rd->value_column,
                        "the variable \"%s\" is not set and is taken as empty", name);
}

static int expand(struct reader *rd, const char *text, struct buf *out)
{
    struct interpolation in = {.lookup = lookup_here, .on_unset = on_unset, .ctx = rd};
    struct error problem = ERROR_INIT;
    int r = interpolate(&in, text, out, &problem);
    if (r == -EINVAL)
        return diag_error(rd->diag, rd->value_line, rd->value_column, "%s", problem.text);
    if (r == -EFBIG)
        return diag_error(rd->diag, rd->value_line, rd->value_column,
                          "the value is longer than %u bytes", DOTENV_FILE_MAX);
    return r;
}

/* To the end of the line, or to a '#' behind a blank; blanks at the end do not count. */
static int read_bare(struct reader *rd, bool after_blank, struct buf *out)
{
    const char *start = rd->p, *end = rd->p + strcspn(rd->p, "\n");
    rd->p = end;
    for (const char *p = start; p < end; p++)
        if (*p == '#' && (p > start ? is_blank(p[-1]) : after_blank)) {
            end = p;
            break;
        }
    while (end > start && is_blank(end[-1]))
        end--;
    _cleanup_free_ char *text = strndup(start, (size_t)(end - start));
    return text ? expand(rd, text, out) : -ENOMEM;
}

/* An escape of double quotes. "\$" becomes "$$", which survives the expansion as "$". */
static int put_escape(struct buf *out, char c)
{
    static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
    const char *at = c ? strchr(from, c) : NULL;
    if (at)
        return buf_putc(out, to[at - from]);
    if (c == '$')
        return buf_puts(out, "$$");
    return buf_printf(out, "\\%c", c);
}

static int read_quoted(struct reader *rd, char quote, struct buf *out)
{
    rd->p++;
    while (*rd->p != quote) {
        int r;
        if (*rd->p == '\0')
            return diag_error(rd->diag, rd->value_line, rd->value_column,
                              "the quote that begins here is not closed");
        if (*rd->p == '\\' && rd->p[1] != '\0' && rd->p[1] != '\n') {
            rd->p++;
            if (quote == '"')
                r = put_escape(out, *rd->p);
            else
                r = *rd->p == quote ? buf_putc(out, quote) : buf_printf(out, "\\%c", *rd->p);
            rd->p++;
        } else {
            r = buf_putc(out, *rd->p);
            if (*rd->p == '\n')
                next_line(rd);
            else
                rd->p++;
        }
        if (r < 0)
            return r;
    }
    rd->p++;
    return 0;
}

static int read_value(struct reader *rd, struct buf *out)
{
    const char *before = rd->p;
    skip_blanks(rd);
    rd->value_line = rd->line;
    rd->value_column = column_of(rd, rd->p);
    char quote = *rd->p;
    if (quote != '"' && quote != '\'')
        return read_bare(rd, rd->p > before, out);
    _cleanup_(buf_close) struct buf raw = BUF_INIT(2UL * DOTENV_FILE_MAX);
    int r = read_quoted(rd, quote, &raw);
    if (r < 0)
        return r;
    skip_blanks(rd);
    if (*rd->p != '\0' && *rd->p != '\n' && *rd->p != '#')
        return fail(rd, "text behind the closing quote; begin a comment with #");
    return quote == '"' ? expand(rd, buf_text(&raw), out) : buf_puts(out, buf_text(&raw));
}

static int set_variable(struct reader *rd, const char *name, const char *value)
{
    if (!text_is_utf8(value, strlen(value)))
        return diag_error(rd->diag, rd->line, 1, "the value of \"%s\" is not UTF-8", SHOWN(name));
    rd->bytes += strlen(value);
    if (rd->bytes > DOTENV_TEXT_MAX)
        return diag_error(rd->diag, rd->line, 1,
                          "values of more than %u bytes, with their variables", DOTENV_TEXT_MAX);
    return json_object_set_new(rd->vars, name, json_string(value)) < 0 ? -ENOMEM : 0;
}

static int read_statement(struct reader *rd)
{
    _cleanup_free_ char *name = NULL;
    int r = read_name(rd, &name);
    if (r == 0)
        r = read_separator(rd);
    if (r < 0)
        return r;
    if (r == 0) {
        const char *value = rd->environment->lookup(rd->environment->ctx, name);
        return value ? set_variable(rd, name, value) : 0;
    }
    _cleanup_(buf_close) struct buf value = BUF_INIT(DOTENV_FILE_MAX);
    r = read_value(rd, &value);
    return r < 0 ? r : set_variable(rd, name, buf_text(&value));
}

/* All behind the first "=" is the value, to the end of the line. */
static int read_raw_statement(struct reader *rd)
{
    size_t n = strcspn(rd->p, "=\n"), end = strcspn(rd->p, "\n");
    if (n == 0 || memchr(rd->p, ' ', n) || memchr(rd->p, '\t', n))
        return fail(rd, "a line must be NAME=value, without blanks in the name");
    _cleanup_free_ char *name = strndup(rd->p, n);
    _cleanup_free_ char *text = strndup(rd->p + n, end - n);
    if (!name || !text)
        return -ENOMEM;
    const char *value = *text ? text + 1 : rd->environment->lookup(rd->environment->ctx, name);
    if (!text_is_utf8(name, n))
        return fail(rd, "a name that is not UTF-8");
    rd->p += end;
    return value ? set_variable(rd, name, value) : 0;
}

static int parse(const char *text, size_t len, const struct interpolation *lookup,
                 struct diag *diag, json_t *vars, int (*read)(struct reader *rd))
{
    static const char bom[] = "\xef\xbb\xbf";
    if (strncmp(text, bom, strlen(bom)) == 0) {
        text += strlen(bom);
        len -= strlen(bom);
    }
    struct reader rd = {.p = text,
                        .line_start = text,
                        .line = 1,
                        .environment = lookup,
                        .diag = diag,
                        .vars = vars};
    while (skip_to_statement(&rd)) {
        int r = read(&rd);
        if (r < 0)
            return r;
    }
    if (rd.p != text + len)
        return fail(&rd, "a NUL byte; is this a text file?");
    return 0;
}

int dotenv_parse(const char *text, size_t len, const struct interpolation *lookup,
                 struct diag *diag, json_t *vars)
{
    return parse(text, len, lookup, diag, vars, read_statement);
}

int dotenv_parse_raw(const char *text, size_t len, const struct interpolation *lookup,
                     struct diag *diag, json_t *vars)
{
    return parse(text, len, lookup, diag, vars, read_raw_statement);
}
