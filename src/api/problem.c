/* SPDX-License-Identifier: MIT */
#include "api/problem.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct status_row {
    int status;
    const char *title;
    const char *code;
    enum error_kind kind;
};

static const struct status_row status_rows[] = {
    {400, "Bad Request", "bad_request", ERROR_USAGE},
    {401, "Unauthorized", "unauthorized", ERROR_DENIED},
    {403, "Forbidden", "denied", ERROR_DENIED},
    {404, "Not Found", "not_found", ERROR_NOT_FOUND},
    {405, "Method Not Allowed", "method_not_allowed", ERROR_FAILED},
    {409, "Conflict", "conflict", ERROR_CONFLICT},
    {410, "Gone", "gone", ERROR_GONE},
    {412, "Precondition Failed", "changed_meanwhile", ERROR_CONFLICT},
    {413, "Content Too Large", "too_large", ERROR_INVALID},
    {415, "Unsupported Media Type", "not_json", ERROR_INVALID},
    {422, "Unprocessable Content", "invalid", ERROR_INVALID},
    {500, "Internal Server Error", "failed", ERROR_FAILED},
    {503, "Service Unavailable", "unavailable", ERROR_UNREACHABLE},
    {504, "Gateway Timeout", "timeout", ERROR_TIMEOUT},
    {507, "Insufficient Storage", "storage", ERROR_STORAGE},
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
