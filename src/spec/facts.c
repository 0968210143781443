/* SPDX-License-Identifier: MIT
 *
 * What is read out of the canonical form once: roost's own settings with their defaults, and what a
 * listing is compared with.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "spec/internal.h"
#include "spec/lists.h"

/* Compose's and the engine's own defaults. */
#define STOP_GRACE_NS      (10 * NS_PER_S)
#define HEALTH_INTERVAL_NS (30 * NS_PER_S)
#define HEALTH_TIMEOUT_NS  (30 * NS_PER_S)
#define HEALTH_RETRIES     3
#define READY_TIMEOUT_NS   (60 * NS_PER_S)

/* Every text of the facts, one after the other. Each stands in the canonical form too, in quotes,
 * and is kept twice at most, so together they are shorter than two of that; the rest is for those
 * that are not from there. */
struct arena {
    char *next;
};
#define ARENA_EXTRA 64

static char *keep(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(arena->next, text, size);
    arena->next += size;
    return copy;
}

static char *keep_n(struct arena *arena, const char *text, size_t len)
{
    char *copy = memcpy(arena->next, text, len);
    copy[len] = '\0';
    arena->next += len + 1;
    return copy;
}

static uint64_t duration_of(const json_t *map, const char *name, uint64_t otherwise)
{
    uint64_t ns;
    const char *text = json_string_value(json_object_get(map, name));
    return text && duration_parse(text, &ns) == 0 ? ns : otherwise;
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* max(60 s, start_period + retries × (interval + timeout)); 0 is the engine's way to say "the
 * default". */
static uint64_t default_ready_timeout(const json_t *health)
{
    uint64_t interval = duration_of(health, "interval", 0),
             timeout = duration_of(health, "timeout", 0);
    json_int_t retries = json_integer_value(json_object_get(health, "retries"));
    uint64_t round = add_saturated(interval > 0 ? interval : HEALTH_INTERVAL_NS,
                                   timeout > 0 ? timeout : HEALTH_TIMEOUT_NS);
    uint64_t total;
    if (__builtin_mul_overflow(round, retries > 0 ? (uint64_t)retries : HEALTH_RETRIES, &total))
        total = UINT64_MAX;
    total = add_saturated(total, duration_of(health, "start_period", 0));
    return total > READY_TIMEOUT_NS ? total : READY_TIMEOUT_NS;
}

static bool is_word(const json_t *value, const char *word)
{
    return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

static void fill_ready(struct spec_settings *s, const json_t *ready, struct arena *arena)
{
    const json_t *tcp = json_object_get(ready, "tcp"), *http = json_object_get(ready, "http");
    s->ready = s->has_healthcheck ? READY_HEALTHY : READY_STARTED;
    if (tcp) {
        s->ready = READY_TCP;
        s->ready_port = (uint16_t)json_integer_value(tcp);
    } else if (http) {
        s->ready = READY_HTTP;
        s->ready_port = (uint16_t)json_integer_value(json_object_get(http, "port"));
        s->ready_path = keep(arena, json_string_value(json_object_get(http, "path")));
        s->ready_status = (int)json_integer_value(json_object_get(http, "status"));
    } else if (ready) {
        s->ready = is_word(ready, "healthy") ? READY_HEALTHY : READY_STARTED;
    }
}

/* Who says how an image is built, and nothing of pulls, has it built. */
static void fill_pull(struct spec_settings *s, const json_t *root)
{
    const char *policy = json_string_value(json_object_get(root, "pull_policy"));
    if (!policy)
        s->pull = json_object_get(root, "build") ? PULL_BUILD : PULL_MISSING;
    else if (strcmp(policy, "always") == 0)
        s->pull = PULL_ALWAYS;
    else if (strcmp(policy, "never") == 0)
        s->pull = PULL_NEVER;
    else if (strcmp(policy, "build") == 0)
        s->pull = PULL_BUILD;
    else if (pull_every_parse(policy, &s->pull_every_ns) == 0)
        s->pull = PULL_EVERY;
}

static void fill_settings(struct spec_settings *s, const json_t *root, struct arena *arena)
{
    const json_t *roost = json_object_get(root, "x-roost"),
                 *health = json_object_get(root, "healthcheck");
    const char *name = json_string_value(json_object_get(root, "container_name"));
    const char *platform = json_string_value(json_object_get(root, "platform"));
    s->container_name = name ? keep(arena, name) : NULL;
    s->platform = platform ? keep(arena, platform) : NULL;
    s->has_healthcheck =
        health && !is_word(json_array_get(json_object_get(health, "test"), 0), "NONE");
    fill_ready(s, json_object_get(roost, "ready"), arena);
    bool health_counts = s->has_healthcheck || s->ready == READY_HEALTHY;
    s->ready_timeout_ns = duration_of(
        roost, "ready_timeout", health_counts ? default_ready_timeout(health) : READY_TIMEOUT_NS);
    s->sleep = is_word(json_object_get(roost, "sleep"), "pause") ? SLEEP_PAUSE : SLEEP_STOP;
    s->stop_after_ns = duration_of(roost, "stop_after", 0);
    s->restart_unhealthy = is_word(json_object_get(roost, "on_unhealthy"), "restart");
    s->job = json_is_true(json_object_get(roost, "job"));
    s->follow_image = json_is_true(json_object_get(roost, "follow_image"));
    fill_pull(s, root);
    s->stop_grace_ns = duration_of(root, "stop_grace_period", STOP_GRACE_NS);
}

static struct spec_depends *add_depends(struct spec *spec, const char *agent, size_t len,
                                        bool shares, struct arena *arena)
{
    for (size_t i = 0; i < spec->settings.n_depends; i++) {
        struct spec_depends *d = &spec->depends[i];
        /* The first n_depends of them have a name.
         * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        if (strncmp(d->agent, agent, len) != 0 || d->agent[len] != '\0')
            continue;
        d->shares = d->shares || shares;
        return d;
    }
    spec->depends[spec->settings.n_depends++] = (struct spec_depends){
        .agent = keep_n(arena, agent, len), .condition = DEPENDS_STARTED, .shares = shares};
    return &spec->depends[spec->settings.n_depends - 1];
}

/* Whose namespace, volumes or name one uses, one depends on; a name alone is no part of the
 * container. */
static void add_implied(struct spec *spec, const json_t *root, struct arena *arena)
{
    static const char *const namespaces[] = {"network_mode", "pid", "ipc"};
    static const char *const lists[] = {"volumes_from", "links"};
    size_t k;
    json_t *entry;
    for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
        const char *word = json_string_value(json_object_get(root, namespaces[i]));
        const char *agent = word ? service_word(word) : NULL;
        if (agent)
            add_depends(spec, agent, strlen(agent), true, arena)->joins = true;
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        json_array_foreach (json_object_get(root, lists[i]), k, entry) {
            const char *text = json_string_value(entry);
            if (strncmp(text, "container:", 10) != 0)
                (void)add_depends(spec, text, strcspn(text, ":"), i == 0, arena);
        }
}

static int fill_depends(struct spec *spec, const json_t *root, struct arena *arena)
{
    const json_t *map = json_object_get(root, "depends_on");
    size_t n = json_object_size(map) + json_array_size(json_object_get(root, "volumes_from")) +
               json_array_size(json_object_get(root, "links")) + 3;
    const char *name;
    json_t *part;
    spec->depends = calloc(n, sizeof(*spec->depends));
    if (!spec->depends)
        return -ENOMEM;
    spec->settings.depends = spec->depends;
    json_object_foreach ((json_t *)map, name, part) {
        const json_t *condition = json_object_get(part, "condition");
        spec->depends[spec->settings.n_depends++] = (struct spec_depends){
            .agent = keep(arena, name),
            .condition = is_word(condition, "service_healthy")                  ? DEPENDS_HEALTHY
                         : is_word(condition, "service_completed_successfully") ? DEPENDS_COMPLETED
                                                                                : DEPENDS_STARTED,
            .optional = json_is_false(json_object_get(part, "required")),
            .restart = json_is_true(json_object_get(part, "restart")),
        };
    }
    add_implied(spec, root, arena);
    if (spec->settings.n_depends == 0) {
        free(steal(&spec->depends));
        spec->settings.depends = NULL;
    }
    return 0;
}

static int fill_mounts(struct spec *spec, const json_t *list, struct arena *arena)
{
    size_t n = json_array_size(list);
    if (n == 0)
        return 0;
    spec->mounts = calloc(n, sizeof(*spec->mounts));
    if (!spec->mounts)
        return -ENOMEM;
    spec->n_mounts = n;
    for (size_t i = 0; i < n; i++)
        mount_split(keep(arena, json_string_value(json_array_get(list, i))), &spec->mounts[i]);
    return 0;
}

static json_int_t priority_of(const json_t *networks, const char *name)
{
    return json_integer_value(json_object_get(json_object_get(networks, name), "priority"));
}

/* Stable: names of one priority keep their order. Few, so the simplest way does. */
static void sort_by_priority(struct spec *spec, const json_t *networks)
{
    for (size_t i = 1; i < spec->n_networks; i++) {
        const char *name = spec->networks[i];
        size_t k = i;
        for (; k > 0 && priority_of(networks, spec->networks[k - 1]) < priority_of(networks, name);
             k--)
            spec->networks[k] = spec->networks[k - 1];
        spec->networks[k] = name;
    }
}

static int fill_networks(struct spec *spec, const json_t *root, struct arena *arena)
{
    const char *mode = json_string_value(json_object_get(root, "network_mode"));
    const json_t *networks = json_object_get(root, "networks");
    size_t n = json_array_size(networks) + json_object_size(networks), k = 0;
    const char *name;
    json_t *options;
    if (mode) {
        spec->network_mode = keep(arena, mode);
        return 0;
    }
    spec->networks = calloc(n > 0 ? n : 1, sizeof(*spec->networks));
    if (!spec->networks)
        return -ENOMEM;
    for (size_t i = 0; i < json_array_size(networks); i++)
        spec->networks[k++] = keep(arena, json_string_value(json_array_get(networks, i)));
    json_object_foreach ((json_t *)networks, name, options)
        spec->networks[k++] = keep(arena, name);
    if (n == 0)
        spec->networks[0] = keep(arena, "default");
    spec->n_networks = n > 0 ? n : 1;
    sort_by_priority(spec, networks);
    return 0;
}

int facts_fill(struct spec *spec, const json_t *root)
{
    struct arena arena = {.next = malloc(2 * strlen(spec->canonical) + ARENA_EXTRA)};
    spec->strings = arena.next;
    if (!spec->strings)
        return -ENOMEM;
    const char *restart = json_string_value(json_object_get(root, "restart"));
    spec->restart = restart ? keep(&arena, restart) : NULL;
    fill_settings(&spec->settings, root, &arena);
    int r = fill_depends(spec, root, &arena);
    if (r == 0)
        r = fill_mounts(spec, json_object_get(root, "volumes"), &arena);
    return r < 0 ? r : fill_networks(spec, root, &arena);
}
