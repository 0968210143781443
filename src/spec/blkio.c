/* SPDX-License-Identifier: MIT
 *
 * blkio_config: weights and rates of disks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/lists.h"

/* A list of {path, rate} or {path, weight}. */
static const struct limit {
    const char *name, *field, *option;
    const char *part; /* "rate" or "weight" */
    bool bytes;       /* a size such as "1mb" */
} limits[] = {
    {"weight_device", "HostConfig.BlkioWeightDevice", "--blkio-weight-device", "weight", false},
    {"device_read_bps", "HostConfig.BlkioDeviceReadBps", "--device-read-bps", "rate", true},
    {"device_read_iops", "HostConfig.BlkioDeviceReadIOps", "--device-read-iops", "rate", false},
    {"device_write_bps", "HostConfig.BlkioDeviceWriteBps", "--device-write-bps", "rate", true},
    {"device_write_iops", "HostConfig.BlkioDeviceWriteIOps", "--device-write-iops", "rate", false},
};

#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000

static int read_value(struct reader *r, const struct limit *limit, const json_t *value,
                      json_t **ret)
{
    int64_t n = 0;
    uint64_t bytes = 0;
    int rc = limit->bytes ? reader_size(r, value, &bytes)
             : strcmp(limit->part, "weight") == 0
                 ? reader_integer(r, value, WEIGHT_MIN, WEIGHT_MAX, &n)
                 : reader_integer(r, value, 0, INT64_MAX, &n);
    if (rc < 0)
        return rc;
    return reader_give(r, json_integer(limit->bytes ? (json_int_t)bytes : n), ret);
}

static int read_limit(struct reader *r, const struct limit *limit, const json_t *value,
                      json_t **ret)
{
    const char *const known[] = {"path", limit->part, NULL};
    json_auto_t *made = json_object();
    const char *name, *path;
    json_t *part;
    if (!made)
        return reader_no_memory(r);
    if (!json_is_object(value))
        return reader_expected(r, "a map", value);
    json_object_foreach ((json_t *)value, name, part) {
        json_t *canonical = NULL;
        bool is_path = strcmp(name, "path") == 0;
        if (!is_path && strcmp(name, limit->part) != 0)
            return reader_unknown_key(r, name, known);
        size_t mark = reader_enter(r, name);
        int rc = is_path ? reader_text(r, part, "the device's path", &path)
                         : read_value(r, limit, part, &canonical);
        if (rc == 0 && is_path && path[0] != '/')
            rc = reader_fail(r, "it is not absolute; write \"/dev/sda\"");
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_object_set_new(made, name, is_path ? json_string(path) : canonical) < 0)
            return reader_no_memory(r);
    }
    if (json_object_size(made) != 2)
        return reader_fail(r, "both are needed: {path: /dev/sda, %s: …}", limit->part);
    return reader_give(r, json_incref(made), ret);
}

static int read_limits(struct reader *r, const struct limit *limit, const json_t *value,
                       json_t **ret)
{
    json_auto_t *list = json_array();
    size_t i;
    json_t *entry;
    if (!list)
        return reader_no_memory(r);
    if (!json_is_array(value))
        return reader_expected(r, "a list", value);
    json_array_foreach (value, i, entry) {
        json_t *made = NULL;
        size_t mark = reader_enter_index(r, i);
        int rc = read_limit(r, limit, entry, &made);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_array_append_new(list, made) < 0)
            return reader_no_memory(r);
    }
    return json_array_size(list) == 0 ? 0 : reader_give(r, json_incref(list), ret);
}

static int read_part(struct reader *r, const char *name, const json_t *value, json_t **ret)
{
    int64_t n;
    const char *known[ARRAY_LEN(limits) + 2] = {"weight"};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        known[i + 1] = limits[i].name;
        if (strcmp(limits[i].name, name) != 0)
            continue;
        size_t mark = reader_enter(r, name);
        int rc = read_limits(r, &limits[i], value, ret);
        if (rc == 0)
            reader_leave(r, mark);
        return rc;
    }
    if (strcmp(name, "weight") != 0)
        return reader_unknown_key(r, name, known);
    size_t mark = reader_enter(r, name);
    int rc = reader_integer(r, value, 0, WEIGHT_MAX, &n);
    if (rc == 0 && n > 0 && n < WEIGHT_MIN)
        rc = reader_fail(r, "give %d to %d, or 0 for none", WEIGHT_MIN, WEIGHT_MAX);
    if (rc < 0)
        return rc;
    reader_leave(r, mark);
    return reader_give(r, json_integer(n), ret);
}

int read_blkio(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_auto_t *parts = json_object();
    const char *name;
    json_t *part;
    if (!parts)
        return reader_no_memory(r);
    if (!json_is_object(value))
        return reader_expected(r, "a map", value);
    json_object_foreach ((json_t *)value, name, part) {
        json_t *canonical = NULL;
        int rc = json_is_null(part) ? 0 : read_part(r, name, part, &canonical);
        if (rc < 0)
            return rc;
        if (canonical && json_object_set_new(parts, name, canonical) < 0)
            return reader_no_memory(r);
    }
    if (json_object_size(parts) > 0)
        *ret = json_incref(parts);
    return 0;
}

static int put_limit(struct maker *m, const struct limit *limit, const json_t *entries)
{
    json_t *list = maker_list(m, limit->field), *entry;
    size_t i;
    json_array_foreach (entries, i, entry) {
        bool weight = strcmp(limit->part, "weight") == 0;
        json_t *made = json_pack("{s:O, s:O}", "Path", json_object_get(entry, "path"),
                                 weight ? "Weight" : "Rate", json_object_get(entry, limit->part));
        if (!list || json_array_append_new(list, made) < 0)
            return -ENOMEM;
    }
    return 0;
}

int put_blkio(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *weight = json_object_get(value, "weight");
    int rc = weight ? maker_put(m, "HostConfig.BlkioWeight", json_incref(weight)) : 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(limits); i++) {
        const json_t *entries = json_object_get(value, limits[i].name);
        if (entries)
            rc = put_limit(m, &limits[i], entries);
    }
    return rc;
}

int say_blkio(struct line *l, const struct key *key, const json_t *value)
{
    char text[NUMBER_TEXT_SIZE];
    const json_t *weight = json_object_get(value, "weight");
    if (weight) {
        number_format(weight, text);
        line_option(l, "--blkio-weight", text);
    }
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        size_t k;
        json_t *entry;
        json_array_foreach (json_object_get(value, limits[i].name), k, entry) {
            _cleanup_free_ char *said = NULL;
            number_format(json_object_get(entry, limits[i].part), text);
            if (asprintf(&said, "%s:%s", json_string_value(json_object_get(entry, "path")), text) <
                0) {
                said = NULL;
                return -ENOMEM;
            }
            line_option(l, limits[i].option, said);
        }
    }
    return 0;
}
