/* SPDX-License-Identifier: MIT
 *
 * What a container shares: namespaces with the host or with another container, another's volumes,
 * the names of others.
 *
 * Another agent is named by its service: the engine hears the name of that agent's container, and
 * the agent depends on it (facts.c).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/lists.h"

const char *service_word(const char *word)
{
    static const char prefix[] = "service:";
    return strncmp(word, prefix, sizeof(prefix) - 1) == 0 ? word + sizeof(prefix) - 1 : NULL;
}

static json_t *container_of(const struct spec_context *context, const char *agent)
{
    const char *name =
        context->container_name ? context->container_name(context->resource_ctx, agent) : NULL;
    return name ? json_string(name) : json_sprintf("%s-%s", context->fleet, agent);
}

int container_word(const struct spec_context *context, const char *word, json_t **ret)
{
    const char *agent = service_word(word);
    json_auto_t *name = agent ? container_of(context, agent) : NULL;
    if (agent && !name)
        return -ENOMEM;
    *ret = agent ? json_sprintf("container:%s", json_string_value(name)) : json_string(word);
    return *ret ? 0 : -ENOMEM;
}

/* Which words a key takes; `shared`: service:NAME and container:NAME too. */
static const struct namespace
{
    const char *key;
    const char *words[5];
    bool shared;
}
namespaces[] = {
    {"network_mode", {"bridge", "host", "none"}, true},
    {"pid", {"host"}, true},
    {"ipc", {"host", "none", "private", "shareable"}, true},
    {"uts", {"host"}, false},
    {"userns_mode", {"host"}, false},
    {"cgroup", {"host", "private"}, false},
};

static const struct namespace *find_namespace(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
        if (strcmp(namespaces[i].key, key) == 0)
            return &namespaces[i];
    return NULL;
}

static bool is_container(const char *name)
{
    for (const char *p = name; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
            return false;
    return isalnum((unsigned char)name[0]);
}

static int check_shared(struct reader *r, const char *word)
{
    const char *agent = service_word(word), *name = strchr(word, ':') + 1;
    char quoted[READER_QUOTE_SIZE];
    if (agent && !agent_name_is_valid(agent))
        return reader_fail(r, "\"%s\" is no name of a service", reader_quote(quoted, agent));
    if (!is_container(name))
        return reader_fail(r, "\"%s\" is no name of a container", reader_quote(quoted, name));
    return 0;
}

int read_namespace(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    const struct namespace *ns = find_namespace(key->name);
    const char *word = json_string_value(value), *known[8] = {0};
    size_t n = 0, i;
    bool shared = word && (service_word(word) || strncmp(word, "container:", 10) == 0);
    if (word && word[0] == '\0')
        return 0; /* Compose's way to say the default */
    if (shared && ns->shared) {
        int rc = check_shared(r, word);
        return rc < 0 ? rc : reader_give(r, json_string(word), ret);
    }
    for (; ns->words[n]; n++)
        known[n] = ns->words[n];
    if (ns->shared) {
        known[n++] = "service:NAME";
        known[n] = "container:NAME";
    }
    int rc = reader_word(r, value, known, &i);
    if (rc == 0 && !ns->words[i])
        return reader_fail(r, "NAME stands for a name; write one");
    return rc < 0 ? rc : reader_give(r, json_string(known[i]), ret);
}

int put_namespace(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *word = NULL;
    int rc = container_word(m->context, json_string_value(value), &word);
    return rc < 0 ? rc : maker_put(m, key->field, word);
}

int put_cgroup(struct maker *m, const struct key *key, const json_t *value)
{
    maker_needs(m, 41, "cgroup");
    return put_field(m, key, value);
}

static const json_t *field_of(const json_t *body, const char *field)
{
    const char *dot = strchr(field, '.');
    return json_object_get(json_object_get(body, "HostConfig"), dot ? dot + 1 : field);
}

/* From the request: it names the container. */
int say_namespace(struct line *l, const struct key *key, const json_t *value)
{
    if (value)
        line_option(l, key->option, json_string_value(field_of(l->body, key->field)));
    return 0;
}

/* ---- volumes_from: "NAME", "NAME:ro", "container:NAME:ro" ---- */

static int item_volumes_from(struct reader *r, const json_t *value, json_t **ret)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE], name[256];
    int rc = reader_text(r, value, "a service's name", &text);
    if (rc < 0)
        return rc;
    bool foreign = strncmp(text, "container:", 10) == 0;
    const char *from = foreign ? text + 10 : text;
    size_t n = strcspn(from, ":");
    const char *mode = from + n;
    (void)snprintf(name, sizeof(name), "%.*s", (int)n, from);
    if (foreign ? !is_container(name) : !agent_name_is_valid(name))
        return reader_fail(r, "\"%s\" is no name of a %s", reader_quote(quoted, name),
                           foreign ? "container" : "service");
    if (mode[0] != '\0' && strcmp(mode, ":ro") != 0 && strcmp(mode, ":rw") != 0)
        return reader_fail(r, "\"%s\" is neither :ro nor :rw", reader_quote(quoted, mode));
    return reader_give(r,
                       json_sprintf("%s%s%s", foreign ? "container:" : "", name,
                                    strcmp(mode, ":ro") == 0 ? ":ro" : ""),
                       ret);
}

int read_volumes_from(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_volumes_from, ret);
}

int put_volumes_from(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *list = maker_list(m, "HostConfig.VolumesFrom"), *entry;
    size_t i;
    json_array_foreach (value, i, entry) {
        const char *text = json_string_value(entry);
        bool foreign = strncmp(text, "container:", 10) == 0;
        const char *from = foreign ? text + 10 : text;
        size_t n = strcspn(from, ":");
        char agent[256];
        (void)snprintf(agent, sizeof(agent), "%.*s", (int)n, from);
        json_auto_t *name = foreign ? json_string(agent) : container_of(m->context, agent);
        json_t *made = name ? json_sprintf("%s%s", json_string_value(name), from + n) : NULL;
        if (!list || json_array_append_new(list, made) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* From the request, as above. */
int say_volumes_from(struct line *l, const struct key *key, const json_t *value)
{
    size_t i;
    json_t *entry;
    json_array_foreach (field_of(l->body, "HostConfig.VolumesFrom"), i, entry)
        line_option(l, "--volumes-from", json_string_value(entry));
    return 0;
}

/* ---- links: "NAME", "NAME:alias"; external_links: "CONTAINER[:alias]" ---- */

static int read_link(struct reader *r, const json_t *value, bool foreign, json_t **ret)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE], name[256];
    int rc = reader_text(r, value, foreign ? "a container's name" : "a service's name", &text);
    if (rc < 0)
        return rc;
    size_t n = strcspn(text, ":");
    (void)snprintf(name, sizeof(name), "%.*s", (int)n, text);
    const char *alias = text[n] == ':' ? text + n + 1 : name;
    if (foreign ? !is_container(name) : !agent_name_is_valid(name))
        return reader_fail(r, "\"%s\" is no name of a %s", reader_quote(quoted, name),
                           foreign ? "container" : "service");
    if (!is_container(alias))
        return reader_fail(r, "\"%s\" is no name that one can be called by",
                           reader_quote(quoted, alias));
    return reader_give(r, json_sprintf("%s:%s", name, alias), ret);
}

static int item_link(struct reader *r, const json_t *value, json_t **ret)
{
    return read_link(r, value, false, ret);
}

static int item_external_link(struct reader *r, const json_t *value, json_t **ret)
{
    return read_link(r, value, true, ret);
}

int read_links(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_link, ret);
}

int read_external_links(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_external_link, ret);
}

static int add_links(const struct spec_context *context, const json_t *links, bool foreign,
                     json_t *list)
{
    size_t i;
    json_t *entry;
    json_array_foreach (links, i, entry) {
        const char *text = json_string_value(entry);
        size_t n = strcspn(text, ":");
        char agent[256];
        (void)snprintf(agent, sizeof(agent), "%.*s", (int)n, text);
        json_auto_t *name = foreign ? json_string(agent) : container_of(context, agent);
        json_t *made = name ? json_sprintf("%s%s", json_string_value(name), text + n) : NULL;
        if (json_array_append_new(list, made) < 0)
            return -ENOMEM;
    }
    return 0;
}

json_t *links_of(const struct maker *m)
{
    json_auto_t *list = json_array();
    if (!list || add_links(m->context, json_object_get(m->root, "links"), false, list) < 0 ||
        add_links(m->context, json_object_get(m->root, "external_links"), true, list) < 0)
        return NULL;
    return json_incref(list);
}
