/* SPDX-License-Identifier: MIT */
#include "cli/projects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/agent_view.h"
#include "cli/engine_session.h"
#include "store/store.h"

static const char *label_of(const struct engine_container *c, const char *key)
{
    const char *value = engine_container_label(c, key);
    return value ? value : "";
}

bool project_has(const struct engine_container *c)
{
    return label_of(c, COMPOSE_LABEL "project")[0] != '\0' &&
           strcasecmp(label_of(c, COMPOSE_LABEL "oneoff"), "true") != 0 &&
           label_of(c, "roost.db")[0] == '\0';
}

/* "a.yml,/b/c.yml": relative ones are of the working folder. */
static json_t *files_of(const struct engine_container *c)
{
    const char *folder = label_of(c, COMPOSE_LABEL "project.working_dir");
    _cleanup_free_ char *text = strdup(label_of(c, COMPOSE_LABEL "project.config_files"));
    json_t *files = json_array();
    char *rest = text;
    for (const char *file; rest && (file = strsep(&rest, ","));) {
        const char *between = file[0] == '/' || folder[0] == '\0' ? "" : "/";
        if (file[0] != '\0')
            (void)json_array_append_new(
                files, json_sprintf("%s%s%s", between[0] ? folder : "", between, file));
    }
    return files;
}

static void count_up(json_t *project, const char *key)
{
    json_t *count = json_object_get(project, key);
    (void)json_integer_set(count, json_integer_value(count) + 1);
}

struct search {
    json_t *projects;
    json_t *taken; /* ids of containers */
};

static int on_taken(void *ctx, const struct store_taken *taken)
{
    return json_object_set_new(ctx, taken->container_id, json_true()) < 0 ? -ENOMEM : 0;
}

/* What was taken over keeps its labels: only our database knows. There need be none yet. */
static int read_taken(const struct cli *cli, json_t *taken, struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;
    int r = cli_open_store(cli, DB_READ, &store, err);
    if (r == 0)
        return store_read_taken(store, on_taken, taken, err);
    if (r != -ENOENT)
        return r;
    error_clear(err);
    return 0;
}

static void on_container(void *ctx, const struct engine_container *c)
{
    const struct search *s = ctx;
    json_t *projects = s->projects;
    const char *name = label_of(c, COMPOSE_LABEL "project");
    if (!project_has(c) || json_object_get(s->taken, c->id))
        return;
    if (!json_object_get(projects, name))
        (void)json_object_set_new(projects, name,
                                  json_pack("{s:s, s:o, s:i, s:i}", "name", name, "files",
                                            files_of(c), "containers", 0, "running", 0));
    json_t *project = json_object_get(projects, name);
    count_up(project, "containers");
    if (c->status == CONTAINER_RUNNING)
        count_up(project, "running");
}

int projects_find(const struct cli *cli, json_t **ret_projects, struct error *err)
{
    struct engine_session session;
    json_auto_t *projects = json_object(), *taken = json_object();
    struct search search = {projects, taken};
    int r = read_taken(cli, taken, err);
    if (r == 0)
        r = engine_session_open(&session, &cli->daemon.engine, err);
    if (r < 0)
        return r;
    r = engine_session_list(&session, COMPOSE_LABEL "project", on_container, &search, err);
    engine_session_close(&session);
    if (r == 0)
        *ret_projects = json_incref(projects);
    return r;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *sorted(const json_t *projects)
{
    size_t n = 0;
    const char *name;
    json_t *project, *list = json_array();
    _cleanup_free_ const char **names = calloc(json_object_size(projects) + 1, sizeof(*names));
    if (!names)
        return list;
    json_object_foreach ((json_t *)projects, name, project)
        names[n++] = name;
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++)
        (void)json_array_append(list, json_object_get(projects, names[i]));
    return list;
}

static void add_files(struct table *table, const json_t *files)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT((size_t)1 << 16);
    size_t i;
    json_t *file;
    json_array_foreach (files, i, file)
        (void)buf_printf(&text, "%s%s", i > 0 ? " " : "", json_string_value(file));
    table_add(table, text.len > 0 ? buf_text(&text) : "not known", STYLE_PLAIN);
}

int projects_print(const struct cli *cli, const json_t *projects, struct error *err)
{
    static const char *const heads[] = {"PROJECT", "RUNNING", "FILE"};
    json_auto_t *list = sorted(projects);
    size_t i;
    json_t *project;
    struct table table;
    if (cli->json) {
        json_auto_t *whole = json_pack("{s:O}", "projects", list);
        return cli_print_json(whole, err);
    }
    table_open(&table, heads, ARRAY_LEN(heads));
    json_array_foreach (list, i, project) {
        char running[64];
        (void)snprintf(running, sizeof(running), "%lld of %lld",
                       json_integer_value(json_object_get(project, "running")),
                       json_integer_value(json_object_get(project, "containers")));
        table_add(&table, view_text(project, "name"), STYLE_PLAIN);
        table_add(&table, running, STYLE_PLAIN);
        add_files(&table, json_object_get(project, "files"));
    }
    return cli_print_table(cli, &table, err);
}
