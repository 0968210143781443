/* SPDX-License-Identifier: MIT */
#include "api/body.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static bool type_is_json(const char *content_type)
{
    static const char json[] = "application/json";
    size_t len = sizeof(json) - 1;
    if (!content_type || strncasecmp(content_type, json, len) != 0)
        return false;
    /* Parameters may follow: JSON is UTF-8 whatever they say (RFC 8259, 8.1 and 11). */
    return content_type[len + strspn(content_type + len, " \t")] == ';' ||
           content_type[len + strspn(content_type + len, " \t")] == '\0';
}

int body_parse(const char *content_type, const char *data, size_t len, json_t **ret_json,
               struct error *err)
{
    if (len == 0) {
        *ret_json = NULL;
        return 0;
    }
    if (!type_is_json(content_type))
        return error_set(err, 415, ERROR_INVALID, "not_json",
                         "the body must be JSON; send it with \"Content-Type: application/json\"");
    json_error_t at;
    json_t *json = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
    if (!json) {
        char clean[JSON_ERROR_TEXT_LENGTH * 4];
        text_visible(at.text, clean, sizeof(clean));
        return error_set(err, 400, ERROR_USAGE, "bad_json",
                         "the body is not JSON: line %d, column %d: %s", at.line, at.column, clean);
    }
    *ret_json = json;
    return 0;
}

static int dump_to_buf(const char *bytes, size_t len, void *ctx)
{
    return buf_append(ctx, bytes, len) < 0 ? -1 : 0;
}

int body_write(struct buf *out, const json_t *json)
{
    int r = json_dump_callback(json, dump_to_buf, out, JSON_COMPACT | JSON_ENCODE_ANY);
    if (r < 0 && !out->error)
        out->error = -ENOMEM;
    return out->error;
}
