/* SPDX-License-Identifier: MIT */
#include "api/params.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "core/agent.h"

/* Why a value is refused. */
enum verdict {
    VALUE_GOOD,
    VALUE_WRONG,  /* it is not of this kind */
    VALUE_BEYOND, /* it is, but out of bounds */
};

int param_count_parse(const char *text, int64_t *ret_count)
{
    int64_t count = 0;
    if (!*text)
        return -EINVAL;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || __builtin_mul_overflow(count, 10, &count) ||
            __builtin_add_overflow(count, *p - '0', &count))
            return -EINVAL;
    }
    *ret_count = count;
    return 0;
}

static bool kind_is_valid(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len <= PARAM_KIND_MAX && !text[len];
}

static int when_parse(const char *text, int64_t *ret_ms)
{
    uint64_t ago_ns = 0;
    if (time_parse(text, ret_ms) == 0)
        return 0;
    if (duration_parse(text, &ago_ns) < 0)
        return -EINVAL;
    int64_t ms = clock_wall_ms() - (int64_t)(ago_ns / NS_PER_MS);
    *ret_ms = ms > 0 ? ms : 0;
    return 0;
}

static enum verdict bool_read(const char *text, bool *ret_value)
{
    bool yes = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
    bool no = strcmp(text, "0") == 0 || strcmp(text, "false") == 0;
    *ret_value = yes;
    return yes || no ? VALUE_GOOD : VALUE_WRONG;
}

static enum verdict count_read(const struct param *param, const char *text, int64_t *ret_count)
{
    if (param_count_parse(text, ret_count) < 0)
        return VALUE_WRONG;
    return PARAM_IS_IN(param, *ret_count) ? VALUE_GOOD : VALUE_BEYOND;
}

static enum verdict duration_read(const struct param *param, const char *text, uint64_t *ret_ns)
{
    int r = duration_parse(text, ret_ns);
    if (r < 0)
        return r == -ERANGE ? VALUE_BEYOND : VALUE_WRONG;
    return PARAM_IS_IN(param, *ret_ns) ? VALUE_GOOD : VALUE_BEYOND;
}

static enum verdict text_take(const char *text, bool valid, const char **ret_text)
{
    *ret_text = text;
    return valid ? VALUE_GOOD : VALUE_WRONG;
}

static enum verdict value_read(const struct param *param, const char *text, struct params *params)
{
    void *field = (char *)params + param->offset;
    switch (param->kind) {
    case PARAM_BOOL:
        return bool_read(text, field);
    case PARAM_COUNT:
        return count_read(param, text, field);
    case PARAM_DURATION:
        return duration_read(param, text, field);
    case PARAM_WHEN:
        return when_parse(text, field) < 0 ? VALUE_WRONG : VALUE_GOOD;
    case PARAM_AGENT:
        return text_take(text, agent_name_is_valid(text), field);
    case PARAM_KIND:
        return text_take(text, kind_is_valid(text), field);
    case PARAM_TEXT:
        return strlen(text) > param->max ? VALUE_BEYOND : text_take(text, true, field);
    }
    return VALUE_WRONG;
}

/* What a value must be, for people. */
static void describe(const struct param *param, bool in_body, char *text, size_t size)
{
    char longest[DURATION_TEXT_SIZE];
    switch (param->kind) {
    case PARAM_BOOL:
        (void)snprintf(text, size, "%s", in_body ? "true or false" : "1, 0, true or false");
        return;
    case PARAM_COUNT:
        (void)snprintf(text, size, "a number from %llu to %llu", (unsigned long long)param->min,
                       (unsigned long long)param->max);
        return;
    case PARAM_DURATION:
        duration_format(param->max, longest);
        (void)snprintf(text, size, "a duration such as %s90s%s, more than 0 and at most %s",
                       in_body ? "\"" : "", in_body ? "\"" : "", longest);
        return;
    case PARAM_WHEN:
        (void)snprintf(text, size,
                       "a time such as 2026-11-24T08:10:00Z, or a duration such as 15m");
        return;
    case PARAM_AGENT:
        (void)snprintf(text, size, "a name of an agent");
        return;
    case PARAM_KIND:
        (void)snprintf(text, size, "a kind of event such as container_missing");
        return;
    case PARAM_TEXT:
        (void)snprintf(text, size, "a text of at most %llu bytes", (unsigned long long)param->max);
        return;
    }
}

static void refuse(const struct param *param, bool in_body, enum verdict verdict,
                   struct api_reply *reply)
{
    char must_be[128] = "";
    describe(param, in_body, must_be, sizeof(must_be));
    if (!in_body)
        api_reply_problem(reply, 400, "bad_parameter", "query parameter \"%s\" must be %s",
                          param->name, must_be);
    else if (verdict == VALUE_BEYOND)
        api_reply_problem(reply, 422, NULL, "\"%s\" must be %s", param->name, must_be);
    else
        api_reply_problem(reply, 400, "bad_body", "\"%s\" must be %s", param->name, must_be);
}

static const struct param *find(const struct param *table, const char *name, bool in_body,
                                struct api_reply *reply)
{
    struct nearest nearest = {.word = name};
    for (const struct param *param = table; param && param->name; param++) {
        if (strcmp(param->name, name) == 0)
            return param;
        nearest_offer(&nearest, param->name);
    }
    api_reply_problem(reply, 400, in_body ? "unknown_key" : "unknown_parameter",
                      "unknown %s \"%.64s\"%s%s%s", in_body ? "key" : "query parameter", name,
                      nearest.best ? "; did you mean \"" : "", nearest.best ? nearest.best : "",
                      nearest.best ? "\"?" : "");
    return NULL;
}

bool params_read_query(const struct param *table, const struct target *target,
                       struct params *params, struct api_reply *reply)
{
    for (size_t i = 0; i < target->params_len; i++) {
        const struct target_param *given = &target->params[i];
        const struct param *param = find(table, given->key, false, reply);
        if (!param)
            return false;
        enum verdict verdict = given->value ? value_read(param, given->value, params) : VALUE_WRONG;
        if (verdict != VALUE_GOOD) {
            refuse(param, false, verdict, reply);
            return false;
        }
    }
    return true;
}

static enum verdict member_read(const struct param *param, const json_t *value,
                                struct params *params)
{
    if (param->kind == PARAM_BOOL && json_is_boolean(value))
        return value_read(param, json_is_true(value) ? "1" : "0", params);
    if (param->kind == PARAM_BOOL || !json_is_string(value))
        return VALUE_WRONG;
    return value_read(param, json_string_value(value), params);
}

/* To ignore a body would be to do something else than was asked: {"dry_run":true} would change
 * containers. An empty object says nothing and does no harm. */
bool params_read_body(const struct param *table, const json_t *body, struct params *params,
                      struct api_reply *reply)
{
    if (!body || (json_is_object(body) && json_object_size(body) == 0))
        return true;
    if (!table) {
        api_reply_problem(reply, 400, "unexpected_body",
                          "this call takes no body; its options are parameters of the query");
        return false;
    }
    if (!json_is_object(body)) {
        api_reply_problem(reply, 400, "bad_body", "the body must be an object");
        return false;
    }
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)body, key, value) {
        const struct param *param = find(table, key, true, reply);
        if (!param)
            return false;
        enum verdict verdict = member_read(param, value, params);
        if (verdict != VALUE_GOOD) {
            refuse(param, true, verdict, reply);
            return false;
        }
    }
    return true;
}
