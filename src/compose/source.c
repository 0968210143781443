/* SPDX-License-Identifier: MIT
 *
 * Files that have been read.
 */
#include <errno.h>
#include <string.h>

#include "compose/file.h"
#include "compose/load.h"
#include "compose/yaml.h"

static void source_free(struct source *s)
{
    if (!s)
        return;
    free(s->path);
    free(s->shown_as);
    free(s->folder);
    json_decref(s->variables);
    free(s);
}

static void source_freep(struct source **s)
{
    source_free(*s);
}

void sources_close(struct loader *l)
{
    while (l->sources) {
        struct source *s = l->sources;
        l->sources = s->next;
        source_free(s);
    }
}

static struct source *source_new(const struct compose_text *text, const char *folder,
                                 json_t *variables)
{
    _cleanup_(source_freep) struct source *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->path = strdup(text->path);
    s->shown_as = strdup(text->shown_as);
    s->folder = strdup(folder);
    s->variables = json_incref(variables);
    if (!s->path || !s->shown_as || !s->folder)
        return NULL;
    s->origin =
        (struct origin){.shown_as = s->shown_as, .folder = s->folder, .variables = s->variables};
    return steal(&s);
}

static int check_ceilings(struct loader *l, const struct diag *d, size_t len)
{
    l->source_bytes += len;
    if (l->n_sources >= COMPOSE_FILES_MAX)
        return diag_error(d, 0, 0, "more than %d files; use fewer", COMPOSE_FILES_MAX);
    if (l->source_bytes > COMPOSE_FILES_BYTES_MAX)
        return diag_error(d, 0, 0, "more than %u bytes in all files; use fewer",
                          COMPOSE_FILES_BYTES_MAX);
    return 0;
}

int source_add(struct loader *l, const struct compose_text *text, const char *folder,
               json_t *variables, struct source **ret_source)
{
    struct diag d = {.file = text->shown_as, .err = l->diag.err};
    int r = check_ceilings(l, &d, text->len);
    if (r < 0)
        return r;
    struct source *s = source_new(text, folder, variables);
    if (!s)
        return -ENOMEM;
    s->next = l->sources;
    l->sources = s;
    l->n_sources++;
    l->tree.origin = &s->origin;
    r = yaml_read(text->text, text->len, &d, &l->tree);
    if (r < 0)
        return r;
    s->root = l->tree.root;
    *ret_source = s;
    return 0;
}

const char *source_shown_path(const struct node *at, const char *path, struct shown *ret_room)
{
    if (!at->text || !strchr(at->text, '$'))
        return path;
    *ret_room = shown(at->text);
    return ret_room->text;
}

int source_open(struct loader *l, const struct node *at, const char *path, const char *folder,
                json_t *variables, struct source **ret_source)
{
    for (struct source *s = l->sources; s; s = s->next)
        if (strcmp(s->path, path) == 0 && strcmp(s->folder, folder) == 0 &&
            json_equal(s->variables, variables)) {
            *ret_source = s;
            return 0;
        }
    _cleanup_(buf_close) struct buf text = BUF_INIT(COMPOSE_FILE_MAX);
    struct shown room;
    const char *shown_as = source_shown_path(at, path, &room);
    struct error why = ERROR_INIT;
    int r = file_read(path, shown_as, false, &text, &why);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return node_error(l, at, "%s", why.text);
    struct compose_text source = {
        .text = buf_text(&text), .len = text.len, .path = path, .shown_as = shown_as};
    return source_add(l, &source, folder, variables, ret_source);
}
