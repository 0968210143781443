/* SPDX-License-Identifier: MIT
 *
 * An entry of volumes with `type: tmpfs` goes to where the others are: the key tmpfs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "compose/load.h"

static int refuse(struct loader *l, const struct node *node, size_t index, const char *part,
                  const char *why)
{
    char place[64];
    (void)snprintf(place, sizeof(place), "volumes[%zu]%s%s", index, *part ? "." : "", part);
    return node_error(l, node_locate(node, place), "a tmpfs %s", why);
}

/* "size=64m": in bytes, as the engine's mount takes it. */
static int add_size(const json_t *value, struct buf *text)
{
    uint64_t bytes;
    if (json_is_integer(value) && json_integer_value(value) >= 0)
        return buf_printf(text, ",size=%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (!json_is_string(value) || size_parse(json_string_value(value), &bytes) < 0)
        return -EINVAL;
    return buf_printf(text, ",size=%" PRIu64, bytes);
}

/* A number is what YAML made of 01777; a text has the octal digits themselves. */
static int add_mode(const json_t *value, struct buf *text)
{
    const char *digits = json_string_value(value);
    if (digits && *digits && digits[strspn(digits, "01234567")] == '\0')
        return buf_printf(text, ",mode=%s", digits);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return -EINVAL;
    return buf_printf(text, ",mode=%" PRIo64, (uint64_t)json_integer_value(value));
}

static int read_options(struct loader *l, const struct node *node, size_t index, json_t *options,
                        struct buf *text)
{
    const char *name;
    json_t *value;
    if (options && !json_is_null(options) && !json_is_object(options))
        return refuse(l, node, index, "tmpfs", "has its options in a mapping: {size, mode}");
    json_object_foreach (options, name, value) {
        bool size = strcmp(name, "size") == 0;
        if (strncmp(name, "x-", 2) == 0 || json_is_null(value))
            continue;
        if (!size && strcmp(name, "mode") != 0)
            return refuse(l, node, index, "tmpfs", "has the options size and mode alone");
        int r = size ? add_size(value, text) : add_mode(value, text);
        if (r == -EINVAL)
            return refuse(l, node, index, size ? "tmpfs.size" : "tmpfs.mode",
                          size ? "has a size such as 64m" : "has a mode such as 01777");
        if (r < 0)
            return r;
    }
    return 0;
}

/* "/run:size=65536,mode=1777" */
static int make_entry(struct loader *l, const struct node *node, size_t index, json_t *volume,
                      json_t **ret)
{
    static const char *const known[] = {"type", "target", "read_only", "consistency", "tmpfs"};
    _cleanup_(buf_close) struct buf text = BUF_INIT(256);
    const char *name, *target = json_string_value(json_object_get(volume, "target"));
    const json_t *read_only = json_object_get(volume, "read_only");
    json_t *value;
    json_object_foreach (volume, name, value) {
        bool fine = strncmp(name, "x-", 2) == 0 || json_is_null(value);
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
            fine = fine || strcmp(known[i], name) == 0;
        if (!fine)
            return refuse(l, node, index, name, "has target, read_only and tmpfs alone");
    }
    if (!target)
        return refuse(l, node, index, "", "needs a target, the path in the container");
    int r = read_options(l, node, index, json_object_get(volume, "tmpfs"), &text);
    if (r == 0 && json_is_true(read_only))
        r = buf_puts(&text, ",ro");
    if (r < 0)
        return r;
    const char *options = buf_text(&text);
    *ret = json_sprintf("%s%s%s", target, *options ? ":" : "", *options ? options + 1 : "");
    return *ret ? 0 : -ENOMEM;
}

static bool is_tmpfs(const json_t *volume)
{
    const char *type = json_string_value(json_object_get(volume, "type"));
    return type && strcmp(type, "tmpfs") == 0;
}

/* The list that the key has, or will have. Another form is for the spec to refuse. */
static json_t *list_of(json_t *service)
{
    json_t *old = json_object_get(service, "tmpfs");
    json_auto_t *list = json_is_array(old)    ? json_incref(old)
                        : json_is_string(old) ? json_pack("[O]", old)
                                              : json_array();
    return list && json_object_set(service, "tmpfs", list) == 0 ? json_object_get(service, "tmpfs")
                                                                : NULL;
}

int tmpfs_move(struct loader *l, const struct node *node, json_t *service)
{
    json_t *volumes = json_object_get(service, "volumes"), *volume;
    json_auto_t *kept = json_array();
    size_t i;
    bool moved = false;
    json_array_foreach (volumes, i, volume) {
        json_t *entry = NULL;
        if (!is_tmpfs(volume)) {
            if (json_array_append(kept, volume) < 0)
                return -ENOMEM;
            continue;
        }
        int r = make_entry(l, node, i, volume, &entry);
        json_t *list = r == 0 ? list_of(service) : NULL;
        if (r < 0)
            return r;
        if (json_array_append_new(list, entry) < 0)
            return -ENOMEM;
        moved = true;
    }
    return moved && json_object_set(service, "volumes", kept) < 0 ? -ENOMEM : 0;
}
