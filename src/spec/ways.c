/* SPDX-License-Identifier: MIT
 *
 * The plain ways to put and say a value, and what every put needs of the request.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/keys.h"
#include "spec/shell.h"

static json_t *child(json_t *parent, const char *name, json_t *(*make)(void))
{
    json_t *value = json_object_get(parent, name);
    if (value)
        return value;
    return json_object_set_new(parent, name, make()) < 0 ? NULL : json_object_get(parent, name);
}

/* The map that a field stands in, and its name there. */
static json_t *field_parent(struct maker *m, const char *field, const char **ret_name)
{
    static const char host[] = "HostConfig.";
    if (strncmp(field, host, sizeof(host) - 1) != 0) {
        *ret_name = field;
        return m->body;
    }
    *ret_name = field + sizeof(host) - 1;
    return child(m->body, "HostConfig", json_object);
}

int maker_put(struct maker *m, const char *field, json_t *fresh)
{
    const char *name;
    json_t *parent = field_parent(m, field, &name);
    if (parent)
        return json_object_set_new(parent, name, fresh) < 0 ? -ENOMEM : 0;
    json_decref(fresh);
    return -ENOMEM;
}

json_t *maker_list(struct maker *m, const char *field)
{
    const char *name;
    json_t *parent = field_parent(m, field, &name);
    return parent ? child(parent, name, json_array) : NULL;
}

json_t *maker_map(struct maker *m, const char *field)
{
    const char *name;
    json_t *parent = field_parent(m, field, &name);
    return parent ? child(parent, name, json_object) : NULL;
}

int maker_resource(const struct spec_context *context, const char *kind, const char *key,
                   struct buf *ret_name)
{
    const char *name =
        context->resource_name ? context->resource_name(context->resource_ctx, kind, key) : NULL;
    return name ? buf_puts(ret_name, name) : buf_printf(ret_name, "%s_%s", context->fleet, key);
}

void maker_needs(struct maker *m, unsigned api, const char *key)
{
    if (api <= m->api)
        return;
    m->api = api;
    m->api_key = key;
}

int put_field(struct maker *m, const struct key *key, const json_t *value)
{
    return maker_put(m, key->field, json_deep_copy(value));
}

void line_option(struct line *l, const char *option, const char *value)
{
    (void)buf_printf(&l->options, " %s ", option);
    shell_quote(&l->options, value);
}

int say_option(struct line *l, const struct key *key, const json_t *value)
{
    char number[NUMBER_TEXT_SIZE];
    if (json_is_number(value)) {
        number_format(value, number);
        line_option(l, key->option, number);
    } else if (json_is_string(value)) {
        line_option(l, key->option, json_string_value(value));
    }
    return 0;
}

int say_flag(struct line *l, const struct key *key, const json_t *value)
{
    if (value)
        (void)buf_printf(&l->options, " %s%s", key->option, json_is_true(value) ? "" : "=false");
    return 0;
}
