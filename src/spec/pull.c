/* SPDX-License-Identifier: MIT */
#include "spec/pull.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "spec/keys.h"

#define DAY_NS  (24 * 3600 * NS_PER_S)
#define WEEK_NS (7 * DAY_NS)

static bool add_units(uint64_t n, uint64_t unit_ns, uint64_t *total_ns)
{
    uint64_t part;
    return !__builtin_mul_overflow(n, unit_ns, &part) &&
           !__builtin_add_overflow(*total_ns, part, total_ns);
}

/* Weeks and days, which durations elsewhere do not have; then the rest as one of those. */
static int parse_long_duration(const char *text, uint64_t *ret_ns)
{
    uint64_t total_ns = 0, rest_ns = 0;
    for (const char *p = text; isdigit((unsigned char)*p); text = p) {
        uint64_t n = 0;
        for (; isdigit((unsigned char)*p); p++)
            if (!add_units(9, n, &n) || !add_units((uint64_t)(*p - '0'), 1, &n))
                return -EINVAL;
        if (*p != 'w' && *p != 'd')
            break;
        if (!add_units(n, *p == 'w' ? WEEK_NS : DAY_NS, &total_ns))
            return -EINVAL;
        p++;
    }
    if (*text != '\0' && duration_parse(text, &rest_ns) < 0)
        return -EINVAL;
    if (!add_units(rest_ns, 1, &total_ns) || total_ns == 0)
        return -EINVAL;
    *ret_ns = total_ns;
    return 0;
}

int pull_every_parse(const char *text, uint64_t *ret_ns)
{
    static const char every[] = "every_";
    if (strcmp(text, "daily") == 0)
        *ret_ns = DAY_NS;
    else if (strcmp(text, "weekly") == 0)
        *ret_ns = WEEK_NS;
    else if (strncmp(text, every, sizeof(every) - 1) == 0)
        return parse_long_duration(text + sizeof(every) - 1, ret_ns);
    else
        return -EINVAL;
    return 0;
}

bool pull_is_due(const struct pull_question *q)
{
    if (q->last_ms <= 0 || q->last_ms > q->now_ms)
        return true;
    return (uint64_t)(q->now_ms - q->last_ms) >= q->every_ns / NS_PER_MS;
}

enum pull_action pull_decide(const struct pull_question *q)
{
    bool never = q->policy == PULL_NEVER || q->policy == PULL_BUILD;
    if (q->missing)
        return never || q->tried ? PULL_GIVE_UP : PULL_FIRST;
    if (q->tried)
        return PULL_CREATE;
    if (q->policy == PULL_ALWAYS || (q->policy == PULL_EVERY && pull_is_due(q)))
        return PULL_FIRST;
    return PULL_CREATE;
}

const char *pull_hint(enum pull_policy policy)
{
    if (policy == PULL_NEVER)
        return "; pull_policy is never: `roost pull` fetches it once";
    if (policy == PULL_BUILD)
        return "; `docker compose build` makes it";
    return "";
}

int read_pull_policy(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    static const char *const words[] = {"missing", "if_not_present", "always", "never",
                                        "build",   "daily",          "weekly", "every_<duration>",
                                        NULL};
    static const char every[] = "every_";
    char quoted[READER_QUOTE_SIZE], text[DURATION_TEXT_SIZE];
    const char *written = json_string_value(value);
    uint64_t ns;
    size_t i;
    if (written && strncmp(written, every, sizeof(every) - 1) == 0) {
        if (pull_every_parse(written, &ns) < 0)
            return reader_fail(r, "\"%s\" is no time; write it like every_12h or every_2d",
                               reader_quote(quoted, written));
        duration_format(ns, text);
        return reader_give(r, json_sprintf("%s%s", every, text), ret);
    }
    if (written && strcmp(written, "refresh") == 0) /* in the schema, and nowhere described */
        return reader_fail(r,
                           "not carried out: \"refresh\" and pull_refresh_after are one word here, "
                           "such as every_12h");
    int rc = reader_word(r, value, words, &i);
    return rc < 0 ? rc : reader_give(r, json_string(words[i == 1 ? 0 : i]), ret);
}
