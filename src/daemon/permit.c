/* SPDX-License-Identifier: MIT
 *
 * Before a container is made: may its agent have what its request asks of the host? Checked is the
 * body that is about to be sent. Allowed is what policy.yaml or the table `allowed` says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/text.h"
#include "compose/policy_file.h"
#include "daemon/fleet.h"
#include "spec/policy.h"

#define PRIVATE_MAX 10

struct permit {
    struct fleet *f;
    const char *agent;
    bool planned; /* others' containers may still be made before its own */
    json_t *policy;
    json_t *grants; /* of the table, for this agent */
    struct error *err;
};

static json_t *volume_body(void *ctx, const char *name)
{
    const struct fleet *f = ((const struct permit *)ctx)->f;
    for (size_t i = 0; i < f->n_resources; i++)
        if (strcmp(f->resources[i].kind, "volume") == 0 &&
            strcmp(f->resources[i].engine_name, name) == 0)
            return json_loads(f->resources[i].body, 0, NULL);
    return NULL;
}

static bool is_named(struct fleet *f, const struct fleet_row *row, const char *container)
{
    char name[256];
    const char *given = row->spec ? spec_settings(row->spec)->container_name : NULL;
    (void)snprintf(name, sizeof(name), "%s-%s", store_fleet(f->store), row->name);
    return strcmp(given ? given : name, container) == 0;
}

/* A row's name is not enough: the container of that name may be somebody else's, in its way. */
static bool is_there(const struct permit *p, const struct fleet_row *row)
{
    struct agent_view view;
    return p->planned || (core_view_agent(p->f->core, row->name, &view) && view.has_container);
}

static json_t *container_body(void *ctx, const char *name)
{
    struct permit *p = ctx;
    struct fleet *f = p->f;
    struct fleet_row *row, *next;
    HASH_ITER (hh, f->rows, row, next) {
        struct spec_request request = {0};
        struct spec_context context;
        struct error err = ERROR_INIT;
        json_t *body = NULL;
        if (!row->spec || !is_named(f, row, name) || !is_there(p, row))
            continue;
        fleet_context(f, row, &context);
        if (spec_request(row->spec, &context, &request, &err) == 0)
            body = json_incref(request.body);
        spec_request_close(&request);
        return body;
    }
    return NULL;
}

/* The paths of one's own, as they are written and as they are. */
static void private_paths(const struct fleet *f, const char *paths[PRIVATE_MAX])
{
    static const char scheme[] = "unix://";
    const char *url = engine_url(f->engine);
    size_t n = 0;
    if (strncmp(url, scheme, sizeof(scheme) - 1) == 0)
        paths[n++] = url + sizeof(scheme) - 1;
    if (f->engine_root)
        paths[n++] = f->engine_root;
    if (f->own_socket)
        paths[n++] = f->own_socket;
    paths[n++] = policy_file_path();
    paths[n] = NULL;
}

static int on_allowed(void *ctx, const char *agent, const char *field)
{
    struct permit *p = ctx;
    if (strcmp(agent, p->agent) != 0)
        return 0;
    return json_array_append_new(p->grants, json_string(field)) < 0 ? -ENOMEM : 0;
}

static bool is_allowed(const struct permit *p, const char *permission)
{
    size_t i;
    json_t *grant;
    json_array_foreach (p->grants, i, grant)
        if (policy_covers(json_string_value(grant), permission))
            return true;
    return policy_file_allows(p->policy, store_fleet(p->f->store), p->agent, permission);
}

static int on_found(void *ctx, const char *permission, const char *why)
{
    struct permit *p = ctx;
    char clean[512];
    if (is_allowed(p, permission))
        return 0;
    text_visible(permission, clean, sizeof(clean));
    return error_set(p->err, -EPERM, ERROR_DENIED, "policy",
                     "%s would hand out the host (%s); root can allow it with `roost apply "
                     "--allow-host`, or in %s",
                     clean, why, policy_file_path());
}

static int permit(struct fleet *f, const char *agent, const json_t *body, bool planned,
                  struct error *err)
{
    const char *paths[PRIVATE_MAX];
    struct error ignored = ERROR_INIT;
    struct permit p = {
        .f = f, .agent = agent, .planned = planned, .grants = json_array(), .err = err};
    const struct policy_world world = {.private_paths = paths,
                                       .database = f->own_db,
                                       .own_files = f->own_files,
                                       .volume = volume_body,
                                       .container = container_body,
                                       .resolve = policy_file_resolve,
                                       .ctx = &p};
    private_paths(f, paths);
    if (policy_file_read(policy_file_path(), &p.policy, &ignored) < 0)
        log_warning("%s", ignored.text); /* then it allows nothing */
    int r = p.grants ? store_read_allowed(f->store, on_allowed, &p, err) : -ENOMEM;
    if (r == 0)
        r = policy_check(body, &world, on_found, &p);
    json_decref(p.grants);
    json_decref(p.policy);
    return r < 0 && !error_is_set(err) ? error_wrap(err, r, "cannot check what is allowed") : r;
}

int fleet_permit(struct fleet *f, const char *agent, const json_t *body, struct error *err)
{
    return permit(f, agent, body, false, err);
}

int fleet_permit_planned(struct fleet *f, const char *agent, struct error *err)
{
    _cleanup_(spec_request_close) struct spec_request request = {0};
    const struct fleet_row *row = fleet_find_row(f, agent);
    struct spec_context context;
    if (!row || !row->spec)
        return 0; /* the report says so itself */
    fleet_context(f, row, &context);
    int r = spec_request(row->spec, &context, &request, err);
    return r < 0 ? r : permit(f, agent, request.body, true, err);
}

/* Where the engine keeps its own is asked once, before the first container is made. ---------------
 */

struct fleet_knowing {
    struct fleet_knowing *next;
    void (*done)(void *ctx);
    void *ctx;
};

static void on_info(void *ctx, const struct engine_result *result, const struct engine_info *info)
{
    struct fleet *f = ctx;
    if (result->outcome == ENGINE_DONE && info->root_dir[0] == '/' && !f->engine_root)
        f->engine_root = strdup(info->root_dir);
    f->asks_engine = false;
    while (f->knowing) {
        struct fleet_knowing *k = f->knowing;
        f->knowing = k->next;
        k->done(k->ctx);
        free(k);
    }
    fleet_step_late(f);
}

void fleet_know_engine(struct fleet *f, void (*done)(void *ctx), void *ctx)
{
    struct fleet_knowing *k = f->engine_root ? NULL : calloc(1, sizeof(*k));
    if (!k) {
        done(ctx);
        return;
    }
    *k = (struct fleet_knowing){.done = done, .ctx = ctx};
    LL_APPEND(f->knowing, k);
    if (!f->asks_engine)
        engine_info(f->engine, on_info, f);
    f->asks_engine = true;
}

void fleet_forget_engine(struct fleet *f)
{
    while (f->knowing) {
        struct fleet_knowing *k = f->knowing;
        f->knowing = k->next;
        free(k);
    }
    free(f->engine_root);
    free(f->own_db);
    free(f->own_files);
    free(f->own_socket);
    f->engine_root = f->own_db = f->own_files = f->own_socket = NULL;
}
