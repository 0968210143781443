/* SPDX-License-Identifier: MIT
 *
 * label_file: files of labels, written as env files are; `labels` wins over them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compose/load.h"

static int read_one(struct loader *l, const struct node *node, const char *place,
                    const json_t *value, json_t *map)
{
    _cleanup_free_ char *path = NULL;
    const struct node *at = node_value(node, place);
    if (!json_is_string(value) || json_string_length(value) == 0)
        return node_error(l, at, "label_file must be a path, or a list of paths");
    int r = paths_absolute(l, at, json_string_value(value), &path);
    return r < 0 ? r : scope_read_named(l, at, "label_file", path, map);
}

static int read_each(struct loader *l, const struct node *node, const json_t *files, json_t *map)
{
    const json_t *file;
    size_t i;
    json_array_foreach (files, i, file) {
        char place[32];
        (void)snprintf(place, sizeof(place), "label_file[%zu]", i);
        int r = read_one(l, node, place, file, map);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A list "name=value" as a map. Another form is for the spec to refuse. */
static json_t *map_of(json_t *labels)
{
    json_auto_t *map = json_object();
    json_t *item;
    size_t i;
    if (!json_is_array(labels))
        return json_is_object(labels) ? json_incref(labels) : json_incref(map);
    json_array_foreach (labels, i, item) {
        const char *text = json_string_value(item);
        size_t n = text ? strcspn(text, "=") : 0;
        if (!text)
            return NULL;
        if (json_object_setn_new(map, text, n, json_string(text[n] ? text + n + 1 : "")) < 0)
            return NULL;
    }
    return json_incref(map);
}

int label_file_resolve(struct loader *l, const struct node *node, json_t *service)
{
    json_t *files = json_object_get(service, "label_file");
    json_t *labels = json_object_get(service, "labels");
    json_auto_t *map = json_object(), *own = map_of(labels);
    int r = map ? 0 : -ENOMEM;
    if (!files || json_is_null(files))
        return 0;
    if (!own)
        return node_error(l, node_locate(node, "labels"),
                          "labels must be a mapping, or a list of \"name=value\"");
    if (r == 0)
        r = json_is_array(files) ? read_each(l, node, files, map)
                                 : read_one(l, node, "label_file", files, map);
    if (r == 0 && (json_object_update(map, own) < 0 || json_object_set(service, "labels", map) < 0))
        r = -ENOMEM;
    (void)json_object_del(service, "label_file");
    return r;
}
