/* SPDX-License-Identifier: MIT */
#include "compose/interpolate.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define VARIABLE_NAME_MAX 255
#define MESSAGE_MAX       256

enum operation {
    OPERATION_NONE,
    OPERATION_DEFAULT, /* - */
    OPERATION_REQUIRE, /* ? */
    OPERATION_REPLACE, /* + */
};

struct cursor {
    const struct interpolation *in;
    const char *p;
    struct error *problem;
    int depth;
};

/* What stands behind "${", up to the word of its operation. */
struct braced {
    char name[VARIABLE_NAME_MAX + 1];
    enum operation operation;
    bool refuses_empty; /* a colon: an empty value counts as unset */
};

#define PROBLEM(c, ...) error_set((c)->problem, -EINVAL, ERROR_INVALID, "invalid_file", __VA_ARGS__)

static bool is_name_char(char ch, bool first)
{
    return ch == '_' || isalpha((unsigned char)ch) || (!first && isdigit((unsigned char)ch));
}

static int read_name(struct cursor *c, char ret_name[VARIABLE_NAME_MAX + 1])
{
    size_t n = 0;
    while (n < VARIABLE_NAME_MAX && is_name_char(c->p[n], n == 0))
        n++;
    if (n == 0)
        return PROBLEM(c,
                       "no name of a variable follows the \"${\"; write \"$$\" for a dollar sign");
    if (n == VARIABLE_NAME_MAX)
        return PROBLEM(c, "the name of a variable has more than %d characters",
                       VARIABLE_NAME_MAX - 1);
    memcpy(ret_name, c->p, n);
    ret_name[n] = '\0';
    c->p += n;
    return 0;
}

static int put_value(struct cursor *c, const char *name, const char *value, struct buf *out)
{
    if (value)
        return buf_puts(out, value);
    return c->in->on_unset ? c->in->on_unset(c->in->ctx, name) : 0;
}

static int read_braced(struct cursor *c, struct braced *ret)
{
    int r = read_name(c, ret->name);
    if (r < 0)
        return r;
    ret->refuses_empty = *c->p == ':';
    c->p += ret->refuses_empty;
    switch (*c->p) {
    case '-':
        ret->operation = OPERATION_DEFAULT;
        break;
    case '?':
        ret->operation = OPERATION_REQUIRE;
        break;
    case '+':
        ret->operation = OPERATION_REPLACE;
        break;
    case '\0':
        return PROBLEM(c, "\"${%s\" has no closing \"}\"", ret->name);
    default:
        ret->operation = OPERATION_NONE;
        if (*c->p != '}' || ret->refuses_empty)
            return PROBLEM(c, "behind \"${%s\" comes a \"}\", or one of :- - :? ? :+ +", ret->name);
        return 0;
    }
    c->p++;
    return 0;
}

static int expand(struct cursor *c, struct buf *out, bool in_braces);

/* The word behind the operation, up to the closing brace; `out` is NULL where it is not taken. */
static int expand_word(struct cursor *c, const struct braced *b, struct buf *out)
{
    if (++c->depth > INTERPOLATE_DEPTH_MAX)
        return PROBLEM(c, "variables nested deeper than %d levels", INTERPOLATE_DEPTH_MAX);
    int r = expand(c, out, true);
    c->depth--;
    if (r == 0 && *c->p != '}')
        return PROBLEM(c, "\"${%s\" has no closing \"}\"", b->name);
    return r;
}

/* The message is shown as it stands, its own variables too: their values may be secret. */
static int fail_required(const struct cursor *c, const struct braced *b, const char *value,
                         const char *message)
{
    char raw[MESSAGE_MAX], clean[MESSAGE_MAX];
    (void)snprintf(raw, sizeof(raw), "%.*s", (int)(c->p - message), message);
    text_cut(raw, sizeof(raw));
    text_visible(raw, clean, sizeof(clean));
    return PROBLEM(c, "the variable \"%s\" %s%s%s", b->name, value ? "is empty" : "is not set",
                   *clean ? ": " : "; set it in the environment or in .env", clean);
}

static int expand_braced(struct cursor *c, struct buf *out)
{
    struct braced b;
    int r = read_braced(c, &b);
    if (r < 0)
        return r;
    const char *value = out ? c->in->lookup(c->in->ctx, b.name) : NULL;
    bool is_set = value && (!b.refuses_empty || *value);
    const char *word = c->p;
    switch (b.operation) {
    case OPERATION_NONE:
        r = out ? put_value(c, b.name, value, out) : 0;
        break;
    case OPERATION_DEFAULT:
        if (is_set)
            r = buf_puts(out, value);
        if (r == 0)
            r = expand_word(c, &b, is_set ? NULL : out);
        break;
    case OPERATION_REQUIRE:
        if (is_set)
            r = buf_puts(out, value);
        if (r == 0)
            r = expand_word(c, &b, NULL);
        if (r == 0 && out && !is_set)
            r = fail_required(c, &b, value, word);
        break;
    case OPERATION_REPLACE:
        r = expand_word(c, &b, is_set ? out : NULL);
        break;
    }
    c->p++; /* the brace */
    return r;
}

static int expand_variable(struct cursor *c, struct buf *out)
{
    c->p++; /* the dollar sign */
    if (*c->p == '$') {
        c->p++;
        return out ? buf_putc(out, '$') : 0;
    }
    if (*c->p == '{') {
        c->p++;
        return expand_braced(c, out);
    }
    if (!is_name_char(*c->p, true))
        return out ? buf_putc(out, '$') : 0;
    char name[VARIABLE_NAME_MAX + 1];
    int r = read_name(c, name);
    if (r < 0 || !out)
        return r;
    return put_value(c, name, c->in->lookup(c->in->ctx, name), out);
}

/* To the end of the text, or of the word between braces: a brace that is opened inside of the word
 * is closed inside of it too, so that a default may be JSON. */
static int expand(struct cursor *c, struct buf *out, bool in_braces)
{
    size_t open = 0;
    int r = 0;
    while (r == 0 && *c->p && !(in_braces && *c->p == '}' && open == 0)) {
        if (*c->p == '$') {
            r = expand_variable(c, out);
            continue;
        }
        size_t n = strcspn(c->p, in_braces ? "${}" : "$");
        if (n == 0) {
            open = *c->p == '{' ? open + 1 : open - 1;
            n = 1;
        }
        if (out)
            r = buf_append(out, c->p, n);
        c->p += n;
    }
    return r;
}

int interpolate(const struct interpolation *in, const char *text, struct buf *out,
                struct error *ret_problem)
{
    struct cursor c = {.in = in, .p = text, .problem = ret_problem};
    return expand(&c, out, false);
}
