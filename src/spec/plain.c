/* SPDX-License-Identifier: MIT
 *
 * Keys of a plain type with a rule of their own: names, sizes, numbers, times.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/duration.h"
#include "spec/mounts.h"

#define HOSTNAME_SIZE_MAX  63
#define MEMORY_MIN         (UINT64_C(6) << 20) /* the engine's own least: dockerd refuses less */
#define NANO_PER_CPU       UINT64_C(1000000000)
#define CPUS_MAX           100000
#define SIGNAL_MAX         64
#define PLATFORM_WORDS_MAX 3
#define PLATFORM_SIZE_MAX  128

int read_plain_bool(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return reader_flag(r, value, ret);
}

static bool only(const char *text, const char *more)
{
    for (; *text != '\0'; text++)
        if (!isalnum((unsigned char)*text) && !strchr(more, *text))
            return false;
    return true;
}

int read_hostname(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE];
    int rc = reader_text(r, value, "a host's name", &text);
    if (rc < 0)
        return rc;
    if (!isalnum((unsigned char)text[0]) || !only(text, ".-_") || strlen(text) > HOSTNAME_SIZE_MAX)
        return reader_fail(
            r, "\"%s\" is no name of a host; use at most %d letters, digits, \"-\" and \".\"",
            reader_quote(quoted, text), HOSTNAME_SIZE_MAX);
    return reader_give(r, json_string(text), ret);
}

int read_user(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    const char *text;
    char number[NUMBER_TEXT_SIZE], quoted[READER_QUOTE_SIZE];
    if (json_is_integer(value)) {
        number_format(value, number);
        text = number;
    } else {
        int rc = reader_text(r, value, "a user's name or number", &text);
        if (rc < 0)
            return rc;
    }
    if (!(isalnum((unsigned char)text[0]) || text[0] == '_') || !only(text, "_.-:$@"))
        return reader_fail(r, "\"%s\" is no user; write \"name\", \"1000\" or \"1000:1000\"",
                           reader_quote(quoted, text));
    return reader_give(r, json_string(text), ret);
}

int read_directory(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE];
    int rc = reader_text(r, value, "a path in the container", &text);
    if (rc < 0)
        return rc;
    if (text[0] != '/')
        return reader_fail(r, "\"%s\" is not absolute; begin it with \"/\"",
                           reader_quote(quoted, text));
    _cleanup_free_ char *path = strdup(text);
    if (!path)
        return reader_no_memory(r);
    mount_clean_path(path);
    return reader_give(r, json_string(path), ret);
}

/* OS[/ARCHITECTURE[/VARIANT]], as the engine reads it; one word may be either. */
int read_platform(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE];
    int rc = reader_text(r, value, "a platform", &text);
    if (rc < 0)
        return rc;
    size_t words = 1, len = 0;
    for (const char *c = text; *c != '\0'; c++) {
        words += *c == '/';
        len = *c == '/' ? 0 : len + 1;
        if (*c == '/' && (c == text || c[-1] == '/'))
            words = PLATFORM_WORDS_MAX + 1;
    }
    if (len == 0 || words > PLATFORM_WORDS_MAX || strlen(text) > PLATFORM_SIZE_MAX ||
        !only(text, "/._-"))
        return reader_fail(r, "\"%s\" is no platform; write \"linux/amd64\" or \"linux/arm/v7\"",
                           reader_quote(quoted, text));
    return reader_give(r, json_string(text), ret);
}

/* It stands beside the body. */
int put_platform(struct maker *m, const struct key *key, const json_t *value)
{
    maker_needs(m, 41, key->name);
    return 0;
}

/* Two dots in a row are for the spare containers of a recreate. */
int read_container_name(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE];
    int rc = reader_text(r, value, "a container's name", &text);
    if (rc < 0)
        return rc;
    if (!isalnum((unsigned char)text[0]) || text[1] == '\0' || !only(text, "_.-") ||
        strstr(text, "..") || strlen(text) > 200)
        return reader_fail(r,
                           "\"%s\" is no name of a container; use two or more letters, digits, "
                           "\"_\", \".\" and \"-\", no \"..\"",
                           reader_quote(quoted, text));
    return reader_give(r, json_string(text), ret);
}

/* In the largest unit that leaves nothing over. */
json_t *size_json(uint64_t bytes)
{
    static const char units[] = "bkmg";
    char text[NUMBER_TEXT_SIZE];
    size_t unit = 0;
    while (bytes > 0 && bytes % 1024 == 0 && units[unit + 1] != '\0') {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(text, sizeof(text), "%" PRIu64 "%c", bytes, units[unit]);
    return json_string(text);
}

int reader_size(struct reader *r, const json_t *value, uint64_t *ret)
{
    static const char wanted[] = "a size such as \"64m\" or a number of bytes";
    char quoted[READER_QUOTE_SIZE];
    int64_t n;
    if (json_is_integer(value)) {
        int rc = reader_integer(r, value, 0, INT64_MAX, &n);
        *ret = rc < 0 ? 0 : (uint64_t)n;
        return rc;
    }
    if (!json_is_string(value))
        return reader_expected(r, wanted, value);
    const char *text = json_string_value(value);
    int rc = size_parse(text, ret);
    if (rc == -ERANGE || (rc == 0 && *ret > INT64_MAX))
        return reader_fail(r, "\"%s\" is too large", reader_quote(quoted, text));
    return rc == 0
               ? 0
               : reader_fail(r, "expected %s, found \"%s\"", wanted, reader_quote(quoted, text));
}

int read_memory(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    uint64_t bytes = 0;
    int rc = reader_size(r, value, &bytes);
    if (rc < 0)
        return rc;
    if (bytes > 0 && bytes < MEMORY_MIN)
        return reader_fail(r, "less than the 6m that the engine asks for at least; 0 is no limit");
    return reader_give(r, size_json(bytes), ret);
}

int put_memory(struct maker *m, const struct key *key, const json_t *value)
{
    uint64_t bytes;
    int rc = size_parse(json_string_value(value), &bytes);
    return rc < 0 ? rc : maker_put(m, "HostConfig.Memory", json_integer((json_int_t)bytes));
}

/* "0.5", "2": at most nine digits behind the point, for the engine counts billionths. */
static bool parse_cpus(const char *text, uint64_t *ret_nano)
{
    uint64_t whole = 0, nano = 0, weight = NANO_PER_CPU;
    if (!isdigit((unsigned char)*text) && !(*text == '.' && isdigit((unsigned char)text[1])))
        return false;
    for (; isdigit((unsigned char)*text); text++) {
        whole = whole * 10 + (uint64_t)(*text - '0');
        if (whole > CPUS_MAX)
            return false;
    }
    if (*text == '.') {
        for (text++; isdigit((unsigned char)*text); text++) {
            weight /= 10;
            if (weight == 0 && *text != '0')
                return false;
            nano += weight * (uint64_t)(*text - '0');
        }
    }
    *ret_nano = whole * NANO_PER_CPU + nano;
    return *text == '\0';
}

static json_t *cpus_json(uint64_t nano)
{
    char text[NUMBER_TEXT_SIZE];
    int n = snprintf(text, sizeof(text), "%" PRIu64 ".%09" PRIu64, nano / NANO_PER_CPU,
                     nano % NANO_PER_CPU);
    while (text[n - 1] == '0')
        text[--n] = '\0';
    if (text[n - 1] == '.')
        text[n - 1] = '\0';
    return json_string(text);
}

int read_cpus(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    char text[NUMBER_TEXT_SIZE], quoted[READER_QUOTE_SIZE];
    uint64_t nano;
    if (json_is_real(value))
        (void)snprintf(text, sizeof(text), "%.9f", json_real_value(value));
    else if (json_is_integer(value))
        number_format(value, text);
    else if (json_is_string(value))
        (void)snprintf(text, sizeof(text), "%s", json_string_value(value));
    else
        return reader_expected(r, "a number of CPUs such as 0.5", value);
    if (!parse_cpus(text, &nano))
        return reader_fail(r, "\"%s\" is no number of CPUs; write 0.5 or 2",
                           reader_quote(quoted, text));
    return reader_give(r, cpus_json(nano), ret);
}

int put_cpus(struct maker *m, const struct key *key, const json_t *value)
{
    uint64_t nano;
    if (!parse_cpus(json_string_value(value), &nano))
        return -EINVAL;
    return maker_put(m, "HostConfig.NanoCpus", json_integer((json_int_t)nano));
}

int read_pids_limit(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    int64_t n;
    int rc = reader_integer(r, value, -1, INT_MAX, &n);
    return rc < 0 ? rc : reader_give(r, json_integer(n), ret);
}

/* Signals that Linux knows by name. */
static bool is_signal_name(const char *name)
{
    static const char *const names[] = {
        "HUP",  "INT",   "QUIT", "ILL",  "TRAP", "ABRT", "IOT",   "BUS",    "FPE",
        "KILL", "USR1",  "SEGV", "USR2", "PIPE", "ALRM", "TERM",  "STKFLT", "CHLD",
        "CONT", "STOP",  "TSTP", "TTIN", "TTOU", "URG",  "XCPU",  "XFSZ",   "VTALRM",
        "PROF", "WINCH", "IO",   "POLL", "PWR",  "SYS",  "RTMIN", "RTMAX",
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* "RTMIN+3", "RTMAX-2": real-time signals, which some inits use for orders. */
static bool is_realtime_signal(const char *name)
{
    if (strncasecmp(name, "RTMIN+", 6) != 0 && strncasecmp(name, "RTMAX-", 6) != 0)
        return false;
    const char *digits = name + 6;
    size_t n = strspn(digits, "0123456789");
    return n > 0 && n <= 2 && digits[n] == '\0' && atoi(digits) <= 15;
}

static bool is_signal_number(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return n > 0 && n <= 2 && text[n] == '\0' && atoi(text) >= 1 && atoi(text) <= SIGNAL_MAX;
}

/* Upper case with its SIG, or a number as it is. */
int read_stop_signal(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    char text[NUMBER_TEXT_SIZE], quoted[READER_QUOTE_SIZE], canonical[NUMBER_TEXT_SIZE];
    if (!json_is_integer(value) && !json_is_string(value))
        return reader_expected(r, "a signal such as SIGINT", value);
    if (json_is_integer(value))
        number_format(value, text);
    else
        (void)snprintf(text, sizeof(text), "%s", json_string_value(value));
    if (is_signal_number(text))
        return reader_give(r, json_string(text), ret);
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    if (!is_signal_name(name) && !is_realtime_signal(name))
        return reader_fail(r, "\"%s\" is no signal; write SIGTERM, SIGINT, SIGQUIT, …",
                           reader_quote(quoted, text));
    (void)snprintf(canonical, sizeof(canonical), "SIG%s", name);
    for (char *p = canonical; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    return reader_give(r, json_string(canonical), ret);
}

int read_grace_period(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    uint64_t ns;
    int rc = reader_duration(r, value, &ns);
    if (rc == 0 && ns / NS_PER_S >= INT_MAX)
        return reader_fail(r, "too long a time");
    return rc < 0 ? rc : reader_give(r, duration_json(ns), ret);
}

/* The engine counts whole seconds. */
int put_grace_period(struct maker *m, const struct key *key, const json_t *value)
{
    uint64_t ns;
    int rc = duration_parse(json_string_value(value), &ns);
    return rc < 0 ? rc
                  : maker_put(m, "StopTimeout",
                              json_integer((json_int_t)((ns + NS_PER_S - 1) / NS_PER_S)));
}

int say_grace_period(struct line *l, const struct key *key, const json_t *value)
{
    char number[NUMBER_TEXT_SIZE];
    if (!value)
        return 0;
    number_format(json_object_get(l->body, "StopTimeout"), number);
    line_option(l, "--stop-timeout", number);
    return 0;
}

int read_restart(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    static const char *const policies[] = {"no", "always", "unless-stopped", "on-failure", NULL};
    static const char counted[] = "on-failure:";
    const char *text = json_string_value(value);
    size_t i;
    if (json_is_false(value)) /* YAML 1.1 reads an unquoted no so */
        return reader_give(r, json_string("no"), ret);
    if (text && strncmp(text, counted, sizeof(counted) - 1) == 0) {
        const char *count = text + sizeof(counted) - 1;
        if (count[0] == '\0' || count[strspn(count, "0123456789")] != '\0' || strlen(count) > 9)
            return reader_fail(r, "expected a number of attempts behind \"%s\"", counted);
        return reader_give(r, json_string(text), ret);
    }
    int rc = reader_word(r, value, policies, &i);
    return rc < 0 ? rc : reader_give(r, json_string(policies[i]), ret);
}

/* What is built is named by `image`; how, is another program's matter. Canonical: that it is. */
int read_build(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    if (!json_is_string(value) && !json_is_object(value) && !json_is_true(value))
        return reader_expected(r, "text or a map", value);
    return reader_give(r, json_true(), ret);
}

int read_refused(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    if (key->flags & KEY_FILE)
        return reader_fail(r, "only a compose file may have it: apply reads it, and a row has what "
                              "comes of it");
    if (key->flags & KEY_WARNED)
        return reader_fail(r, "it has no effect here: %s; remove it", key->does);
    return reader_fail(r, "not carried out: %s", key->does);
}
