/* SPDX-License-Identifier: MIT */
#include "compose/merge.h"

#include <errno.h>
#include <string.h>

enum how {
    MERGE_PLAIN,
    MERGE_REPLACE,
    MERGE_LIST,
    MERGE_MAP,
    MERGE_LOGGING, /* options of another driver are not kept */
};

typedef int form_fn(struct loader *l, const struct node *n, const struct node **ret);

/* Where the plain rules do not hold. */
static const struct rule {
    const char *where;
    enum how how;
    form_fn *form;     /* what both are brought into first */
    merge_key_fn *key; /* of a list's entries: one with a key that is there takes its place */
} rules[] = {
    {"services.*.command", MERGE_REPLACE, NULL, NULL},
    {"services.*.entrypoint", MERGE_REPLACE, NULL, NULL},
    {"services.*.healthcheck.test", MERGE_REPLACE, NULL, NULL},
    {"services.*.ulimits.*", MERGE_REPLACE, NULL, NULL},
    {"services.*.environment", MERGE_MAP, form_texts, NULL},
    {"services.*.labels", MERGE_MAP, form_texts, NULL},
    {"services.*.annotations", MERGE_MAP, form_texts, NULL},
    {"services.*.sysctls", MERGE_MAP, form_texts, NULL},
    {"services.*.deploy.labels", MERGE_MAP, form_texts, NULL},
    {"services.*.build", MERGE_MAP, form_build, NULL},
    {"services.*.build.args", MERGE_MAP, form_texts, NULL},
    {"services.*.build.labels", MERGE_MAP, form_texts, NULL},
    {"services.*.build.additional_contexts", MERGE_MAP, form_texts, NULL},
    {"services.*.build.extra_hosts", MERGE_LIST, form_pairs, key_whole},
    {"services.*.depends_on", MERGE_MAP, form_depends, NULL},
    {"services.*.networks", MERGE_MAP, form_names, NULL},
    {"services.*.models", MERGE_MAP, form_names, NULL},
    {"services.*.logging", MERGE_LOGGING, NULL, NULL},
    {"services.*.ports", MERGE_LIST, NULL, key_port},
    {"services.*.volumes", MERGE_LIST, NULL, key_volume},
    {"services.*.devices", MERGE_LIST, NULL, key_device},
    {"services.*.secrets", MERGE_LIST, NULL, key_secret},
    {"services.*.configs", MERGE_LIST, NULL, key_config},
    {"services.*.env_file", MERGE_LIST, form_list, key_env_file},
    {"services.*.label_file", MERGE_LIST, form_list, key_whole},
    {"services.*.tmpfs", MERGE_LIST, form_list, key_tmpfs},
    {"services.*.dns", MERGE_LIST, form_list, key_whole},
    {"services.*.dns_opt", MERGE_LIST, form_list, key_whole},
    {"services.*.dns_search", MERGE_LIST, form_list, key_whole},
    {"services.*.extra_hosts", MERGE_LIST, form_pairs, key_whole},
    {"services.*.expose", MERGE_LIST, NULL, key_whole},
    {"services.*.cap_add", MERGE_LIST, NULL, key_whole},
    {"services.*.cap_drop", MERGE_LIST, NULL, key_whole},
    {"services.*.security_opt", MERGE_LIST, NULL, key_whole},
    {"services.*.device_cgroup_rules", MERGE_LIST, NULL, key_whole},
    {"services.*.group_add", MERGE_LIST, NULL, key_whole},
    {"services.*.volumes_from", MERGE_LIST, NULL, key_whole},
    {"services.*.links", MERGE_LIST, NULL, key_whole},
    {"services.*.external_links", MERGE_LIST, NULL, key_whole},
    {"services.*.profiles", MERGE_LIST, NULL, key_whole},
    {"services.*.networks.*.aliases", MERGE_LIST, NULL, key_whole},
    {"services.*.networks.*.link_local_ips", MERGE_LIST, NULL, key_whole},
    {"networks.*.labels", MERGE_MAP, form_texts, NULL},
    {"networks.*.ipam.config", MERGE_LIST, NULL, key_subnet},
    {"volumes.*.labels", MERGE_MAP, form_texts, NULL},
    {"secrets.*.labels", MERGE_MAP, form_texts, NULL},
    {"configs.*.labels", MERGE_MAP, form_texts, NULL},
};

#define PATH_MAX_KEYS (COMPOSE_DEPTH_MAX + 2)

struct merging {
    struct loader *l;
    const char *path[PATH_MAX_KEYS];
    size_t n_path;
};

static bool path_matches(const struct merging *m, const char *where)
{
    for (size_t i = 0; i < m->n_path; i++) {
        size_t n = strcspn(where, ".");
        bool any = n == 1 && *where == '*';
        if (n == 0 || (!any && (strncmp(where, m->path[i], n) != 0 || m->path[i][n] != '\0')))
            return false;
        where += n;
        where += *where == '.';
    }
    return *where == '\0';
}

static const struct rule *find_rule(const struct merging *m)
{
    static const struct rule plain = {0};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (path_matches(m, rules[i].where))
            return &rules[i];
    return &plain;
}

int merge_set(struct loader *l, struct node *map, const struct node *key, const struct node *value)
{
    if (++l->merged > COMPOSE_NODES_MAX)
        return node_error(
            l, value,
            "more than %d values are merged, with what is extended and included; use fewer",
            COMPOSE_NODES_MAX);
    return key ? node_set(map, key, value) : node_append(map, NULL, value);
}

/* ---- maps ---- */

static int merge(struct merging *m, const struct node *base, const struct node *over,
                 const struct node **ret);

static int merge_entry(struct merging *m, struct node *made, const struct node_entry *e)
{
    const struct node *there = node_get(made, e->key->text), *value = NULL;
    if (!there || e->value->tag == TAG_RESET)
        return merge_set(m->l, made, e->key, e->value);
    if (m->n_path == PATH_MAX_KEYS)
        return node_error(m->l, e->key, "nested deeper than %d levels", COMPOSE_DEPTH_MAX);
    m->path[m->n_path++] = e->key->text;
    int r = merge(m, there, e->value, &value);
    m->n_path--;
    return r < 0 ? r : merge_set(m->l, made, e->key, value);
}

static int merge_maps(struct merging *m, const struct node *base, const struct node *over,
                      const struct node **ret)
{
    struct node *made = tree_add_at(&m->l->tree, base, NODE_MAP, NULL, 0);
    int r = made ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < base->n_entries; i++)
        r = merge_set(m->l, made, base->entries[i].key, base->entries[i].value);
    for (size_t i = 0; r == 0 && i < over->n_entries; i++)
        r = merge_entry(m, made, &over->entries[i]);
    if (r == 0)
        *ret = made;
    return r;
}

static int merge_logging(struct merging *m, const struct node *base, const struct node *over,
                         const struct node **ret)
{
    const struct node *was = node_get(base, "driver"), *is = node_get(over, "driver");
    if (was && is && was->text && is->text && strcmp(was->text, is->text) != 0) {
        *ret = over;
        return 0;
    }
    return merge_maps(m, base, over, ret);
}

/* ---- lists ---- */

/* Where an entry stands, or is to stand, in the list that is made: the last place where none with
 * its key is. */
static int find_place(struct merging *m, merge_key_fn *key_of, json_t *places, size_t n,
                      const struct node *entry, size_t *ret_place)
{
    _cleanup_(buf_close) struct buf key = BUF_INIT(MERGE_KEY_MAX);
    *ret_place = n;
    int r = key_of ? key_of(m->l, entry, &key) : 0;
    if (r == -EFBIG)
        return node_error(m->l, entry, "a text of more than %d bytes", MERGE_KEY_MAX);
    if (r < 0 || key.len == 0)
        return r;
    const json_t *there = json_object_get(places, buf_text(&key));
    if (there)
        *ret_place = (size_t)json_integer_value(there);
    else if (json_object_set_new(places, buf_text(&key), json_integer((json_int_t)n)) < 0)
        return -ENOMEM;
    return 0;
}

/* Entries of one file stay beside each other, whatever their keys: that they mean the same is told
 * where they are looked at. */
static int merge_lists(struct merging *m, const struct rule *rule, const struct node *base,
                       const struct node *over, const struct node **ret)
{
    json_auto_t *places = json_object();
    struct node *made = tree_add_at(&m->l->tree, base, NODE_LIST, NULL, 0);
    size_t place;
    int r = made && places ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < base->n_entries; i++) {
        r = find_place(m, rule->key, places, i, base->entries[i].value, &place);
        if (r == 0)
            r = merge_set(m->l, made, NULL, base->entries[i].value);
    }
    for (size_t i = 0; r == 0 && i < over->n_entries; i++) {
        const struct node *entry = over->entries[i].value;
        r = find_place(m, rule->key, places, SIZE_MAX, entry, &place);
        if (r == 0 && place < base->n_entries)
            node_put(made, place, NULL, entry);
        else if (r == 0)
            r = merge_set(m->l, made, NULL, entry);
    }
    if (r == 0)
        *ret = made;
    return r;
}

/* ---- any two ---- */

static const char *kind_name(enum node_kind kind)
{
    return kind == NODE_MAP ? "a mapping" : kind == NODE_LIST ? "a list" : "one value";
}

static int refuse_kinds(const struct merging *m, const struct node *base, const struct node *over)
{
    return node_error(m->l, over,
                      "%s here cannot be merged with %s in %s on line %d; write the same form, or "
                      "put !override before it",
                      kind_name(over->kind), kind_name(base->kind), base->origin->shown_as,
                      base->line);
}

static int merge_formed(struct merging *m, const struct rule *rule, const struct node *base,
                        const struct node *over, const struct node **ret)
{
    if (base->kind != over->kind)
        return refuse_kinds(m, base, over);
    if (rule->how == MERGE_LOGGING)
        return merge_logging(m, base, over, ret);
    return base->kind == NODE_MAP ? merge_maps(m, base, over, ret)
                                  : merge_lists(m, rule, base, over, ret);
}

static int merge(struct merging *m, const struct node *base, const struct node *over,
                 const struct node **ret)
{
    const struct rule *rule = find_rule(m);
    int r = 0;
    *ret = over;
    if (base == over || over->tag != TAG_NONE || base->tag == TAG_RESET ||
        rule->how == MERGE_REPLACE)
        return 0;
    if (node_is_null(over) || node_is_null(base)) {
        *ret = node_is_null(over) ? base : over;
        return 0;
    }
    if (rule->form)
        r = rule->form(m->l, base, &base);
    if (r == 0 && rule->form)
        r = rule->form(m->l, over, &over);
    if (r < 0)
        return r;
    if (base->kind == NODE_SCALAR) {
        *ret = over;
        return 0;
    }
    return merge_formed(m, rule, base, over, ret);
}

int merge_files(struct loader *l, const struct node *base, const struct node *over,
                const struct node **ret)
{
    struct merging m = {.l = l};
    *ret = over;
    return base ? merge(&m, base, over, ret) : 0;
}

int merge_services(struct loader *l, const struct node *base, const struct node *over,
                   const struct node **ret)
{
    struct merging m = {.l = l, .path = {"services", ""}, .n_path = 2};
    return merge(&m, base, over, ret);
}

int merge_clean(struct loader *l, const struct node *n, const struct node **ret)
{
    *ret = n;
    if (!n->has_reset)
        return 0;
    struct node *made = tree_add_at(&l->tree, n, n->kind, NULL, 0);
    int r = made ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < n->n_entries; i++) {
        const struct node *value = n->entries[i].value;
        if (value->tag == TAG_RESET)
            continue;
        r = merge_clean(l, value, &value);
        if (r == 0)
            r = merge_set(l, made, n->entries[i].key, value);
    }
    if (r == 0)
        *ret = made;
    return r;
}
