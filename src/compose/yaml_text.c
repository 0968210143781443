/* SPDX-License-Identifier: MIT */
#include "compose/yaml_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- text that libyaml should not see ---- */

/* The place of a byte, for what fails below the level of YAML. */
static int byte_error(const struct diag *d, const char *text, size_t at, const char *what)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    return diag_error(d, line, column, "%s", what);
}

static bool is_control(const char *p, size_t n)
{
    unsigned char c = (unsigned char)p[0];
    if (n == 2)
        return c == 0xc2 && (unsigned char)p[1] < 0xa0 && (unsigned char)p[1] != 0x85;
    return n == 1 && (c < 0x20 || c == 0x7f) && !strchr("\t\n\r", c);
}

int yaml_check_bytes(const struct diag *d, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = text_char_len(text + i, len - i);
        if (n == 0)
            return byte_error(d, text, i,
                              text[i] == '\0' ? "a NUL byte; is this a text file?"
                                              : "not UTF-8; save the file as UTF-8");
        if (is_control(text + i, n))
            return byte_error(
                d, text, i, "a control character; in double quotes it can be written as \"\\x1b\"");
        i += n;
    }
    return 0;
}

/* ---- what libyaml says ---- */

static const struct {
    const char *problem, *hint;
} hints[] = {
    {"found character that cannot start any token",
     "; a tab cannot indent, and a text that begins with @, ` or % needs quotes"},
    {"mapping values are not allowed in this context",
     "; a text that holds \": \" needs quotes, and keys of one level the same indentation"},
    {"did not find expected key", "; look at the indentation of this line and the ones before"},
    {"could not find expected ':'", "; after a key comes a colon and a space"},
    {"did not find expected '-' indicator", "; look at the indentation of this line"},
    {"did not find expected ',' or ']'", "; is a bracket not closed?"},
    {"did not find expected ',' or '}'", "; is a brace not closed?"},
    {"found unexpected end of stream", "; is a quote not closed?"},
    {"did not find expected alphabetic or numeric character",
     "; a text that begins with & or * needs quotes"},
    {"block sequence entries are not allowed in this context",
     "; a list begins on the line below its key"},
};

int yaml_parser_fault(const struct diag *d, const yaml_parser_t *p, const char *text)
{
    if (p->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    if (p->error == YAML_READER_ERROR)
        return byte_error(d, text, p->problem_offset, "a character that YAML does not allow");
    const char *hint = "";
    for (size_t i = 0; i < ARRAY_LEN(hints); i++)
        if (strcmp(p->problem, hints[i].problem) == 0)
            hint = hints[i].hint;
    char context[128] = "";
    if (p->context)
        (void)snprintf(context, sizeof(context), " (%s, from line %zu on)", p->context,
                       p->context_mark.line + 1);
    return diag_error(d, (int)p->problem_mark.line + 1, (int)p->problem_mark.column + 1,
                      "not valid YAML: %s%s%s", p->problem, context, hint);
}
