/* SPDX-License-Identifier: MIT
 *
 * Devices of the host: devices, device_cgroup_rules, gpus.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "spec/lists.h"

/* ---- devices: canonical "/dev/x:/dev/y:rwm", without what is so anyway ---- */

static int check_permissions(struct reader *r, const char *text)
{
    char quoted[READER_QUOTE_SIZE];
    if (text[0] != '\0' && text[strspn(text, "rwm")] == '\0' && strlen(text) <= 3)
        return 0;
    return reader_fail(r, "\"%s\" is no permission; write r, w, m or several of them",
                       reader_quote(quoted, text));
}

static int give_device(struct reader *r, const char *source, const char *target,
                       const char *permissions, json_t **ret)
{
    char quoted[READER_QUOTE_SIZE];
    if (source[0] != '/' && strchr(source, '='))
        return reader_fail(r,
                           "a CDI device (\"%s\") needs an engine set up for it, which roost "
                           "cannot see to; write gpus, or the device's path",
                           reader_quote(quoted, source));
    if (source[0] != '/' || target[0] != '/')
        return reader_fail(r, "\"%s\" is not absolute; write \"/dev/ttyUSB0\"",
                           reader_quote(quoted, source[0] != '/' ? source : target));
    int rc = check_permissions(r, permissions);
    if (rc < 0)
        return rc;
    if (strcmp(permissions, "rwm") != 0)
        return reader_give(r, json_sprintf("%s:%s:%s", source, target, permissions), ret);
    return reader_give(r,
                       strcmp(source, target) == 0 ? json_string(source)
                                                   : json_sprintf("%s:%s", source, target),
                       ret);
}

static int read_device_map(struct reader *r, const json_t *value, json_t **ret)
{
    static const char *const known[] = {"source", "target", "permissions", NULL};
    const char *texts[3] = {NULL, NULL, "rwm"}, *name;
    json_t *part;
    json_object_foreach ((json_t *)value, name, part) {
        size_t i = 0;
        if (strncmp(name, "x-", 2) == 0 || json_is_null(part))
            continue;
        while (known[i] && strcmp(known[i], name) != 0)
            i++;
        if (!known[i])
            return reader_unknown_key(r, name, known);
        size_t mark = reader_enter(r, name);
        int rc = reader_text(r, part, "text", &texts[i]);
        if (rc == 0 && strchr(texts[i], ':'))
            rc = reader_fail(r, "no colon can stand here");
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    if (!texts[0])
        return reader_fail(r, "the source is missing; write {source: /dev/ttyUSB0}");
    return give_device(r, texts[0], texts[1] ? texts[1] : texts[0], texts[2], ret);
}

static int item_device(struct reader *r, const json_t *value, json_t **ret)
{
    char text[2 * PATH_MAX];
    const char *written;
    if (json_is_object(value))
        return read_device_map(r, value, ret);
    int rc = reader_text(r, value, "text such as \"/dev/ttyUSB0\"", &written);
    if (rc < 0)
        return rc;
    if ((size_t)snprintf(text, sizeof(text), "%s", written) >= sizeof(text))
        return reader_fail(r, "longer than %zu bytes", sizeof(text));
    char *rest = text, *source = strsep(&rest, ":"), *second = strsep(&rest, ":");
    char *third = strsep(&rest, ":");
    if (rest)
        return reader_fail(r, "too many colons; write \"/dev/host:/dev/container:rwm\"");
    bool is_path = second && second[0] == '/';
    if (second && !is_path && third)
        return reader_fail(r, "the device in the container is no path");
    const char *permissions = third ? third : second && !is_path ? second : "rwm";
    return give_device(r, source, is_path ? second : source, permissions, ret);
}

int read_devices(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_device, ret);
}

int put_devices(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *list = maker_list(m, "HostConfig.Devices"), *entry;
    size_t i;
    json_array_foreach (value, i, entry) {
        char text[2 * PATH_MAX];
        (void)snprintf(text, sizeof(text), "%s", json_string_value(entry));
        char *rest = text, *source = strsep(&rest, ":"), *target = strsep(&rest, ":");
        json_t *made =
            json_pack("{s:s, s:s, s:s}", "PathOnHost", source, "PathInContainer",
                      target ? target : source, "CgroupPermissions", rest ? rest : "rwm");
        if (!list || json_array_append_new(list, made) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* "c 1:3 mr" */
static int item_rule(struct reader *r, const json_t *value, json_t **ret)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE];
    int rc = reader_text(r, value, "text such as \"c 188:* rmw\"", &text);
    if (rc < 0)
        return rc;
    size_t major = strspn(text[0] && text[1] ? text + 2 : "", "0123456789*");
    const char *p = text + (text[0] && text[1] ? 2 : 0) + major;
    size_t minor = *p == ':' ? strspn(p + 1, "0123456789*") : 0;
    const char *flags = minor > 0 ? p + 1 + minor : "";
    if (!strchr("abc", text[0]) || text[0] == '\0' || text[1] != ' ' || major == 0 ||
        flags[0] != ' ' || flags[1] == '\0' || flags[1 + strspn(flags + 1, "rwm")] != '\0')
        return reader_fail(r, "\"%s\" is no rule for devices; write \"c 188:* rmw\"",
                           reader_quote(quoted, text));
    return reader_give(r, json_string(text), ret);
}

int read_device_rules(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_rule, ret);
}

/* ---- gpus: requests as the engine has them, in Compose's names ---- */

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

static void put_csv(struct buf *text, const char *field, const json_t *list, const char *skip)
{
    size_t i;
    json_t *item;
    const char *before = "";
    if (json_array_size(list) == 0)
        return;
    (void)buf_printf(text, "%s\"%s=", text->len > 0 ? "," : "", field);
    json_array_foreach (list, i, item) {
        if (skip && strcmp(json_string_value(item), skip) == 0)
            continue;
        (void)buf_printf(text, "%s%s", before, json_string_value(item));
        before = ",";
    }
    (void)buf_putc(text, '"');
}

static int say_gpu(struct line *l, const json_t *request)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    const char *driver = json_string_value(json_object_get(request, "Driver")), *name;
    const json_t *ids = json_object_get(request, "DeviceIDs"), *option;
    const json_t *names = json_array_get(json_object_get(request, "Capabilities"), 0);
    json_int_t count = json_integer_value(json_object_get(request, "Count"));
    if (!ids && count < 0)
        (void)buf_puts(&text, "count=all");
    else if (!ids)
        (void)buf_printf(&text, "count=%" JSON_INTEGER_FORMAT, count);
    put_csv(&text, "device", ids, NULL);
    if (driver && driver[0])
        (void)buf_printf(&text, ",driver=%s", driver);
    if (json_array_size(names) > 1)
        put_csv(&text, "capabilities", names, "gpu");
    json_object_foreach (json_object_get(request, "Options"), name, option)
        (void)buf_printf(&text, ",\"options=%s=%s\"", name, json_string_value(option));
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
