/* SPDX-License-Identifier: MIT
 *
 * From a path, or none, to the text of a file.
 */
#include "compose/compose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compose/file.h"
#include "compose/load.h"
#include "compose/resource.h"

/* A found file in the working folder is called by its name alone, as one would type it. */
struct source {
    char *path;
    char *folder;
    const char *shown_as;
    char ignored[FILE_NAME_MAX];
};

static void source_close(struct source *s)
{
    free(s->path);
    free(s->folder);
}

static int find_source(const struct compose_options *options, struct source *s, struct error *err)
{
    _cleanup_free_ char *here = NULL;
    int r = path_working_folder(&here, err);
    if (r < 0)
        return r;
    if (options->file)
        r = path_join(here, options->file, &s->path);
    else
        r = file_find(here, &s->path, s->ignored, err);
    if (r == 0)
        r = path_folder(s->path, &s->folder);
    if (r < 0)
        return r;
    s->shown_as = options->file                  ? options->file
                  : strcmp(here, s->folder) == 0 ? path_base(s->path)
                                                 : s->path;
    return 0;
}

static int warn_ignored(struct compose_project *p, const struct source *s)
{
    char **grown = realloc(p->warnings, (p->n_warnings + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->warnings = grown;
    if (asprintf(&grown[p->n_warnings], "%s: %s stands beside it and is not read", s->shown_as,
                 s->ignored) < 0)
        return -ENOMEM;
    p->n_warnings++;
    return 0;
}

static void project_freep(struct compose_project **p)
{
    compose_project_free(*p);
}

static int load_source(const struct compose_options *options, struct source *s,
                       struct compose_project **ret_project, struct error *err)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(COMPOSE_FILE_MAX);
    _cleanup_(project_freep) struct compose_project *project = NULL;
    int r = find_source(options, s, err);
    if (r == 0)
        r = file_read(s->path, s->shown_as, true, &text, err);
    if (r < 0)
        return r;
    struct compose_text source = {.text = buf_text(&text),
                                  .len = text.len,
                                  .path = s->path,
                                  .shown_as = s->shown_as,
                                  .folder = s->folder};
    r = compose_load_text(options, &source, &project, err);
    if (r == 0 && s->ignored[0])
        r = warn_ignored(project, s);
    if (r == 0)
        *ret_project = steal(&project);
    return r;
}

int compose_load(const struct compose_options *options, struct compose_project **ret_project,
                 struct error *err)
{
    _cleanup_(source_close) struct source source = {0};
    int r = load_source(options, &source, ret_project, err);
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
    free(project->services);
    free(project->resources);
    free(project->warnings);
    free(project->name);
    free(project->file);
    free(project);
}
