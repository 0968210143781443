/* SPDX-License-Identifier: MIT
 *
 * Loads compose files from standard input and says of each line on a line of its own what came of
 * it: {"error"} or {"rows", "resources", "warnings"}. A line is a file (JSON, which is YAML), or a
 * list of texts of files, each laid over those before it. Of a list what was made is also written
 * as a file, "written", and each row's canonical form is read again: "broken" says what that
 * breaks.
 *
 *     load_lines FOLDER
 *
 * FOLDER is where relative paths begin.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "compose/load.h"
#include "spec/spec.h"

#define TEXTS_MAX 4

static const char *no_variable(void *ctx, const char *name)
{
    return NULL;
}

static json_t *told_row(const struct compose_service *s)
{
    _cleanup_(spec_freep) struct spec *spec = NULL;
    _cleanup_(buf_close) struct buf again = BUF_INIT(SPEC_JSON_MAX);
    struct spec_id id = {0};
    struct error err = ERROR_INIT;
    char text[SPEC_ID_TEXT_SIZE];
    bool same = spec_parse(s->spec, s->image, &spec, &err) == 0 &&
                spec_canonical(spec, false, &again) == 0 && spec_id(spec, SPEC_VERSION, &id) == 0 &&
                strcmp(buf_text(&again), s->spec) == 0;
    spec_id_format(&id, text);
    return json_pack("{s:s, s:s, s:s, s:s?, s:b, s:s, s:s, s:s?}", "name", s->name, "image",
                     s->image, "lifecycle", lifecycle_name(s->lifecycle), "idle_timeout",
                     s->idle_timeout, "job", s->job, "spec", s->spec, "id", text, "broken",
                     same ? NULL : "its canonical form is another one");
}

static json_t *told(const struct compose_project *p)
{
    json_t *rows = json_array(), *resources = json_array(), *warnings = json_array();
    for (size_t i = 0; i < p->n_services; i++)
        (void)json_array_append_new(rows, told_row(&p->services[i]));
    for (size_t i = 0; i < p->n_resources; i++) {
        const struct compose_resource *r = &p->resources[i];
        (void)json_array_append_new(resources, json_pack("{s:s, s:s, s:s?}", "kind", r->kind,
                                                         "name", r->engine_name, "body", r->body));
    }
    for (size_t i = 0; i < p->n_warnings; i++)
        (void)json_array_append_new(warnings, json_string(p->warnings[i]));
    return json_pack("{s:o, s:o, s:o}", "rows", rows, "resources", resources, "warnings", warnings);
}

static json_t *load(const struct compose_text *texts, size_t n, bool write)
{
    _cleanup_(buf_close) struct buf written = BUF_INIT(COMPOSE_FILE_MAX);
    struct compose_options options = {.env = no_variable};
    struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    if (compose_load_texts(&options, texts, n, &p, &err) < 0)
        return json_pack("{s:s}", "error", err.text);
    json_t *made = told(p);
    if (write && compose_write(p, &written, &err) < 0)
        (void)json_object_set_new(made, "broken", json_string(err.text));
    else if (write)
        (void)json_object_set_new(made, "written", json_string(buf_text(&written)));
    compose_project_free(p);
    return made;
}

static struct compose_text text_of(const char *text, size_t len, const char *folder)
{
    return (struct compose_text){.text = text,
                                 .len = len,
                                 .path = "/srv/demo/compose.yaml",
                                 .shown_as = "compose.yaml",
                                 .folder = folder};
}

static json_t *load_line(const char *line, size_t len, const char *folder)
{
    struct compose_text texts[TEXTS_MAX] = {text_of(line, len, folder)};
    if (line[0] != '[')
        return load(texts, 1, false);
    json_auto_t *list = json_loadb(line, len, 0, NULL);
    size_t n = json_array_size(list);
    if (n == 0 || n > TEXTS_MAX)
        return json_pack("{s:s}", "error", "no list of texts");
    for (size_t i = 0; i < n; i++) {
        const json_t *text = json_array_get(list, i);
        texts[i] = text_of(json_string_value(text), json_string_length(text), folder);
    }
    return load(texts, n, true);
}

int main(int argc, char **argv)
{
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    ssize_t len;
    if (argc != 2)
        return 2;
    while ((len = getline(&line, &size, stdin)) > 0) {
        json_t *made = load_line(line, (size_t)len, argv[1]);
        _cleanup_free_ char *text = json_dumps(made, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(made);
        if (!text || puts(text) < 0)
            return 1;
    }
    return 0;
}
