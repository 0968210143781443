/* SPDX-License-Identifier: MIT */
#include "cli/permit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "compose/policy_file.h"
#include "spec/policy.h"
#include "spec/spec.h"

struct looking {
    const struct compose_project *project;
    const char *agent; /* whose body is checked */
    json_t *policy;
    json_t *allowed; /* agent to list of grants, of the database */
    struct permits *permits;
};

static const char *resource_name(void *ctx, const char *kind, const char *key)
{
    const struct compose_project *p = ctx;
    for (size_t i = 0; i < p->n_resources; i++)
        if (strcmp(p->resources[i].kind, kind) == 0 && strcmp(p->resources[i].key, key) == 0)
            return p->resources[i].engine_name;
    return NULL;
}

/* The body as the daemon will send it, but for labels; a new reference. */
static int body_of(const struct compose_project *p, const struct compose_service *s,
                   json_t **ret_body, char ret_name[256], struct error *err)
{
    _cleanup_(spec_freep) struct spec *spec = NULL;
    _cleanup_(spec_request_close) struct spec_request request = {0};
    const struct spec_context context = {.fleet = p->name,
                                         .agent = s->name,
                                         .db_uid = "",
                                         .lifecycle = s->lifecycle,
                                         .image = s->image,
                                         .resource_name = resource_name,
                                         .resource_ctx = (void *)(uintptr_t)p};
    int r = spec_parse(s->spec, s->image, &spec, err);
    if (r == 0)
        r = spec_request(spec, &context, &request, err);
    if (r < 0)
        return r;
    const char *given = spec_settings(spec)->container_name;
    (void)snprintf(ret_name, 256, "%s%s%s", given ? given : p->name, given ? "" : "-",
                   given ? "" : s->name);
    *ret_body = json_incref(request.body);
    return 0;
}

static json_t *volume_body(void *ctx, const char *name)
{
    const struct compose_project *p = ((const struct looking *)ctx)->project;
    for (size_t i = 0; i < p->n_resources; i++)
        if (strcmp(p->resources[i].kind, "volume") == 0 && p->resources[i].body &&
            strcmp(p->resources[i].engine_name, name) == 0)
            return json_loads(p->resources[i].body, 0, NULL);
    return NULL;
}

static json_t *container_body(void *ctx, const char *name)
{
    const struct compose_project *p = ((const struct looking *)ctx)->project;
    for (size_t i = 0; i < p->n_services; i++) {
        char its[256];
        json_t *body = NULL;
        struct error err = ERROR_INIT;
        if (body_of(p, &p->services[i], &body, its, &err) == 0 && strcmp(its, name) == 0)
            return body;
        json_decref(body);
    }
    return NULL;
}

static bool is_allowed(const struct looking *l, const char *permission)
{
    size_t i;
    json_t *grant;
    json_array_foreach (json_object_get(l->allowed, l->agent), i, grant)
        if (policy_covers(json_string_value(grant), permission))
            return true;
    return policy_file_allows(l->policy, l->project->name, l->agent, permission);
}

static int on_found(void *ctx, const char *permission, const char *why)
{
    struct looking *l = ctx;
    struct permits *p = l->permits;
    struct permit_finding *grown = reallocarray(p->list, p->n + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->list = grown;
    struct permit_finding *f = &p->list[p->n];
    *f = (struct permit_finding){strdup(l->agent), strdup(permission), strdup(why),
                                 is_allowed(l, permission)};
    p->n++;
    p->n_refused += !f->allowed;
    return f->agent && f->permission && f->why ? 0 : -ENOMEM;
}

static int on_allowed(void *ctx, const char *agent, const char *field)
{
    json_t *list = json_object_get(ctx, agent);
    if (!list) {
        list = json_array();
        if (json_object_set_new(ctx, agent, list) < 0)
            return -ENOMEM;
    }
    return json_array_append_new(list, json_string(field)) < 0 ? -ENOMEM : 0;
}

static int look_at(struct looking *l, const struct policy_world *world, struct error *err)
{
    int r = 0;
    for (size_t i = 0; i < l->project->n_services && r == 0; i++) {
        char name[256];
        json_t *body = NULL;
        l->agent = l->project->services[i].name;
        r = body_of(l->project, &l->project->services[i], &body, name, err);
        if (r == 0)
            r = policy_check(body, world, on_found, l);
        json_decref(body);
    }
    return r;
}

int permits_find(const struct cli *cli, const struct compose_project *project,
                 const struct own_files *own, struct store *store, struct permits *ret_permits,
                 struct error *err)
{
    _cleanup_(permits_close) struct permits permits = {0};
    char db[PATH_MAX];
    (void)snprintf(db, sizeof(db), "%.*s", (int)(strlen(own->folder) - strlen(".files")),
                   own->folder);
    const char *const private_paths[] = {cli->socket_path, policy_file_path(), NULL};
    struct looking l = {.project = project, .permits = &permits, .allowed = json_object()};
    const struct policy_world world = {.private_paths = private_paths,
                                       .database = db,
                                       .own_files = own->folder,
                                       .volume = volume_body,
                                       .container = container_body,
                                       .resolve = policy_file_resolve,
                                       .ctx = &l};
    int r = l.allowed ? policy_file_read(policy_file_path(), &l.policy, err) : -ENOMEM;
    if (r == 0 && store)
        r = store_read_allowed(store, on_allowed, l.allowed, err);
    if (r == 0)
        r = look_at(&l, &world, err);
    json_decref(l.policy);
    json_decref(l.allowed);
    if (r < 0)
        return error_is_set(err) ? r : error_wrap(err, r, "cannot check what is allowed");
    *ret_permits = permits;
    memset(&permits, 0, sizeof(permits));
    return 0;
}

void permits_close(struct permits *permits)
{
    for (size_t i = 0; i < permits->n; i++) {
        free(permits->list[i].agent);
        free(permits->list[i].permission);
        free(permits->list[i].why);
    }
    free(permits->list);
    memset(permits, 0, sizeof(*permits));
}

static const struct permit_finding *first_refused(const struct permits *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (!p->list[i].allowed)
            return &p->list[i];
    return NULL;
}

static int refuse(const struct permits *p, const char *how, struct error *err)
{
    const struct permit_finding *f = first_refused(p);
    char clean[512], more[48] = "";
    text_visible(f->permission, clean, sizeof(clean));
    if (p->n_refused > 1)
        (void)snprintf(more, sizeof(more), " and %zu more", p->n_refused - 1);
    return error_set(err, -EPERM, ERROR_DENIED, "policy",
                     "%s: %s would hand out the host (%s)%s; %s (`roost check --policy` lists all)",
                     f->agent, clean, f->why, more, how);
}

int permits_ask(const struct cli *cli, const struct permits *permits, struct error *err)
{
    char how[512];
    if (permits->n_refused == 0)
        return 0;
    if (geteuid() != 0) {
        (void)snprintf(how, sizeof(how), "only root can allow it, in %s", policy_file_path());
        return refuse(permits, how, err);
    }
    if (args_has(&cli->args, OPT_ALLOW_HOST))
        return 0;
    if (!cli_can_ask()) {
        (void)snprintf(how, sizeof(how), "allow it with --allow-host, or in %s",
                       policy_file_path());
        return refuse(permits, how, err);
    }
    for (size_t i = 0; i < permits->n; i++)
        if (!permits->list[i].allowed)
            cli_warn("%s: %s would hand out the host: %s", permits->list[i].agent,
                     permits->list[i].permission, permits->list[i].why);
    return cli_ask_person("allow it from now on", err);
}

int permits_write(const struct permits *permits, struct store *store, struct error *err)
{
    int r = 0;
    for (size_t i = 0; i < permits->n && r == 0; i++)
        if (!permits->list[i].allowed)
            r = store_allow(store, permits->list[i].agent, permits->list[i].permission, err);
    return r;
}

static int print_json(const struct permits *permits, struct error *err)
{
    json_auto_t *list = json_array();
    for (size_t i = 0; i < permits->n; i++) {
        const struct permit_finding *f = &permits->list[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "agent", f->agent,
                                                    "permission", f->permission, "why", f->why,
                                                    "allowed", f->allowed));
    }
    json_auto_t *whole = json_pack("{s:O}", "findings", list);
    return cli_print_json(whole, err);
}

int permits_print(const struct cli *cli, const struct permits *permits, struct error *err)
{
    static const char *const heads[] = {"AGENT", "PERMISSION", "ALLOWED", "WHY"};
    struct table table;
    if (cli->json)
        return print_json(permits, err);
    table_open(&table, heads, ARRAY_LEN(heads));
    for (size_t i = 0; i < permits->n; i++) {
        const struct permit_finding *f = &permits->list[i];
        table_add(&table, f->agent, STYLE_PLAIN);
        table_add(&table, f->permission, STYLE_PLAIN);
        table_add(&table, f->allowed ? "yes" : "no", f->allowed ? STYLE_GOOD : STYLE_BAD);
        table_add(&table, f->why, STYLE_PLAIN);
    }
    return cli_print_table(cli, &table, err);
}
