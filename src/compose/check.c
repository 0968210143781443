/* SPDX-License-Identifier: MIT
 *
 * What no service can see alone: names taken twice, ports published twice, dependencies that
 * lead nowhere or back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "compose/load.h"

static const char *name_of(const struct loader *l, size_t i)
{
    return l->project->services[i].name;
}

static const struct node *place_of(const struct loader *l, size_t i, const char *path)
{
    return node_locate(l->nodes[i], path);
}

/* ---- container names ---- */

static int container_name(const struct loader *l, size_t i, char **ret_name)
{
    const char *given = spec_settings(l->specs[i])->container_name;
    if (given)
        *ret_name = strdup(given);
    else if (asprintf(ret_name, "%s-%s", l->project->name, name_of(l, i)) < 0)
        *ret_name = NULL;
    return *ret_name ? 0 : -ENOMEM;
}

static int check_container_name(const struct loader *l, size_t i, json_t *taken)
{
    _cleanup_free_ char *name = NULL;
    int r = container_name(l, i, &name);
    if (r < 0)
        return r;
    const json_t *other = json_object_get(taken, name);
    if (!other)
        return json_object_set_new(taken, name, json_integer((json_int_t)i)) < 0 ? -ENOMEM : 0;
    size_t j = (size_t)json_integer_value(other);
    /* The one that asks for the name is at fault, not the one whose name it is by rule. */
    if (!spec_settings(l->specs[i])->container_name) {
        size_t swap = i;
        i = j;
        j = swap;
    }
    return node_error(l, place_of(l, i, "container_name"),
                      "the containers of \"%s\" and \"%s\" would both be called \"%s\"; give one "
                      "another container_name",
                      name_of(l, i), name_of(l, j),
                      shown_value(node_value(l->nodes[i], "container_name"), name).text);
}

static int check_container_names(const struct loader *l)
{
    json_auto_t *taken = json_object();
    for (size_t i = 0; i < l->project->n_services; i++) {
        int r = taken ? check_container_name(l, i, taken) : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- dependencies ---- */

static int refuse_unknown(struct loader *l, size_t i, const char *wanted)
{
    char path[AGENT_NAME_MAX + 16];
    struct nearest nearest = {.word = wanted};
    for (size_t k = 0; k < l->project->n_services; k++)
        nearest_offer(&nearest, name_of(l, k));
    (void)snprintf(path, sizeof(path), "depends_on.%s", wanted);
    const struct node *at = node_of_value(l, node_get(l->nodes[i], "depends_on"), wanted);
    if (!at)
        at = place_of(l, i, path);
    const json_t *profile = json_object_get(l->inactive, wanted);
    if (profile)
        return node_error(l, at,
                          "service \"%s\" depends on \"%s\", whose profile is not active; add "
                          "\"--profile %s\", or write \"required: false\"",
                          name_of(l, i), wanted, json_string_value(profile));
    return node_error(
        l, at, "service \"%s\" depends on \"%s\", which is no service of this file%s%s%s",
        name_of(l, i), shown_value(at, wanted).text, nearest.best ? "; did you mean \"" : "",
        nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

/* A walk along the dependencies: `path` is the way from the first to the last service, `next`
 * the dependency to look at next, one for each service. */
struct walk {
    struct loader *l;
    size_t *path, *next;
    size_t n_path;
    enum mark { UNSEEN, ON_PATH, DONE } * marks;
};

static int refuse_cycle(const struct walk *w, size_t back)
{
    const struct loader *l = w->l;
    _cleanup_(buf_close) struct buf names = BUF_INIT(ERROR_TEXT_SIZE / 2);
    size_t k = w->n_path - 1;
    while (w->path[k] != back)
        k--;
    size_t first = w->path[k];
    for (; k < w->n_path; k++)
        (void)buf_printf(&names, "%s -> ", name_of(l, w->path[k]));
    bool cut = names.error != 0;
    return node_error(l, place_of(l, first, "depends_on"),
                      "the dependencies go round in a circle: %s%s%s; remove one", buf_text(&names),
                      cut ? "... -> " : "", name_of(l, back));
}

/* One step from the end of the path: down to a dependency, or back up. */
static int step(struct walk *w)
{
    struct loader *l = w->l;
    size_t i = w->path[w->n_path - 1];
    const struct spec_settings *settings = spec_settings(l->specs[i]);
    if (w->next[i] == settings->n_depends) {
        w->marks[i] = DONE;
        w->n_path--;
        return 0;
    }
    const struct spec_depends *d = &settings->depends[w->next[i]++];
    const json_t *at = json_object_get(l->index, d->agent);
    if (!at)
        return d->optional ? 0 : refuse_unknown(l, i, d->agent);
    size_t to = (size_t)json_integer_value(at);
    if (w->marks[to] == ON_PATH)
        return refuse_cycle(w, to);
    if (w->marks[to] == UNSEEN) {
        w->marks[to] = ON_PATH;
        w->path[w->n_path++] = to;
    }
    return 0;
}

static int check_dependencies(struct loader *l)
{
    size_t n = l->project->n_services;
    _cleanup_free_ size_t *path = calloc(n, sizeof(*path));
    _cleanup_free_ size_t *next = calloc(n, sizeof(*next));
    _cleanup_free_ enum mark *marks = calloc(n, sizeof(*marks));
    if (!path || !next || !marks)
        return -ENOMEM;
    struct walk w = {.l = l, .path = path, .next = next, .marks = marks};
    for (size_t i = 0; i < n; i++) {
        if (marks[i] != UNSEEN)
            continue;
        marks[i] = ON_PATH;
        w.path[w.n_path++] = i;
        while (w.n_path > 0) {
            int r = step(&w);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

int check_services(struct loader *l)
{
    int r = check_dependencies(l);
    if (r == 0)
        r = check_container_names(l);
    return r < 0 ? r : ports_check(l);
}
