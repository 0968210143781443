/* SPDX-License-Identifier: MIT
 *
 * roost takeover: a project that Compose runs becomes a fleet, and none of its containers is
 * stopped.
 *
 * The file becomes rows as by `apply`; beside each row its container's id is written, with the spec
 * of the row as what the container counts as made from. So drift counts from the next change on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/apply.h"
#include "cli/engine_session.h"
#include "cli/file.h"
#include "cli/projects.h"
#include "spec/spec.h"

#define NO_PROJECT                                                                                 \
    "the engine has no containers of a Compose project \"%s\" that are not roost's already; "      \
    "`roost "                                                                                      \
    "takeover` without a name, in a folder without a compose file, lists them"

struct found {
    char id[65];
    char name[256];
    char agent[AGENT_NAME_MAX + 1]; /* "" : of no service of the file */
    char service[128];
    bool running;
};

struct takeover {
    struct cli *cli;
    struct found *found;
    size_t n;
    const struct compose_project *project;
    json_t *known; /* the engine's projects; the words may be borrowed from it */
    int error;
};

static const char *label_of(const struct engine_container *c, const char *key)
{
    const char *value = engine_container_label(c, key);
    return value ? value : "";
}

static void on_container(void *ctx, const struct engine_container *c)
{
    struct takeover *t = ctx;
    if (!project_has(c))
        return;
    struct found *grown = reallocarray(t->found, t->n + 1, sizeof(*grown));
    if (!grown) {
        t->error = -ENOMEM;
        return;
    }
    t->found = grown;
    struct found *f = &t->found[t->n++];
    memset(f, 0, sizeof(*f));
    (void)snprintf(f->id, sizeof(f->id), "%s", c->id);
    (void)snprintf(f->name, sizeof(f->name), "%s", c->name);
    (void)snprintf(f->service, sizeof(f->service), "%s", label_of(c, COMPOSE_LABEL "service"));
    (void)snprintf(f->agent, sizeof(f->agent), "%s-%s", f->service,
                   label_of(c, COMPOSE_LABEL "container-number"));
    f->running = c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED ||
                 c->status == CONTAINER_RESTARTING;
}

static int look_at_engine(struct takeover *t, const char *project, struct error *err)
{
    struct engine_session session;
    char label[256];
    (void)snprintf(label, sizeof(label), COMPOSE_LABEL "project=%s", project);
    int r = engine_session_open(&session, &t->cli->daemon.engine, err);
    if (r < 0)
        return r;
    r = engine_session_list(&session, label, on_container, t, err);
    engine_session_close(&session);
    if (r == 0 && t->error < 0)
        r = error_set(err, t->error, ERROR_FAILED, NULL, "out of memory");
    if (r == 0 && t->n == 0)
        r = error_set(err, -ENOENT, ERROR_NOT_FOUND, "no_project", NO_PROJECT, project);
    return r;
}

static const struct compose_service *find_service(const struct compose_project *p, const char *name)
{
    for (size_t i = 0; i < p->n_services; i++)
        if (strcmp(p->services[i].name, name) == 0)
            return &p->services[i];
    return NULL;
}

/* A service that is scaled has an agent a number; any other is its service. */
static int match(struct takeover *t, struct error *err)
{
    for (size_t i = 0; i < t->n; i++) {
        struct found *f = &t->found[i];
        if (find_service(t->project, f->service))
            (void)snprintf(f->agent, sizeof(f->agent), "%s", f->service);
        else if (!find_service(t->project, f->agent))
            f->agent[0] = '\0';
        for (size_t k = 0; k < i; k++)
            if (f->agent[0] != '\0' && strcmp(t->found[k].agent, f->agent) == 0)
                return error_set(err, -EINVAL, ERROR_CONFLICT, "several",
                                 "service %s has several containers, %s and %s, and the file makes "
                                 "one of it; write `scale:` into it, or remove one",
                                 f->service, t->found[k].name, f->name);
    }
    return 0;
}

static int print(const struct takeover *t, struct error *err)
{
    static const char *const heads[] = {"CONTAINER", "SERVICE", "RUNS", "BECOMES", "LIFECYCLE"};
    struct table table;
    table_open(&table, heads, ARRAY_LEN(heads));
    for (size_t i = 0; i < t->n; i++) {
        const struct found *f = &t->found[i];
        const struct compose_service *s = find_service(t->project, f->agent);
        table_add(&table, f->name, STYLE_PLAIN);
        table_add(&table, f->service, STYLE_PLAIN);
        table_add(&table, f->running ? "yes" : "no", STYLE_PLAIN);
        table_add(&table, s ? s->name : "left alone: not in the file", s ? STYLE_GOOD : STYLE_WARN);
        table_add(&table, s ? lifecycle_name(s->lifecycle) : "", STYLE_PLAIN);
    }
    return t->cli->json ? (table_close(&table), 0) : cli_print_table(t->cli, &table, err);
}

static int look(void *ctx, const struct compose_project *project, struct error *err)
{
    struct takeover *t = ctx;
    t->project = project;
    int r = look_at_engine(t, project->name, err);
    if (r == 0)
        r = match(t, err);
    if (r == 0)
        r = print(t, err);
    return r < 0 ? r : cli_confirm(t->cli, "take these containers over", err);
}

static int write_one(const struct found *f, const struct compose_service *s, struct store *store,
                     struct error *err)
{
    _cleanup_(spec_freep) struct spec *spec = NULL;
    struct spec_id id;
    char text[SPEC_ID_TEXT_SIZE];
    int r = spec_parse(s->spec, s->image, &spec, err);
    if (r == 0)
        r = spec_id(spec, SPEC_VERSION, &id);
    if (r < 0)
        return r;
    spec_id_format(&id, text);
    return store_write_taken(store,
                             &(struct store_taken){.container_id = f->id,
                                                   .agent = s->name,
                                                   .spec = text,
                                                   .lifecycle = lifecycle_name(s->lifecycle)},
                             err);
}

static int write_taken(void *ctx, struct store *store, struct error *err)
{
    const struct takeover *t = ctx;
    int r = 0;
    for (size_t i = 0; i < t->n && r == 0; i++) {
        const struct compose_service *s = find_service(t->project, t->found[i].agent);
        if (s)
            r = write_one(&t->found[i], s, store, err);
    }
    return r;
}

/* Where Compose ran was not always here. */
static int check_readable(const json_t *project, struct error *err)
{
    size_t i;
    json_t *file;
    const json_t *files = json_object_get(project, "files");
    const char *name = json_string_value(json_object_get(project, "name"));
    json_array_foreach (files, i, file)
        if (access(json_string_value(file), R_OK) < 0)
            return error_set(
                err, -ENOENT, ERROR_NOT_FOUND, "no_file",
                "project %s was made from %s, which cannot be read: %s; name its files "
                "with -f",
                name, json_string_value(file), strerror(errno));
    return json_array_size(files) > 0
               ? 0
               : error_set(
                     err, -ENOENT, ERROR_NOT_FOUND, "no_file",
                     "project %s does not say from which files it was made; name them with -f",
                     name);
}

/* PROJECT instead of FILE: its containers know where the files were. */
static int find_files(struct takeover *t, struct error *err)
{
    struct args *args = &t->cli->args;
    const char *word = args->n_words > 0 ? args->words[0] : NULL;
    if (!word || strchr(word, '/') || access(word, F_OK) == 0)
        return 0;
    int r = projects_find(t->cli, &t->known, err);
    if (r < 0)
        return r;
    const json_t *project = json_object_get(t->known, word);
    if (!project)
        return error_set(err, -ENOENT, ERROR_NOT_FOUND, "no_project", NO_PROJECT, word);
    r = check_readable(project, err);
    if (r < 0)
        return r;
    const json_t *files = json_object_get(project, "files");
    const char **words = calloc(json_array_size(files), sizeof(*words));
    if (!words)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    for (size_t i = 0; i < json_array_size(files); i++)
        words[i] = json_string_value(json_array_get(files, i));
    free(args->words);
    args->words = words;
    args->n_words = json_array_size(files);
    return 0;
}

/* Nothing was named, and no file is here: what is there to take over? */
static int list(struct takeover *t, struct error *err)
{
    *err = (struct error)ERROR_INIT;
    int r = projects_find(t->cli, &t->known, err);
    if (r < 0)
        return r;
    if (json_object_size(t->known) == 0 && !t->cli->json) {
        cli_note(t->cli, "the engine has no containers of Compose that are not roost's already");
        return 0;
    }
    r = projects_print(t->cli, t->known, err);
    if (r == 0)
        cli_note(t->cli, "`roost takeover PROJECT` shows what becomes of one, and asks");
    return r;
}

static int run_takeover(struct cli *cli, struct error *err)
{
    struct takeover t = {.cli = cli};
    const struct apply_more more = {look, write_taken, &t};
    bool named = cli->args.n_words > 0 || cli->args.value[OPT_FILE];
    int r = find_files(&t, err);
    if (r == 0)
        r = apply_run(cli, &more, err);
    if (r < 0 && !named && strcmp(err->code, "no_file") == 0)
        r = list(&t, err);
    free(t.found);
    json_decref(t.known);
    return r;
}

static const struct option_def options[] = {
    FILE_OPTIONS,
    {OPT_ALLOW_HOST, 0, "allow-host", NULL, "let agents have of the host what the file asks for"},
    {OPT_YES, 'y', "yes", NULL, "do not ask"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_takeover = {
    .name = "takeover",
    .args = "[FILE|PROJECT]",
    .max_words = 1,
    .summary = "take over what Compose runs, without stopping it",
    .options = options,
    .help =
        "Reads the compose file as `roost apply` does, finds the containers that Compose made\n"
        "of it by their labels, shows which agent each becomes, and asks. Then the rows are\n"
        "written and the containers belong to them as they are: none is stopped, started or\n"
        "made anew. They get roost's names and the restart policy of their lifecycle. What a\n"
        "container is made from counts as what its row says; it is recreated when the row\n"
        "changes next.\n"
        "\n"
        "With a project's name the files are those that its containers were made from. Without\n"
        "a name, where no compose file is, the projects that Compose runs are listed. A\n"
        "container of a service that the file no longer has is left alone. A service that has\n"
        "several containers must be scaled in the file, too. Do not use Compose on the project\n"
        "afterwards: it would make a second container of each service.\n"
        "\n"
        "Examples:\n"
        "  cd / && roost takeover\n"
        "  roost takeover compose.yaml\n"
        "  roost takeover shop -y && roost plan\n",
    .run = run_takeover,
};
