/* SPDX-License-Identifier: MIT
 *
 * One pass over the line with one mode at a time: which quotes we are in decides what a
 * character means.
 */
#include "spec/shell.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum mode {
    MODE_PLAIN,
    MODE_SINGLE,     /* '…' */
    MODE_DOUBLE,     /* "…" */
    MODE_BACKQUOTE,  /* `…` */
    MODE_SUBSTITUTE, /* $(…) */
};

struct splitter {
    enum mode mode;
    bool in_word; /* a word has begun, be it an empty one in quotes */
    struct buf word;
    json_t *words;
    const char *why;
};

static int add(struct splitter *s, char c)
{
    s->in_word = true;
    return buf_putc(&s->word, c);
}

static int end_word(struct splitter *s)
{
    if (!s->in_word)
        return 0;
    s->in_word = false;
    if (s->word.error < 0 || json_array_append_new(s->words, json_string(buf_text(&s->word))) < 0)
        return -ENOMEM;
    buf_reset(&s->word);
    return 0;
}

static int refuse(struct splitter *s, const char *why)
{
    s->why = why;
    return -EINVAL;
}

/* A backslash outside of '…': what it and the next character stand for. */
static int add_escaped(struct splitter *s, char c)
{
    if (s->mode == MODE_BACKQUOTE || s->mode == MODE_SUBSTITUTE) {
        (void)add(s, '\\');
        return add(s, c);
    }
    if (c == 't')
        c = '\t';
    else if (c == 'n')
        c = '\n';
    return add(s, c);
}

static int step_plain(struct splitter *s, char c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return end_word(s);
    case '\'':
        s->mode = MODE_SINGLE;
        s->in_word = true;
        return 0;
    case '"':
        s->mode = MODE_DOUBLE;
        s->in_word = true;
        return 0;
    case '`':
        s->mode = MODE_BACKQUOTE;
        return add(s, c);
    case '(':
        if (s->word.len == 0 || s->word.data[s->word.len - 1] != '$')
            return refuse(s, "a bracket outside of quotes");
        s->mode = MODE_SUBSTITUTE;
        return add(s, c);
    case ')':
        return refuse(s, "a bracket outside of quotes");
    case ';':
    case '&':
    case '|':
    case '<':
    case '>':
        return refuse(
            s, "no shell runs it, so an operator (; & | < >) outside of quotes means nothing");
    default:
        return add(s, c);
    }
}

static int step_quoted(struct splitter *s, char c)
{
    static const char ends[] = {
        [MODE_SINGLE] = '\'', [MODE_DOUBLE] = '"', [MODE_BACKQUOTE] = '`', [MODE_SUBSTITUTE] = ')'};
    bool verbatim = s->mode == MODE_BACKQUOTE || s->mode == MODE_SUBSTITUTE;
    if (s->mode == MODE_SUBSTITUTE && c == '(')
        return refuse(s, "a bracket within $(…)");
    if (c != ends[s->mode])
        return add(s, c);
    s->mode = MODE_PLAIN;
    return verbatim ? add(s, c) : 0;
}

static int split(struct splitter *s, const char *line)
{
    for (const char *p = line; *p != '\0'; p++) {
        int r;
        if (*p == '\\' && s->mode != MODE_SINGLE) {
            if (*++p == '\0')
                return refuse(s, "it ends in a backslash");
            r = add_escaped(s, *p);
        } else if (s->mode == MODE_PLAIN) {
            r = step_plain(s, *p);
        } else {
            r = step_quoted(s, *p);
        }
        if (r < 0)
            return r;
    }
    if (s->mode != MODE_PLAIN)
        return refuse(s, "a quote or bracket is not closed");
    return end_word(s);
}

int shell_split(const char *line, json_t **ret_words, const char **ret_why)
{
    struct splitter s = {.word = BUF_INIT(strlen(line) + 1), .words = json_array()};
    int r = s.words ? split(&s, line) : -ENOMEM;
    buf_close(&s.word);
    if (r < 0) {
        json_decref(s.words);
        *ret_why = s.why;
        return r;
    }
    *ret_words = s.words;
    return 0;
}

/* `=` and `~` mean something to some shells where they begin a word. */
static bool is_plain(const char *word)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+:,./-=";
    return word[0] != '\0' && word[0] != '=' && word[strspn(word, plain)] == '\0';
}

void shell_quote(struct buf *line, const char *word)
{
    if (is_plain(word)) {
        (void)buf_puts(line, word);
        return;
    }
    (void)buf_putc(line, '\'');
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '\'')
            (void)buf_puts(line, "'\\''");
        else
            (void)buf_putc(line, *p);
    }
    (void)buf_putc(line, '\'');
}
