/* SPDX-License-Identifier: MIT */
#include "api/problem.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct status_row {
    int status;
    enum error_kind kind;
    const char *title;
    const char *code;
};

static const struct status_row status_rows[] = {
    {400, ERROR_USAGE, "Bad Request", "bad_request"},
    {401, ERROR_DENIED, "Unauthorized", "unauthorized"},
    {403, ERROR_DENIED, "Forbidden", "denied"},
    {404, ERROR_NOT_FOUND, "Not Found", "not_found"},
    {405, ERROR_FAILED, "Method Not Allowed", "method_not_allowed"},
    {409, ERROR_CONFLICT, "Conflict", "conflict"},
    {410, ERROR_GONE, "Gone", "gone"},
    {412, ERROR_CONFLICT, "Precondition Failed", "changed_meanwhile"},
    {413, ERROR_INVALID, "Content Too Large", "too_large"},
    {415, ERROR_INVALID, "Unsupported Media Type", "not_json"},
    {422, ERROR_INVALID, "Unprocessable Content", "invalid"},
    {500, ERROR_FAILED, "Internal Server Error", "failed"},
    {503, ERROR_UNREACHABLE, "Service Unavailable", "unavailable"},
    {504, ERROR_TIMEOUT, "Gateway Timeout", "timeout"},
    {507, ERROR_STORAGE, "Insufficient Storage", "storage"},
};

static const struct status_row *status_find(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(status_rows); i++)
        if (status_rows[i].status == status)
            return &status_rows[i];
    return NULL;
}

json_t *problem_new(int status, const char *code, const char *detail)
{
    const struct status_row *row = status_find(status);
    if (!code || !*code)
        code = row ? row->code : "failed";
    char clean[ERROR_TEXT_SIZE];
    if (!text_is_utf8(detail, strlen(detail))) {
        text_visible(detail, clean, sizeof(clean));
        detail = clean;
    }
    return json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title",
                     row ? row->title : "Error", "status", status, "detail", detail, "code", code);
}

void problem_read(int status, const json_t *problem, struct error *err)
{
    const struct status_row *row = status_find(status);
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    const char *title = json_string_value(json_object_get(problem, "title"));
    const char *code = json_string_value(json_object_get(problem, "code"));
    char fallback[64];
    if (!detail || !*detail)
        detail = title;
    if (!detail || !*detail) {
        (void)snprintf(fallback, sizeof(fallback), "the daemon answered with HTTP status %d",
                       status);
        detail = fallback;
    }
    if (!code && row)
        code = row->code;
    (void)error_set(err, 0, row ? row->kind : ERROR_FAILED, code, "%s", detail);
}
