/* SPDX-License-Identifier: MIT */
#include "engine/docker/split.h"

#include <errno.h>

enum {
    PLACE_ARRAY,   /* "[" must come */
    PLACE_FIRST,   /* an object or "]" */
    PLACE_OBJECT,  /* an object */
    PLACE_COMMA,   /* "," or "]" */
    PLACE_OUTSIDE, /* after the array: white space only */
};

void split_init(struct split *s, enum split_shape shape, size_t max_bytes, split_object_fn *object,
                void *ctx)
{
    *s = (struct split){
        .shape = shape,
        .object = object,
        .ctx = ctx,
        .part = BUF_INIT(max_bytes),
        .place = shape == SPLIT_ARRAY ? PLACE_ARRAY : PLACE_OBJECT,
    };
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A byte between objects. Returns 1 when it opens one. */
static int between(struct split *s, char c)
{
    if (is_space(c))
        return 0;
    bool want_object = s->place == PLACE_FIRST || s->place == PLACE_OBJECT;
    if (c == '{' && want_object)
        return 1;
    if (c == '[' && s->place == PLACE_ARRAY)
        s->place = PLACE_FIRST;
    else if (c == ',' && s->place == PLACE_COMMA)
        s->place = PLACE_OBJECT;
    else if (c == ']' && (s->place == PLACE_FIRST || s->place == PLACE_COMMA))
        s->place = PLACE_OUTSIDE;
    else
        return -EBADMSG;
    return 0;
}

/* A byte of an object. Returns 1 when it is the object's last. */
static int within(struct split *s, char c)
{
    if (s->escaped) {
        s->escaped = false;
    } else if (s->in_string) {
        s->escaped = c == '\\';
        s->in_string = c != '"';
    } else if (c == '"') {
        s->in_string = true;
    } else if (c == '{' || c == '[') {
        if (++s->depth > SPLIT_DEPTH_MAX)
            return -EMSGSIZE;
    } else if (c == '}' || c == ']') {
        if (--s->depth == 0)
            return 1;
    }
    return 0;
}

/* Keep the beginning of an object for the bytes that follow. */
static int keep(struct split *s, const char *data, size_t len)
{
    int r = buf_append(&s->part, data, len);
    return r == -EFBIG ? -EMSGSIZE : r;
}

/* An object has come to its end: hand it over, without a copy when it lies in the caller's bytes.
 */
static int deliver(struct split *s, const char *data, size_t len)
{
    int r = 0;
    if (s->part.len > 0) {
        r = keep(s, data, len);
        if (r == 0)
            r = s->object(s->ctx, s->part.data, s->part.len);
        buf_reset(&s->part);
    } else if (len > s->part.max) {
        r = -EMSGSIZE;
    } else {
        r = s->object(s->ctx, data, len);
    }
    if (s->shape == SPLIT_ARRAY)
        s->place = PLACE_COMMA;
    return r;
}

/* Bytes of a string that end nothing: most of all bytes, so worth a loop of their own. */
static size_t plain_run(const char *data, size_t len)
{
    size_t n = 0;
    while (n < len && data[n] != '"' && data[n] != '\\')
        n++;
    return n;
}

static int feed(struct split *s, const char *data, size_t len)
{
    size_t start = 0; /* where the object that is open begins in `data` */
    for (size_t i = 0; i < len; i++) {
        int r;
        if (s->in_string && !s->escaped && (i += plain_run(data + i, len - i)) == len)
            break;
        if (s->depth == 0) {
            r = between(s, data[i]);
            if (r > 0) {
                start = i;
                s->depth = 1;
            }
        } else {
            r = within(s, data[i]);
            if (r > 0)
                r = deliver(s, data + start, i + 1 - start);
        }
        if (r < 0)
            return r;
    }
    return s->depth > 0 ? keep(s, data + start, len - start) : 0;
}

int split_feed(struct split *s, const char *data, size_t len)
{
    if (s->error == 0)
        s->error = feed(s, data, len);
    return s->error;
}

int split_end(const struct split *s)
{
    if (s->error)
        return s->error;
    bool whole = s->shape == SPLIT_ARRAY ? s->place == PLACE_OUTSIDE : s->depth == 0;
    return whole ? 0 : -ENODATA;
}

void split_close(struct split *s)
{
    buf_close(&s->part);
}
