/* SPDX-License-Identifier: MIT */
#include "engine/docker/json_read.h"

#include <string.h>

#include "base/text.h"

// NOLINTNEXTLINE(readability-non-const-parameter): strings are unescaped in place
void json_read_init(struct json_read *r, char *text, size_t len)
{
    *r = (struct json_read){.at = text, .end = text + len};
}

/* Move to the end, so that whoever goes on reading finds nothing. */
static void fail(struct json_read *r)
{
    r->failed = true;
    r->at = r->end;
}

/* The next byte, '\0' at the end; a NUL byte of the text is never valid and fails all the same. */
static char next_byte(const struct json_read *r)
{
    return (char)(r->at < r->end ? *r->at : '\0');
}

static char skip_space(struct json_read *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
    return next_byte(r);
}

static bool take(struct json_read *r, char c)
{
    if (next_byte(r) != c || r->at == r->end) {
        fail(r);
        return false;
    }
    r->at++;
    return true;
}

enum json_kind json_read_peek(struct json_read *r)
{
    switch (skip_space(r)) {
    case '{':
        return JSON_KIND_OBJECT;
    case '[':
        return JSON_KIND_ARRAY;
    case '"':
        return JSON_KIND_STRING;
    case 't':
        return JSON_KIND_TRUE;
    case 'f':
        return JSON_KIND_FALSE;
    case 'n':
        return JSON_KIND_NULL;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return JSON_KIND_NUMBER;
    default:
        return JSON_KIND_NONE;
    }
}

static struct json_scope enter(struct json_read *r, char open, char close)
{
    (void)skip_space(r);
    if (take(r, open) && ++r->depth > JSON_READ_DEPTH_MAX)
        fail(r);
    return (struct json_scope){.close = close};
}

struct json_scope json_read_object(struct json_read *r)
{
    return enter(r, '{', '}');
}

struct json_scope json_read_array(struct json_read *r)
{
    return enter(r, '[', ']');
}

bool json_read_element(struct json_read *r, struct json_scope *scope)
{
    char c = skip_space(r);
    if (r->failed)
        return false;
    if (c == scope->close) {
        r->at++;
        r->depth--;
        return false;
    }
    if (scope->begun && !take(r, ','))
        return false;
    scope->begun = true;
    return true;
}

const char *json_read_member(struct json_read *r, struct json_scope *object)
{
    if (!json_read_element(r, object))
        return NULL;
    const char *key = json_read_string(r);
    (void)skip_space(r);
    return key && take(r, ':') ? key : NULL;
}

/* --- strings --- */

/* Four hex digits, or -1. */
static int32_t read_hex4(struct json_read *r)
{
    int32_t value = 0;
    if (r->end - r->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = *r->at++;
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* What follows "\u", with the second half of a surrogate pair; -1 when it is none. */
static int32_t read_code_point(struct json_read *r)
{
    int32_t high = read_hex4(r);
    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high > 0xdbff || r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
        return -1;
    r->at += 2;
    int32_t low = read_hex4(r);
    return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00);
}

/* UTF-8 is never longer than the escape that it stands for. */
static char *put_code_point(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *out++ = (char)(0xf0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

/* What stands for itself, or for one byte, behind a backslash. */
static char plain_escape(char c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *place = c ? strchr(from, c) : NULL;
    return (char)(place ? to[place - from] : '\0');
}

/* An escape, r->at behind its backslash. NULL: none. */
static char *read_escape(struct json_read *r, char *out)
{
    char c = next_byte(r);
    if (c != 'u') {
        char byte = plain_escape(c);
        if (!byte)
            return NULL;
        r->at++;
        *out = byte;
        return out + 1;
    }
    r->at++;
    int32_t code = read_code_point(r);
    return code < 0 ? NULL : put_code_point(out, code == 0 ? 0xfffd : (uint32_t)code);
}

/* Bytes that a string has as they are, one at a time. */
static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* One character that is not plain, from r->at to `out`, which is at or before it. NULL: not valid.
 */
static char *read_character(struct json_read *r, char *out)
{
    if (*r->at == '\\') {
        r->at++;
        return read_escape(r, out);
    }
    size_t n = (unsigned char)*r->at < 0x80 ? 0 : text_char_len(r->at, (size_t)(r->end - r->at));
    if (n == 0)
        return NULL;
    memmove(out, r->at, n);
    r->at += n;
    return out + n;
}

const char *json_read_string(struct json_read *r)
{
    (void)skip_space(r);
    if (!take(r, '"'))
        return NULL;
    const char *text = r->at;
    while (r->at < r->end && is_plain(*r->at))
        r->at++; /* nothing to move yet: nearly always all there is */
    char *out = r->at;
    while (r->at < r->end && *r->at != '"') {
        if (is_plain(*r->at))
            *out++ = *r->at++;
        else if (!(out = read_character(r, out)))
            break;
    }
    if (!out || !take(r, '"')) {
        fail(r);
        return NULL;
    }
    *out = '\0'; /* at the latest where the closing quote was */
    return text;
}

/* --- numbers, words, anything --- */

static size_t take_digits(struct json_read *r)
{
    const char *start = r->at;
    while (next_byte(r) >= '0' && next_byte(r) <= '9')
        r->at++;
    return (size_t)(r->at - start);
}

/* The digits and an exponent behind an integer; whether there were any. */
static bool skip_fraction(struct json_read *r)
{
    const char *start = r->at;
    if (next_byte(r) == '.') {
        r->at++;
        if (take_digits(r) == 0)
            fail(r);
    }
    if (next_byte(r) == 'e' || next_byte(r) == 'E') {
        r->at++;
        if (next_byte(r) == '+' || next_byte(r) == '-')
            r->at++;
        if (take_digits(r) == 0)
            fail(r);
    }
    return r->at != start;
}

int64_t json_read_integer(struct json_read *r)
{
    (void)skip_space(r);
    bool negative = next_byte(r) == '-';
    if (negative)
        r->at++;
    const char *digits = r->at;
    size_t n = take_digits(r);
    if (n == 0 || (n > 1 && digits[0] == '0'))
        fail(r);
    if (r->failed || skip_fraction(r) || r->failed || n > 18)
        return 0;
    int64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (digits[i] - '0');
    return negative ? -value : value;
}

static void take_word(struct json_read *r, const char *word)
{
    while (*word && take(r, *word))
        word++;
}

void json_read_skip(struct json_read *r)
{
    struct json_scope scope;
    switch (json_read_peek(r)) {
    case JSON_KIND_OBJECT:
        scope = json_read_object(r);
        while (json_read_member(r, &scope))
            json_read_skip(r);
        break;
    case JSON_KIND_ARRAY:
        scope = json_read_array(r);
        while (json_read_element(r, &scope))
            json_read_skip(r);
        break;
    case JSON_KIND_STRING:
        (void)json_read_string(r);
        break;
    case JSON_KIND_NUMBER:
        (void)json_read_integer(r);
        break;
    case JSON_KIND_TRUE:
        take_word(r, "true");
        break;
    case JSON_KIND_FALSE:
        take_word(r, "false");
        break;
    case JSON_KIND_NULL:
        take_word(r, "null");
        break;
    case JSON_KIND_NONE:
        fail(r);
        break;
    }
}

bool json_read_end(struct json_read *r)
{
    (void)skip_space(r);
    return !r->failed && r->at == r->end && r->depth == 0;
}
