/* SPDX-License-Identifier: MIT
 *
 * The table itself, and the plain ways to put and say a value.
 */
#include "spec/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/shell.h"

static const struct key keys[] = {
    {"container_name", read_container_name, .flags = KEY_UNHASHED},
    {"restart", read_restart, .flags = KEY_UNHASHED},
    {"depends_on", read_depends_on, .flags = KEY_UNHASHED},
    {"pull_policy", read_pull_policy, .flags = KEY_UNHASHED},
    {"x-roost", read_roost, .flags = KEY_UNHASHED},
    {"hostname", read_hostname, put_field, "Hostname", say_option, "--hostname"},
    {"user", read_user, put_field, "User", say_option, "--user"},
    {"working_dir", read_directory, put_field, "WorkingDir", say_option, "--workdir"},
    {"environment", read_environment, put_environment, NULL, say_environment},
    {"labels", read_labels, put_labels, NULL, say_labels},
    {"network_mode", read_network_mode, put_network_mode},
    {"networks", read_networks},
    {"ports", read_ports, put_ports, NULL, say_ports},
    {"volumes", read_volumes, put_volumes, NULL, say_volumes},
    {"tmpfs", read_tmpfs, put_tmpfs, NULL, say_tmpfs},
    {"read_only", read_plain_bool, put_field, "HostConfig.ReadonlyRootfs", say_flag, "--read-only"},
    {"init", read_plain_bool, put_field, "HostConfig.Init", say_flag, "--init"},
    {"mem_limit", read_memory, put_memory, NULL, say_option, "--memory"},
    {"cpus", read_cpus, put_cpus, NULL, say_option, "--cpus"},
    {"pids_limit", read_pids_limit, put_field, "HostConfig.PidsLimit", say_option, "--pids-limit"},
    {"healthcheck", read_healthcheck, put_healthcheck, NULL, say_healthcheck},
    {"stop_signal", read_stop_signal, put_field, "StopSignal", say_option, "--stop-signal"},
    {"stop_grace_period", read_grace_period, put_grace_period, NULL, say_grace_period},
    {"entrypoint", read_command, put_entrypoint, NULL, say_entrypoint},
    {"command", read_command, put_command, NULL, say_command},
    {"env_file", read_resolved},
};

const struct key *key_at(size_t index)
{
    return index < ARRAY_LEN(keys) ? &keys[index] : NULL;
}

const struct key *key_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

const char *spec_key_name(size_t index)
{
    return index < ARRAY_LEN(keys) ? keys[index].name : NULL;
}

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
