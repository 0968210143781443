/* SPDX-License-Identifier: MIT
 *
 * Loads compose files from standard input, one a line (as JSON, which is YAML), and says of each on
 * a line of its own what came of it: {"error"} or {"rows", "resources", "warnings"}.
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

static const char *no_variable(void *ctx, const char *name)
{
    return NULL;
}

static json_t *told(const struct compose_project *p)
{
    json_t *rows = json_array(), *resources = json_array(), *warnings = json_array();
    for (size_t i = 0; i < p->n_services; i++) {
        const struct compose_service *s = &p->services[i];
        (void)json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s}", "name", s->name,
                                                    "image", s->image, "lifecycle",
                                                    lifecycle_name(s->lifecycle), "spec", s->spec));
    }
    for (size_t i = 0; i < p->n_resources; i++) {
        const struct compose_resource *r = &p->resources[i];
        (void)json_array_append_new(resources, json_pack("{s:s, s:s, s:s?}", "kind", r->kind,
                                                         "name", r->engine_name, "body", r->body));
    }
    for (size_t i = 0; i < p->n_warnings; i++)
        (void)json_array_append_new(warnings, json_string(p->warnings[i]));
    return json_pack("{s:o, s:o, s:o}", "rows", rows, "resources", resources, "warnings", warnings);
}

static json_t *load(const char *line, size_t len, const char *folder)
{
    struct compose_options options = {.env = no_variable};
    struct compose_text text = {.text = line,
                                .len = len,
                                .path = "/srv/demo/compose.yaml",
                                .shown_as = "compose.yaml",
                                .folder = folder};
    struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    if (compose_load_texts(&options, &text, 1, &p, &err) < 0)
        return json_pack("{s:s}", "error", err.text);
    json_t *made = told(p);
    compose_project_free(p);
    return made;
}

int main(int argc, char **argv)
{
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    ssize_t len;
    if (argc != 2)
        return 2;
    while ((len = getline(&line, &size, stdin)) > 0) {
        json_t *made = load(line, (size_t)len, argv[1]);
        _cleanup_free_ char *text = json_dumps(made, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(made);
        if (!text || puts(text) < 0)
            return 1;
    }
    return 0;
}
