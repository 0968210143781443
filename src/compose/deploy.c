/* SPDX-License-Identifier: MIT
 *
 * deploy: what one engine can carry out of it goes into the keys that say the same; the rest is for
 * a swarm and has no effect, which a warning says. (mode and replicas: scale.c.)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "compose/load.h"

struct deploying {
    struct loader *l;
    const struct node *node; /* the service */
    json_t *service;
};

/* From a path below deploy to the key that says the same. */
static const struct {
    const char *path, *key;
} moves[] = {
    {"resources.limits.cpus", "cpus"},
    {"resources.limits.memory", "mem_limit"},
    {"resources.limits.pids", "pids_limit"},
    {"resources.reservations.memory", "mem_reservation"},
    {"resources.reservations.devices", "gpus"},
};

/* Paths without effect, and why. */
static const struct {
    const char *path, *why;
} idle[] = {
    {"endpoint_mode", "there is no virtual address on one engine"},
    {"labels", "they are for a swarm's service; write labels beside deploy for the container"},
    {"placement", "one engine is the only place"},
    {"resources.reservations.cpus", "one engine reserves none; cpu_shares weighs"},
    {"resources.reservations.generic_resources", "one engine has none"},
    {"restart_policy.delay", "the engine's own back-off counts"},
    {"restart_policy.window", "the engine's own back-off counts"},
    {"rollback_config", "roost brings back what worked by itself"},
    {"update_config", "roost replaces one agent after the other"},
};

static const char *const groups[] = {"resources", "resources.limits", "resources.reservations",
                                     "restart_policy"};

static const char *const others[] = {"restart_policy.condition", "restart_policy.max_attempts"};

static const struct node *node_of(const struct deploying *d, const char *path)
{
    char place[128];
    (void)snprintf(place, sizeof(place), "deploy.%s", path);
    return node_locate(d->node, place);
}

static bool is_in(const char *const *list, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], path) == 0)
            return true;
    return false;
}

static void offer(struct nearest *nearest, const char *path, size_t prefix)
{
    nearest_offer(nearest, path + prefix);
}

static int refuse_path(const struct deploying *d, const char *path)
{
    const char *dot = strrchr(path, '.');
    size_t prefix = dot ? (size_t)(dot - path) + 1 : 0;
    struct nearest nearest = {.word = path + prefix};
    for (size_t i = 0; i < ARRAY_LEN(moves); i++)
        if (strncmp(moves[i].path, path, prefix) == 0)
            offer(&nearest, moves[i].path, prefix);
    for (size_t i = 0; i < ARRAY_LEN(idle); i++)
        if (strncmp(idle[i].path, path, prefix) == 0)
            offer(&nearest, idle[i].path, prefix);
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (strncmp(groups[i], path, prefix) == 0)
            offer(&nearest, groups[i], prefix);
    return node_error(d->l, node_of(d, path), "unknown key \"deploy.%s\"%s%s%s", SHOWN(path),
                      nearest.best ? "; did you mean \"" : "; remove it",
                      nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

static int canonical_of(const char *key, const json_t *value, struct buf *ret_text)
{
    _cleanup_(spec_freep) struct spec *spec = NULL;
    struct error ignored = ERROR_INIT;
    json_auto_t *service = json_pack("{s:O}", key, value);
    int r = service ? spec_from_json(service, "image", NULL, NULL, &spec, &ignored) : -ENOMEM;
    return r < 0 ? r : spec_canonical(spec, false, ret_text);
}

/* 64m is 67108864. */
static bool means_same(const char *key, const json_t *a, const json_t *b)
{
    _cleanup_(buf_close) struct buf one = BUF_INIT(SPEC_JSON_MAX), two = BUF_INIT(SPEC_JSON_MAX);
    if (json_equal(a, b))
        return true;
    return canonical_of(key, a, &one) == 0 && canonical_of(key, b, &two) == 0 &&
           strcmp(buf_text(&one), buf_text(&two)) == 0;
}

/* The same twice is fine. */
static int move(const struct deploying *d, const char *path, const char *key, json_t *value)
{
    const json_t *old = json_object_get(d->service, key);
    if (old && !json_is_null(old) && !means_same(key, old, value))
        return node_error(d->l, node_of(d, path), "deploy.%s and %s differ; remove one of them",
                          path, key);
    return json_object_set(d->service, key, value) < 0 ? -ENOMEM : 0;
}

static int look_at(const struct deploying *d, const char *path, json_t *value);

static int look_below(const struct deploying *d, const char *path, json_t *map)
{
    const char *name;
    json_t *value;
    if (json_is_null(map))
        return 0;
    if (!json_is_object(map))
        return node_error(d->l, node_of(d, path), "deploy%s%s must be a mapping", *path ? "." : "",
                          path);
    json_object_foreach (map, name, value) {
        char below[128];
        (void)snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", name);
        int r = strncmp(name, "x-", 2) == 0 ? 0 : look_at(d, below, value);
        if (r < 0)
            return r;
    }
    return 0;
}

static int look_at(const struct deploying *d, const char *path, json_t *value)
{
    for (size_t i = 0; i < ARRAY_LEN(moves); i++)
        if (strcmp(moves[i].path, path) == 0)
            return json_is_null(value) ? 0 : move(d, path, moves[i].key, value);
    for (size_t i = 0; i < ARRAY_LEN(idle); i++)
        if (strcmp(idle[i].path, path) == 0)
            return node_warning(d->l, node_of(d, path), idle[i].path, "deploy.%s has no effect: %s",
                                path, idle[i].why);
    if (is_in(groups, ARRAY_LEN(groups), path))
        return look_below(d, path, value);
    return is_in(others, ARRAY_LEN(others), path) ? 0 : refuse_path(d, path);
}

/* restart_policy in the words of restart, which comes first. */
static int read_policy(const struct deploying *d, const json_t *policy)
{
    static const char *const words[][2] = {
        {"none", "no"}, {"any", "always"}, {"on-failure", "on-failure"}};
    const json_t *condition = json_object_get(policy, "condition");
    const char *text = json_string_value(condition);
    if (!policy || json_object_get(d->service, "restart"))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(text ? text : "any", words[i][0]) == 0 && (text || !condition))
            return json_object_set_new(d->service, "restart", json_string(words[i][1])) < 0
                       ? -ENOMEM
                       : 0;
    return node_error(d->l, node_of(d, "restart_policy.condition"),
                      "deploy.restart_policy.condition must be none, on-failure or any");
}

int deploy_apply(struct loader *l, const struct node *node, json_t *service)
{
    json_t *deploy = json_object_get(service, "deploy");
    struct deploying d = {.l = l, .node = node, .service = service};
    if (!deploy)
        return 0;
    int r = look_below(&d, "", deploy);
    if (r == 0)
        r = read_policy(&d, json_object_get(deploy, "restart_policy"));
    (void)json_object_del(service, "deploy");
    return r;
}
