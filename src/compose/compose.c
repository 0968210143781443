/* SPDX-License-Identifier: MIT
 *
 * From paths, or none, to the texts of files.
 */
#include "compose/compose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compose/file.h"
#include "compose/load.h"
#include "compose/resource.h"

/* A found file in the working folder is called by its name alone, as one would type it. */
struct input {
    char *path, *folder;
    char *shown_as;
    struct buf text;
};

struct inputs {
    const struct compose_options *options;
    char *here;
    struct input list[COMPOSE_FILES_MAX];
    size_t n;
    char ignored[FILE_NAME_MAX];
    struct error *err;
};

static void inputs_close(struct inputs *in)
{
    for (size_t i = 0; i < in->n; i++) {
        free(in->list[i].path);
        free(in->list[i].folder);
        free(in->list[i].shown_as);
        buf_close(&in->list[i].text);
    }
    free(in->here);
}

static int add_input(struct inputs *in, const char *path, const char *shown_as)
{
    if (in->n == COMPOSE_FILES_MAX)
        return error_set(in->err, -EINVAL, ERROR_USAGE, "too_many_files",
                         "more than %d files; use fewer", COMPOSE_FILES_MAX);
    struct input *i = &in->list[in->n++];
    i->text = (struct buf)BUF_INIT(COMPOSE_FILE_MAX);
    int r = path_join(in->here, path, &i->path);
    if (r == 0)
        r = path_folder(i->path, &i->folder);
    if (r < 0)
        return r;
    i->shown_as = strdup(strcmp(path, "-") == 0 ? "stdin" : shown_as);
    return i->shown_as ? 0 : -ENOMEM;
}

static int add_found(struct inputs *in, const char *path)
{
    const char *base = path_base(path);
    bool is_here = strlen(in->here) == (size_t)(base - 1 - path) &&
                   strncmp(in->here, path, strlen(in->here)) == 0;
    return add_input(in, path, is_here ? base : path);
}

static int find_default(struct inputs *in)
{
    _cleanup_free_ char *path = NULL, *override = NULL;
    int r = file_find(in->here, &path, &override, in->ignored, in->err);
    if (r == 0)
        r = add_found(in, path);
    return r < 0 || !override ? r : add_found(in, override);
}

/* "a.yaml:b.yaml" */
static int add_variable(struct inputs *in, const char *value)
{
    _cleanup_free_ char *list = strdup(value);
    char *rest = list, *path;
    int r = list ? 0 : -ENOMEM;
    while (r == 0 && (path = strsep(&rest, ":")))
        if (*path)
            r = add_input(in, path, path);
    return r;
}

static int find_inputs(struct inputs *in)
{
    const struct compose_options *o = in->options;
    _cleanup_free_ char *variable = NULL;
    int r = path_working_folder(&in->here, in->err);
    for (size_t i = 0; r == 0 && i < o->n_files; i++)
        r = add_input(in, o->files[i], o->files[i]);
    if (r < 0 || in->n > 0)
        return r;
    r = scope_read_variable(o, in->here, "COMPOSE_FILE", &variable, in->err);
    if (r == 0 && variable)
        r = add_variable(in, variable);
    return r < 0 || in->n > 0 ? r : find_default(in);
}

static int read_inputs(struct inputs *in)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < in->n; i++) {
        struct input *input = &in->list[i];
        bool is_stdin = strcmp(input->shown_as, "stdin") == 0;
        r = file_read(is_stdin ? "/dev/stdin" : input->path, input->shown_as, true, &input->text,
                      in->err);
    }
    return r;
}

static int warn_ignored(struct compose_project *p, const struct inputs *in)
{
    char **grown = realloc(p->warnings, (p->n_warnings + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->warnings = grown;
    if (asprintf(&grown[p->n_warnings], "%s: %s stands beside it and is not read",
                 in->list[0].shown_as, in->ignored) < 0)
        return -ENOMEM;
    p->n_warnings++;
    return 0;
}

static void project_freep(struct compose_project **p)
{
    compose_project_free(*p);
}

static int load_inputs(struct inputs *in, struct compose_project **ret_project)
{
    _cleanup_(project_freep) struct compose_project *project = NULL;
    struct compose_text texts[COMPOSE_FILES_MAX] = {0};
    int r = find_inputs(in);
    if (r == 0)
        r = read_inputs(in);
    for (size_t i = 0; i < in->n; i++)
        texts[i] = (struct compose_text){.text = buf_text(&in->list[i].text),
                                         .len = in->list[i].text.len,
                                         .path = in->list[i].path,
                                         .shown_as = in->list[i].shown_as,
                                         .folder = in->list[i].folder};
    if (r == 0)
        r = compose_load_texts(in->options, texts, in->n, &project, in->err);
    if (r == 0 && in->ignored[0])
        r = warn_ignored(project, in);
    if (r == 0)
        *ret_project = steal(&project);
    return r;
}

int compose_load(const struct compose_options *options, struct compose_project **ret_project,
                 struct error *err)
{
    _cleanup_(inputs_close) struct inputs in = {.options = options, .err = err};
    int r = load_inputs(&in, ret_project);
    if (r == -ENOMEM)
        return error_set(err, r, ERROR_FAILED, NULL, "out of memory");
    return r;
}

void compose_project_free(struct compose_project *project)
{
    if (!project)
        return;
    for (size_t i = 0; i < project->n_services; i++) {
        struct compose_service *s = &project->services[i];
        free(s->name);
        free(s->image);
        free(s->idle_timeout);
        free(s->spec);
    }
    for (size_t i = 0; i < project->n_resources; i++)
        resource_close(&project->resources[i]);
    for (size_t i = 0; i < project->n_warnings; i++)
        free(project->warnings[i]);
    for (size_t i = 0; i < project->n_files; i++) {
        free(project->files[i].path);
        free(project->files[i].content);
    }
    free(project->files);
    free(project->services);
    free(project->resources);
    free(project->warnings);
    free(project->name);
    free(project->file);
    free(project);
}
