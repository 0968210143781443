/* SPDX-License-Identifier: MIT
 *
 * A listing's row as our own reader reads it, against the same read with jansson: they agree on
 * what is a row and on all that is in it.
 */
#include "engine/docker/json_read.h"
#include "engine/docker/parse.h"
#include "fuzz.h"

static const json_t *of_kind(const json_t *object, const char *key, json_type type, bool *ret_wrong)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return NULL;
    if (json_typeof(value) != type)
        *ret_wrong = true;
    return json_typeof(value) == type ? value : NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Whether the row is one, by the rules of parse.h. */
static bool is_row(const json_t *root)
{
    bool wrong = !parse_id_is_valid(text_of(root, "Id"));
    const json_t *names = of_kind(root, "Names", JSON_ARRAY, &wrong);
    const json_t *labels = of_kind(root, "Labels", JSON_OBJECT, &wrong);
    const json_t *mounts = of_kind(root, "Mounts", JSON_ARRAY, &wrong);
    (void)of_kind(json_object_get(root, "NetworkSettings"), "Networks", JSON_OBJECT, &wrong);
    size_t i;
    json_t *value;
    const char *key;
    json_array_foreach (names, i, value)
        wrong |= !json_is_string(value);
    json_array_foreach (mounts, i, value)
        wrong |= !json_is_object(value);
    json_object_foreach ((json_t *)labels, key, value)
        wrong |= !json_is_string(value);
    return !wrong;
}

static void compare_lists(const struct engine_container *c, const json_t *root)
{
    const json_t *labels = json_object_get(root, "Labels");
    const json_t *mounts = json_object_get(root, "Mounts");
    json_t *networks = json_object_get(json_object_get(root, "NetworkSettings"), "Networks");
    size_t i = 0;
    const char *key;
    json_t *value;
    require(c->n_labels == json_object_size(labels));
    json_object_foreach ((json_t *)labels, key, value) {
        require(strcmp(c->labels[i].key, key) == 0);
        require(strcmp(c->labels[i++].value, json_string_value(value)) == 0);
    }
    i = 0;
    require(c->n_networks == json_object_size(networks));
    json_object_foreach (networks, key, value)
        require(strcmp(c->networks[i++], key) == 0);
    require(c->n_mounts == json_array_size(mounts));
    json_array_foreach (mounts, i, value) {
        require(strcmp(c->mounts[i].type, text_of(value, "Type")) == 0);
        require(strcmp(c->mounts[i].name, text_of(value, "Name")) == 0);
        require(strcmp(c->mounts[i].source, text_of(value, "Source")) == 0);
        require(strcmp(c->mounts[i].destination, text_of(value, "Destination")) == 0);
        require(c->mounts[i].read_only == json_is_false(json_object_get(value, "RW")));
    }
}

static void compare(const struct engine_container *c, const json_t *root)
{
    const json_t *created = json_object_get(root, "Created");
    json_int_t s = json_integer_value(created);
    require(strcmp(c->id, text_of(root, "Id")) == 0);
    require(strcmp(c->image, text_of(root, "Image")) == 0);
    require(strcmp(c->image_id, text_of(root, "ImageID")) == 0);
    require(strcmp(c->network_mode, text_of(json_object_get(root, "HostConfig"), "NetworkMode")) ==
            0);
    require(c->status == parse_status(json_string_value(json_object_get(root, "State"))));
    if (s > -INT64_C(1000000000000000000) && s < INT64_C(1000000000000000000))
        require(c->created_s == s);
    compare_lists(c, root);
}

static size_t depth_of(const json_t *value)
{
    size_t deepest = 0, i;
    const char *key;
    json_t *child;
    if (json_is_object(value))
        json_object_foreach ((json_t *)value, key, child) {
            size_t depth = depth_of(child);
            deepest = depth > deepest ? depth : deepest;
        }
    else if (json_is_array(value))
        json_array_foreach (value, i, child) {
            size_t depth = depth_of(child);
            deepest = depth > deepest ? depth : deepest;
        }
    else
        return 0;
    return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct container_view view;
    const char *json = (const char *)data;
    if (memchr(data, '\0', size))
        return 0; /* jansson 2.14 takes a NUL byte behind a number for white space */
    json_t *root = parse_json(json, size);
    int r = parse_row(json, size, &view);
    if (json_is_object(root)) {
        bool expected = is_row(root);
        require(r != 0 || expected);
        require(r == 0 || !expected || depth_of(root) > JSON_READ_DEPTH_MAX);
        if (r == 0)
            compare(&view.c, root);
    } else if (r == 0) {
        /* Only what jansson has its own limits for: keys twice, numbers that do not fit. */
        json_error_t error;
        json_t *lax = json_loadb(json, size, JSON_ALLOW_NUL, &error);
        require(lax || json_error_code(&error) == json_error_numeric_overflow ||
                json_error_code(&error) == json_error_null_byte_in_key);
        json_decref(lax);
    }
    if (r == 0)
        container_view_close(&view);
    json_decref(root);
    return 0;
}
