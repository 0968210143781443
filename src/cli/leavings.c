/* SPDX-License-Identifier: MIT
 *
 * Networks and volumes that go with containers.
 */
#include "cli/leavings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "cli/agent_view.h"
#include "cli/engine_session.h"
#include "cli/report.h"

void leavings_close(struct leavings *leavings)
{
    for (size_t i = 0; i < leavings->n; i++) {
        free(leavings->list[i].kind);
        free(leavings->list[i].name);
        free(leavings->list[i].agent);
    }
    free(leavings->list);
    memset(leavings, 0, sizeof(*leavings));
}

/* Two files may name the same network. */
static bool is_there(const struct leavings *l, const char *kind, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->list[i].kind, kind) == 0 && strcmp(l->list[i].name, name) == 0)
            return true;
    return false;
}

static int add(struct leavings *l, const char *kind, const char *name, const char *agent)
{
    if (is_there(l, kind, name))
        return 0;
    struct leaving *grown = reallocarray(l->list, l->n + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    l->list = grown;
    struct leaving *last = &l->list[l->n++];
    *last = (struct leaving){strdup(kind), strdup(name), agent ? strdup(agent) : NULL};
    return last->kind && last->name && (last->agent || !agent) ? 0 : -ENOMEM;
}

/* NULL: all are. */
static bool is_wanted(const char *const *names, size_t n, const char *agent)
{
    for (size_t i = 0; names && i < n; i++)
        if (strcmp(names[i], agent) == 0)
            return true;
    return !names;
}

struct volume_walk {
    struct leavings *leavings;
    const char *const *names;
    size_t n;
};

static int on_volume(void *ctx, const char *agent, const struct store_volume *volume)
{
    struct volume_walk *w = ctx;
    return is_wanted(w->names, w->n, agent) ? add(w->leavings, "volume", volume->name, agent) : 0;
}

int leavings_add_volumes(struct leavings *leavings, struct store *store, const char *const *names,
                         size_t n, struct error *err)
{
    struct volume_walk walk = {leavings, names, n};
    int r = store_read_volumes(store, on_volume, &walk, err);
    return r < 0 && !error_is_set(err) ? error_wrap(err, r, "cannot read the volumes") : r;
}

static bool is_default(const struct resource *r)
{
    return strcmp(r->kind, "network") == 0 && strcmp(r->key, "default") == 0;
}

int leavings_add_resources(struct leavings *leavings, const char *fleet,
                           const struct resources *resources, bool volumes, struct error *err)
{
    char name[AGENT_NAME_MAX + sizeof("_default")];
    bool default_is_external = false;
    int r = 0;
    for (size_t i = 0; i < resources->n && r == 0; i++) {
        const struct resource *one = &resources->list[i];
        default_is_external |= is_default(one) && one->external;
        if (!one->external && (volumes || strcmp(one->kind, "network") == 0))
            r = add(leavings, one->kind, one->engine_name, NULL);
    }
    (void)snprintf(name, sizeof(name), "%s_default", fleet);
    if (r == 0 && *fleet && !default_is_external)
        r = add(leavings, "network", name, NULL);
    return r < 0 ? error_wrap(err, r, "cannot note the networks") : 0;
}

/* the containers themselves -------------------------------------------------------------------- */

struct sight {
    struct leavings *leavings;
    const struct resources *resources;
    const json_t *agents; /* the daemon's */
    const char *const *names;
    size_t n;
    bool volumes;
    bool seen;
    int error;
};

static bool is_named(const struct resources *resources, const char *volume)
{
    for (size_t i = 0; i < resources->n; i++)
        if (strcmp(resources->list[i].engine_name, volume) == 0)
            return true;
    return false;
}

/* The engine calls anonymous volumes by 64 hex digits. */
static bool is_anonymous(const struct sight *s, const struct engine_mount *mount)
{
    uint8_t id[32];
    return strcmp(mount->type, "volume") == 0 && hex_parse(mount->name, id, sizeof(id)) == 0 &&
           !is_named(s->resources, mount->name);
}

static void add_mounts(struct sight *s, const struct engine_container *container, const char *agent)
{
    for (size_t i = 0; i < container->n_mounts && s->error == 0; i++)
        if (is_anonymous(s, &container->mounts[i]))
            s->error = add(s->leavings, "volume", container->mounts[i].name, agent);
}

static void on_container(void *ctx, const struct engine_container *container)
{
    struct sight *s = ctx;
    size_t i;
    json_t *agent;
    json_array_foreach (s->agents, i, agent) {
        if (strcmp(view_text(json_object_get(agent, "container"), "id"), container->id) != 0)
            continue;
        s->seen = true;
        if (s->volumes && is_wanted(s->names, s->n, view_text(agent, "name")))
            add_mounts(s, container, view_text(agent, "name"));
    }
}

static bool any_container(const json_t *agents)
{
    size_t i;
    json_t *agent;
    json_array_foreach (agents, i, agent)
        if (view_text(json_object_get(agent, "container"), "id")[0])
            return true;
    return false;
}

static int look(struct cli *cli, const char *fleet, struct sight *sight, struct error *err)
{
    char label[128];
    (void)snprintf(label, sizeof(label), "roost.fleet=%s", fleet);
    _cleanup_(engine_session_close) struct engine_session session;
    int r = engine_session_open(&session, &cli->daemon.engine, err);
    if (r == 0)
        r = engine_session_list(&session, label, on_container, sight, err);
    if (r < 0)
        return r;
    if (sight->error < 0)
        return error_wrap(err, sight->error, "cannot note the volumes");
    if (sight->seen || !any_container(sight->agents))
        return 0;
    return error_set(err, -EXDEV, ERROR_CONFLICT, "other_engine",
                     "the daemon works on another engine than %s; name that one with --engine",
                     engine_url(session.engine));
}

int leavings_look(struct cli *cli, struct leavings *leavings, const struct resources *resources,
                  const char *const *names, size_t n, bool volumes, struct error *err)
{
    json_auto_t *answer = NULL;
    int r = cli_call(cli, CALL_ANYWHERE, "GET", "/v1/agents", false, &answer, err);
    if (r < 0)
        return r;
    struct sight sight = {.leavings = leavings,
                          .resources = resources,
                          .agents = json_object_get(answer, "agents"),
                          .names = names,
                          .n = n,
                          .volumes = volumes};
    return look(cli, view_text(answer, "fleet"), &sight, err);
}

/* removing ------------------------------------------------------------------------------------- */

static int remove_one(struct engine_session *session, const struct leaving *leaving,
                      struct error *err)
{
    if (strcmp(leaving->kind, "network") == 0)
        return engine_session_remove_network(session, leaving->name, err);
    return engine_session_remove_volume(session, leaving->name, err);
}

static int note_removed(json_t *removed, const struct leaving *leaving)
{
    return json_array_append_new(
        removed, json_pack("{s:s,s:s}", "kind", leaving->kind, "name", leaving->name));
}

static int remove_all(struct engine_session *session, const struct leavings *leavings,
                      const json_t *report, json_t *removed)
{
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < leavings->n; i++) {
        const struct leaving *l = &leavings->list[i];
        struct error err = ERROR_INIT;
        if (l->agent && !report_agent_done(report, l->agent))
            continue;
        int r = remove_one(session, l, &err);
        if (r == 0)
            r = note_removed(removed, l);
        if (r < 0) {
            cli_error("cannot remove %s %s: %s", l->kind, l->name, err.text);
            status = EXIT_FAILURE;
        }
    }
    return status;
}

int leavings_remove(struct cli *cli, const struct leavings *leavings, const json_t *report,
                    json_t **ret_removed, struct error *err)
{
    json_auto_t *removed = json_array();
    _cleanup_(engine_session_close) struct engine_session session = {.engine = NULL};
    int status = EXIT_SUCCESS;
    if (leavings->n > 0) {
        int r = engine_session_open(&session, &cli->daemon.engine, err);
        if (r < 0)
            return r;
        status = remove_all(&session, leavings, report, removed);
    }
    *ret_removed = steal(&removed);
    return status;
}
