/* SPDX-License-Identifier: MIT */
#include "compose/scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* The longest number that is looked at; what is longer is a text. */
#define NUMBER_MAX 400

static const struct {
    const char *text;
    enum scalar_kind kind;
    bool boolean;
} words[] = {
    {"", SCALAR_NULL, false},      {"~", SCALAR_NULL, false},     {"null", SCALAR_NULL, false},
    {"Null", SCALAR_NULL, false},  {"NULL", SCALAR_NULL, false},  {"true", SCALAR_BOOL, true},
    {"True", SCALAR_BOOL, true},   {"TRUE", SCALAR_BOOL, true},   {"false", SCALAR_BOOL, false},
    {"False", SCALAR_BOOL, false}, {"FALSE", SCALAR_BOOL, false},
};

/* Drop the underscores that YAML 1.1 allows between digits. False when it is too long. */
static bool compact(const char *text, char ret_number[NUMBER_MAX])
{
    size_t n = 0;
    for (; *text; text++) {
        if (*text == '_')
            continue;
        if (n + 1 >= NUMBER_MAX)
            return false;
        ret_number[n++] = *text;
    }
    ret_number[n] = '\0';
    return n > 0;
}

static bool parse_integer(const char *number, int64_t *ret)
{
    const char *digits = number + (*number == '-' || *number == '+');
    int base = 10;
    if (digits[0] == '0' && digits[1] != '\0') {
        base = 8;
        switch (tolower((unsigned char)digits[1])) {
        case 'x':
            base = 16;
            digits += 2;
            break;
        case 'b':
            base = 2;
            digits += 2;
            break;
        case 'o':
            digits += 2;
            break;
        default:
            break;
        }
    }
    if (!isxdigit((unsigned char)*digits)) /* strtoull takes blanks and a second sign */
        return false;
    char *end;
    errno = 0;
    unsigned long long n = strtoull(digits, &end, base);
    if (*end != '\0' || errno == ERANGE || n > INT64_MAX)
        return false;
    *ret = *number == '-' ? -(int64_t)n : (int64_t)n;
    return true;
}

/* [-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)? and nothing of what strtod takes besides. */
static bool is_real(const char *p)
{
    p += *p == '-' || *p == '+';
    size_t whole = strspn(p, "0123456789");
    p += whole;
    size_t fraction = 0;
    if (*p == '.') {
        fraction = strspn(p + 1, "0123456789");
        p += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (tolower((unsigned char)*p) == 'e') {
        p++;
        p += *p == '-' || *p == '+';
        size_t exponent = strspn(p, "0123456789");
        if (exponent == 0)
            return false;
        p += exponent;
    }
    return *p == '\0';
}

/* A whole number past 64 bits would lose digits as a real: it stays what was written. */
static bool parse_real(const char *number, double *ret)
{
    if (!is_real(number) || (!strpbrk(number, ".eE") && strlen(number) > 18))
        return false;
    double d = strtod(number, NULL);
    if (!isfinite(d))
        return false;
    *ret = d;
    return true;
}

struct scalar scalar_resolve(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(text, words[i].text) == 0)
            return (struct scalar){.kind = words[i].kind, .boolean = words[i].boolean};
    struct scalar s = {.kind = SCALAR_TEXT};
    char number[NUMBER_MAX];
    if (!isdigit((unsigned char)text[0]) && !strchr("+-.", text[0]))
        return s;
    if (!compact(text, number))
        return s;
    if (parse_integer(number, &s.integer))
        s.kind = SCALAR_INT;
    else if (parse_real(number, &s.real))
        s.kind = SCALAR_REAL;
    return s;
}

/* The shortest digits that read back the same, as "%g" would write them, but with an exponent
 * from 1e+06 on whatever the number of digits: so does Go's %v, which Compose uses. */
static void format_real(double d, char ret_text[SCALAR_TEXT_SIZE])
{
    int precision = 0;
    char text[SCALAR_TEXT_SIZE];
    do
        (void)snprintf(text, sizeof(text), "%.*e", precision, d);
    while (strtod(text, NULL) != d && ++precision < 17);
    int exponent = atoi(strchr(text, 'e') + 1);
    if (d != 0 && (exponent < -4 || exponent >= 6))
        (void)snprintf(ret_text, SCALAR_TEXT_SIZE, "%s", text);
    else
        (void)snprintf(ret_text, SCALAR_TEXT_SIZE, "%.*f",
                       precision > exponent ? precision - exponent : 0, d);
}

void scalar_format(const struct scalar *s, char ret_text[SCALAR_TEXT_SIZE])
{
    switch (s->kind) {
    case SCALAR_BOOL:
        (void)snprintf(ret_text, SCALAR_TEXT_SIZE, "%s", s->boolean ? "true" : "false");
        return;
    case SCALAR_INT:
        (void)snprintf(ret_text, SCALAR_TEXT_SIZE, "%lld", (long long)s->integer);
        return;
    case SCALAR_REAL:
        format_real(s->real, ret_text);
        return;
    case SCALAR_NULL:
    case SCALAR_TEXT:
        ret_text[0] = '\0';
    }
}
