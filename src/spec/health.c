/* SPDX-License-Identifier: MIT
 *
 * healthcheck.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "spec/keys.h"
#include "spec/shell.h"

/* The durations, by Compose's name, the engine's name and the docker line's option. */
static const struct {
    const char *name, *field, *option;
} durations[] = {
    {"interval", "Interval", "--health-interval"},
    {"timeout", "Timeout", "--health-timeout"},
    {"start_period", "StartPeriod", "--health-start-period"},
    {"start_interval", "StartInterval", "--health-start-interval"}, /* API 1.44 */
};

static int read_test_list(struct reader *r, const json_t *value, json_t **ret)
{
    static const char *const kinds[] = {"CMD", "CMD-SHELL", "NONE", NULL};
    size_t i, n = json_array_size(value), kind = 0;
    json_t *word;
    json_array_foreach (value, i, word) {
        size_t mark = reader_enter_index(r, i);
        int rc = json_is_string(word) ? 0 : reader_expected(r, "text (in quotes)", word);
        if (rc == 0 && i == 0)
            rc = reader_word(r, word, kinds, &kind);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    if (n == 0)
        return reader_fail(
            r, "the list is empty; write [\"CMD\", …], [\"CMD-SHELL\", \"…\"] or [\"NONE\"]");
    if (kind == 0 && n < 2)
        return reader_fail(r, "\"CMD\" needs a command behind it");
    if (kind == 1 && n != 2)
        return reader_fail(r, "\"CMD-SHELL\" takes exactly one text, which the shell reads");
    if (kind == 2 && n != 1)
        return reader_fail(r, "nothing may follow \"NONE\"");
    return reader_give(r, json_copy((json_t *)value), ret);
}

static int read_test(struct reader *r, const json_t *value, json_t **ret)
{
    if (json_is_array(value))
        return read_test_list(r, value, ret);
    if (!json_is_string(value))
        return reader_expected(r, "text or a list", value);
    if (json_string_value(value)[0] == '\0')
        return reader_fail(r, "the test is empty; to have none write disable: true");
    return reader_give(r, json_pack("[s, O]", "CMD-SHELL", value), ret);
}

/* The engine refuses what is shorter than a millisecond; 0 leaves the image's or its own default.
 */
static int read_time(struct reader *r, const json_t *value, json_t **ret)
{
    uint64_t ns;
    int rc = reader_duration(r, value, &ns);
    if (rc < 0)
        return rc;
    if (ns > 0 && ns < NS_PER_MS)
        return reader_fail(r, "shorter than 1ms");
    return reader_give(r, duration_json(ns), ret);
}

static int read_retries(struct reader *r, const json_t *value, json_t **ret)
{
    int64_t n;
    int rc = reader_integer(r, value, 0, INT_MAX, &n);
    return rc < 0 ? rc : reader_give(r, json_integer(n), ret);
}

/* "disable: true" and a test of NONE are the same, and then nothing else counts. */
int read_healthcheck(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    static const struct reader_part known[] = {
        {"test", read_test},         {"interval", read_time},
        {"timeout", read_time},      {"retries", read_retries},
        {"start_period", read_time}, {"start_interval", read_time},
        {"disable", reader_flag},    {NULL, NULL},
    };
    json_auto_t *parts = NULL;
    int rc = reader_map(r, value, known, &parts);
    if (rc < 0)
        return rc;
    const char *kind = json_string_value(json_array_get(json_object_get(parts, "test"), 0));
    if (json_is_true(json_object_get(parts, "disable")) || (kind && strcmp(kind, "NONE") == 0))
        return reader_give(r, json_pack("{s:[s]}", "test", "NONE"), ret);
    (void)json_object_del(parts, "disable");
    if (json_object_size(parts) > 0)
        *ret = json_incref(parts);
    return 0;
}

int put_healthcheck(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *health = maker_map(m, "Healthcheck");
    json_t *test = json_object_get(value, "test"), *retries = json_object_get(value, "retries");
    if (!health || (test && json_object_set(health, "Test", test) < 0) ||
        (retries && json_object_set(health, "Retries", retries) < 0))
        return -ENOMEM;
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        uint64_t ns;
        const char *text = json_string_value(json_object_get(value, durations[i].name));
        if (!text)
            continue;
        if (strcmp(durations[i].name, "start_interval") == 0)
            maker_needs(m, 44, "healthcheck.start_interval");
        int rc = duration_parse(text, &ns);
        if (rc < 0)
            return rc;
        if (json_object_set_new(health, durations[i].field, json_integer((json_int_t)ns)) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* The line has only a shell's text for the test: words become one that the shell splits into them
 * again. */
static int say_test(struct line *l, const json_t *test)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    const char *kind = json_string_value(json_array_get(test, 0));
    if (!kind)
        return 0;
    if (strcmp(kind, "NONE") == 0)
        return buf_puts(&l->options, " --no-healthcheck");
    if (strcmp(kind, "CMD-SHELL") == 0) {
        line_option(l, "--health-cmd", json_string_value(json_array_get(test, 1)));
        return 0;
    }
    for (size_t i = 1; i < json_array_size(test); i++) {
        if (i > 1)
            (void)buf_putc(&text, ' ');
        shell_quote(&text, json_string_value(json_array_get(test, i)));
    }
    if (text.error < 0)
        return text.error;
    line_option(l, "--health-cmd", buf_text(&text));
    return 0;
}

int say_healthcheck(struct line *l, const struct key *key, const json_t *value)
{
    char number[NUMBER_TEXT_SIZE];
    const json_t *retries = json_object_get(value, "retries");
    int rc = say_test(l, json_object_get(value, "test"));
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(durations); i++) {
        const char *text = json_string_value(json_object_get(value, durations[i].name));
        if (text)
            line_option(l, durations[i].option, text);
    }
    if (retries) {
        number_format(retries, number);
        line_option(l, "--health-retries", number);
    }
    return rc;
}
