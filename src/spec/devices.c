/* SPDX-License-Identifier: MIT
 *
 * Devices of the host: devices, device_cgroup_rules.
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
