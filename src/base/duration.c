/* SPDX-License-Identifier: MIT */
#include "base/duration.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

__extension__ typedef unsigned __int128 wide;

struct unit {
    const char *name;
    uint64_t scale;
};

/* "ms" before "m", or it would never be seen. */
static const struct unit duration_units[] = {
    {"us", 1000},         {"ms", NS_PER_MS},      {"s", NS_PER_S},
    {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"d", 86400 * NS_PER_S},
};

static const struct unit size_units[] = {
    {"", 1},         {"b", 1},         {"k", 1U << 10}, {"kb", 1U << 10},
    {"m", 1U << 20}, {"mb", 1U << 20}, {"g", 1U << 30}, {"gb", 1U << 30},
};

static int add_scaled(uint64_t *total, uint64_t number, uint64_t scale)
{
    uint64_t product;
    if (__builtin_mul_overflow(number, scale, &product) ||
        __builtin_add_overflow(*total, product, total))
        return -ERANGE;
    return 0;
}

static int parse_number(const char **p, uint64_t *ret)
{
    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    uint64_t n = 0;
    for (; isdigit((unsigned char)**p); (*p)++)
        if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
            __builtin_add_overflow(n, (uint64_t)(**p - '0'), &n))
            return -ERANGE;
    *ret = n;
    return 0;
}

/* The digits after a point, as a fraction of 10^9. */
static int parse_fraction(const char **p, uint64_t *ret_nano)
{
    *ret_nano = 0;
    if (**p != '.')
        return 0;
    (*p)++;
    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    uint64_t weight = NS_PER_S;
    for (; isdigit((unsigned char)**p); (*p)++) {
        weight /= 10;
        *ret_nano += weight * (uint64_t)(**p - '0');
    }
    return 0;
}

static const struct unit *match_duration_unit(const char *p)
{
    for (size_t i = 0; i < ARRAY_LEN(duration_units); i++)
        if (strncmp(p, duration_units[i].name, strlen(duration_units[i].name)) == 0)
            return &duration_units[i];
    return NULL;
}

int duration_parse(const char *text, uint64_t *ret_ns)
{
    if (strcmp(text, "0") == 0) {
        *ret_ns = 0;
        return 0;
    }
    uint64_t total = 0;
    const char *p = text;
    do {
        uint64_t number, nano = 0;
        int r = parse_number(&p, &number);
        if (r == 0)
            r = parse_fraction(&p, &nano);
        if (r < 0)
            return r;
        const struct unit *unit = match_duration_unit(p);
        if (!unit)
            return -EINVAL;
        p += strlen(unit->name);
        r = add_scaled(&total, number, unit->scale);
        if (r == 0) /* the product has up to 77 bits */
            r = add_scaled(&total, (uint64_t)((wide)unit->scale * nano / NS_PER_S), 1);
        if (r < 0)
            return r;
    } while (*p != '\0');
    *ret_ns = total;
    return 0;
}

void duration_format(uint64_t ns, char ret_text[DURATION_TEXT_SIZE])
{
    static const struct unit parts[] = {
        {"h", 3600 * NS_PER_S}, {"m", 60 * NS_PER_S}, {"s", NS_PER_S},
        {"ms", NS_PER_MS},      {"us", 1000},
    };
    size_t len = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        uint64_t n = ns / parts[i].scale;
        ns %= parts[i].scale;
        if (n > 0)
            len += (size_t)snprintf(ret_text + len, DURATION_TEXT_SIZE - len, "%llu%s",
                                    (unsigned long long)n, parts[i].name);
    }
    if (len == 0)
        (void)snprintf(ret_text, DURATION_TEXT_SIZE, "0s");
}

int duration_shorten(const char *text, char ret_text[DURATION_TEXT_SIZE])
{
    uint64_t ns;
    int r = duration_parse(text, &ns);
    if (r < 0)
        return r;
    if (ns < duration_units[0].scale)
        return -EINVAL;
    duration_format(ns, ret_text);
    return 0;
}

int size_parse(const char *text, uint64_t *ret_bytes)
{
    const char *p = text;
    uint64_t number, total = 0;
    int r = parse_number(&p, &number);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
        if (strcasecmp(p, size_units[i].name) != 0)
            continue;
        r = add_scaled(&total, number, size_units[i].scale);
        if (r == 0)
            *ret_bytes = total;
        return r;
    }
    return -EINVAL;
}
