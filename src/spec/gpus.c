/* SPDX-License-Identifier: MIT
 *
 * gpus: requests as the engine has them, in Compose's names.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "spec/lists.h"

static int read_count(struct reader *r, const json_t *value, json_t **ret)
{
    int64_t n;
    if (json_is_string(value) && strcmp(json_string_value(value), "all") == 0)
        return reader_give(r, json_integer(-1), ret);
    int rc = reader_integer(r, value, -1, INT_MAX, &n);
    return rc < 0 ? rc : reader_give(r, json_integer(n), ret);
}

static int read_gpu_capabilities(struct reader *r, const json_t *value, json_t **ret)
{
    static const struct key sorted = {.name = "", .flags = KEY_SORTED};
    return list_read(r, &sorted, value, item_text, ret);
}

static int read_gpu_ids(struct reader *r, const json_t *value, json_t **ret)
{
    static const struct key ordered = {.name = ""};
    return list_read(r, &ordered, value, item_text, ret);
}

static int read_gpu(struct reader *r, const json_t *value, json_t **ret)
{
    static const struct reader_part known[] = {
        {"capabilities", read_gpu_capabilities},
        {"count", read_count},
        {"device_ids", read_gpu_ids},
        {"driver", item_text},
        {"options", map_read},
        {NULL, NULL},
    };
    json_auto_t *made = NULL;
    int rc = reader_map(r, value, known, &made);
    if (rc < 0)
        return rc;
    if (json_object_get(made, "count") && json_object_get(made, "device_ids"))
        return reader_fail(r, "count and device_ids exclude each other; remove one");
    return reader_give(r, json_incref(made), ret);
}

/* "all" is a list of one that has all of them. */
int read_gpus(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_auto_t *list = json_array();
    size_t i;
    json_t *entry;
    if (json_is_string(value) && strcmp(json_string_value(value), "all") == 0)
        return reader_give(r, json_pack("[{s:i}]", "count", -1), ret);
    if (!json_is_array(value))
        return reader_expected(r, "\"all\" or a list", value);
    if (!list)
        return reader_no_memory(r);
    json_array_foreach (value, i, entry) {
        json_t *made = NULL;
        size_t mark = reader_enter_index(r, i);
        int rc = read_gpu(r, entry, &made);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_array_append_new(list, made) < 0)
            return reader_no_memory(r);
    }
    if (json_array_size(list) > 0)
        *ret = json_incref(list);
    return 0;
}

/* The docker command puts "gpu" behind the others, so this does, too. Of which devices nothing is
 * said, that is all of them. */
static json_t *request_of(const json_t *gpu)
{
    json_auto_t *names = json_array(), *copy = json_copy(json_object_get(gpu, "options"));
    json_t *name, *ids = json_object_get(gpu, "device_ids"), *count = json_object_get(gpu, "count");
    const char *driver = json_string_value(json_object_get(gpu, "driver"));
    size_t i;
    if (!names)
        return NULL;
    json_array_foreach (json_object_get(gpu, "capabilities"), i, name)
        if (strcmp(json_string_value(name), "gpu") != 0 && json_array_append(names, name) < 0)
            return NULL;
    if (json_array_append_new(names, json_string("gpu")) < 0)
        return NULL;
    json_auto_t *options = copy ? json_incref(copy) : json_object();
    json_int_t n = ids ? 0 : count ? json_integer_value(count) : -1;
    return json_pack("{s:s, s:I, s:O*, s:[O], s:O}", "Driver", driver ? driver : "", "Count", n,
                     "DeviceIDs", ids, "Capabilities", names, "Options", options);
}

int put_gpus(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *list = maker_list(m, "HostConfig.DeviceRequests"), *gpu;
    size_t i;
    json_array_foreach (value, i, gpu)
        if (!list || json_array_append_new(list, request_of(gpu)) < 0)
            return -ENOMEM;
    return 0;
}

/* One more field of a line of CSV, which is what the docker command reads. */
static void put_csv(struct buf *line, const char *name, const char *value)
{
    _cleanup_(buf_close) struct buf field = BUF_INIT(SPEC_JSON_MAX);
    int rc = buf_printf(&field, "%s=%s", name, value);
    bool quoted = rc == 0 && strpbrk(buf_text(&field), ",\"\r\n");
    if (line->len > 0)
        (void)buf_putc(line, ',');
    if (quoted)
        (void)buf_putc(line, '"');
    for (const char *p = buf_text(&field); *p; p++)
        (void)buf_puts(line, *p == '"' ? "\"\"" : (const char[]){*p, '\0'});
    if (quoted)
        (void)buf_putc(line, '"');
    if (rc < 0)
        line->error = rc;
}

static void put_names(struct buf *line, const char *name, const json_t *list, const char *skip)
{
    _cleanup_(buf_close) struct buf names = BUF_INIT(SPEC_JSON_MAX);
    size_t i;
    json_t *item;
    json_array_foreach (list, i, item)
        if (!skip || strcmp(json_string_value(item), skip) != 0)
            (void)buf_printf(&names, "%s%s", names.len ? "," : "", json_string_value(item));
    if (names.len > 0)
        put_csv(line, name, buf_text(&names));
    if (names.error < 0)
        line->error = names.error;
}

/* CSV in a field of CSV. */
static void put_options(struct buf *line, const json_t *options)
{
    _cleanup_(buf_close) struct buf inner = BUF_INIT(SPEC_JSON_MAX);
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)options, name, value)
        put_csv(&inner, name, json_string_value(value));
    if (inner.len > 0)
        put_csv(line, "options", buf_text(&inner));
    if (inner.error < 0)
        line->error = inner.error;
}

static int say_gpu(struct line *l, const json_t *request)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    const char *driver = json_string_value(json_object_get(request, "Driver"));
    const json_t *ids = json_object_get(request, "DeviceIDs");
    const json_t *names = json_array_get(json_object_get(request, "Capabilities"), 0);
    json_int_t count = json_integer_value(json_object_get(request, "Count"));
    if (!ids && count < 0)
        (void)buf_puts(&text, "count=all");
    else if (!ids)
        (void)buf_printf(&text, "count=%" JSON_INTEGER_FORMAT, count);
    put_names(&text, "device", ids, NULL);
    if (driver && driver[0])
        put_csv(&text, "driver", driver);
    put_names(&text, "capabilities", names, "gpu");
    put_options(&text, json_object_get(request, "Options"));
    if (text.error < 0)
        return text.error;
    line_option(l, "--gpus", buf_text(&text));
    return 0;
}

int say_gpus(struct line *l, const struct key *key, const json_t *value)
{
    size_t i;
    json_t *request;
    json_array_foreach (json_object_get(json_object_get(l->body, "HostConfig"), "DeviceRequests"),
                        i, request) {
        int rc = say_gpu(l, request);
        if (rc < 0)
            return rc;
    }
    return 0;
}
