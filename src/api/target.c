/* SPDX-License-Identifier: MIT */
#include "api/target.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/sha256.h"
#include "base/text.h"

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* Decode in place; the result is never longer. */
static int percent_decode(char *text, bool in_query)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        uint8_t byte = (uint8_t)*in;
        if (*in == '%') {
            char digits[3] = {0};
            memcpy(digits, in + 1, strnlen(in + 1, 2));
            if (hex_parse(digits, &byte, 1) < 0)
                return -EINVAL;
            in += 2;
            if (byte == '\0' || (!in_query && byte == '/'))
                return -EINVAL;
        } else if (*in == '+' && in_query) {
            byte = ' ';
        }
        if (!in_query && is_control(byte))
            return -EINVAL;
        *out++ = (char)byte;
    }
    *out = '\0';
    return text_is_utf8(text, (size_t)(out - text)) ? 0 : -EINVAL;
}

static int path_parse(char *path, struct target *target, struct error *err)
{
    if (*path != '/')
        return error_set(err, -EINVAL, ERROR_USAGE, "bad_path",
                         "the target of the request does not begin with \"/\"");
    char *rest = path + 1;
    for (char *segment; (segment = strsep(&rest, "/"));) {
        if (percent_decode(segment, false) < 0)
            return error_set(err, -EINVAL, ERROR_USAGE, "bad_path",
                             "the path has a broken or forbidden character in part %zu",
                             target->segments_len + 1);
        if (target->segments_len == TARGET_SEGMENTS_MAX) {
            target->segments_len++;
            return 0;
        }
        target->segments[target->segments_len++] = segment;
    }
    return 0;
}

static int param_parse(char *key, struct target *target, struct error *err)
{
    char *value = strchr(key, '=');
    if (value)
        *value++ = '\0';
    if (percent_decode(key, true) < 0 || (value && percent_decode(value, true) < 0))
        return error_set(err, -EINVAL, ERROR_USAGE, "bad_query",
                         "the query has a broken or forbidden character in parameter %zu",
                         target->params_len + 1);
    for (size_t i = 0; i < target->params_len; i++)
        if (strcmp(target->params[i].key, key) == 0)
            return error_set(err, -EINVAL, ERROR_USAGE, "bad_query",
                             "query parameter \"%.64s\" is given twice", key);
    if (target->params_len == TARGET_PARAMS_MAX)
        return error_set(err, -EINVAL, ERROR_USAGE, "bad_query",
                         "the query has more than %d parameters", TARGET_PARAMS_MAX);
    target->params[target->params_len++] = (struct target_param){.key = key, .value = value};
    return 0;
}

static int query_parse(char *query, struct target *target, struct error *err)
{
    for (char *param; (param = strsep(&query, "&"));) {
        if (!*param)
            continue;
        int r = param_parse(param, target, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int target_parse(const char *raw, struct target *ret_target, struct error *err)
{
    if (strchr(raw, '#'))
        return error_set(err, -EINVAL, ERROR_USAGE, "bad_path",
                         "the target of a request has no \"#\"; write it as %%23");
    struct target target = {.text = strdup(raw)};
    if (!target.text)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    char *query = target.text;
    char *path = strsep(&query, "?");
    int r = path_parse(path, &target, err);
    if (r == 0)
        r = query_parse(query, &target, err);
    if (r == 0)
        *ret_target = target;
    else
        target_close(&target);
    return r;
}

void target_close(struct target *target)
{
    free(target->text);
    target->text = NULL;
}
