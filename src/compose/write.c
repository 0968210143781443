/* SPDX-License-Identifier: MIT
 *
 * Rows become a compose file again. What is written is read back before it is given, so that it is
 * never another fleet than the one it was written from.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compose/load.h"
#include "compose/resource.h"
#include "compose/write_yaml.h"

/* ---- services ---- */

static json_t *settings_of(const struct compose_service *s, json_t *spec)
{
    json_t *made = json_pack("{s:s}", "lifecycle", lifecycle_name(s->lifecycle));
    if (made && s->idle_timeout)
        (void)json_object_set_new(made, "idle_timeout", json_string(s->idle_timeout));
    if (made)
        (void)json_object_update(made, json_object_get(spec, "x-roost"));
    return made;
}

/* Keys are in the order of their table. The lifecycle is always written: without it a service that
 * somebody waits for would become a job. */
static json_t *service_json(const struct compose_service *s)
{
    json_auto_t *spec = json_loads(s->spec, 0, NULL);
    json_t *made = json_object();
    const char *key;
    for (size_t i = 0; spec && made && (key = spec_key_name(i)); i++) {
        json_t *value = strcmp(key, "image") == 0     ? json_string(s->image)
                        : strcmp(key, "x-roost") == 0 ? settings_of(s, spec)
                                                      : json_incref(json_object_get(spec, key));
        if (value)
            (void)json_object_set_new(made, key, value);
    }
    return made;
}

/* ---- the document ---- */

static void put_resources(const struct compose_project *p, const struct resource_kind *kind,
                          json_t *document)
{
    json_auto_t *made = json_object();
    for (size_t i = 0; i < p->n_resources; i++)
        if (strcmp(p->resources[i].kind, kind->name) == 0)
            (void)json_object_set_new(made, p->resources[i].key,
                                      resource_unread(p, &p->resources[i]));
    if (json_object_size(made) > 0)
        (void)json_object_set(document, kind->section, made);
}

static json_t *document_of(const struct compose_project *p)
{
    json_t *services = json_object();
    json_t *document = json_pack("{s:s, s:o}", "name", p->name, "services", services);
    for (size_t i = 0; document && i < p->n_services; i++)
        (void)json_object_set_new(services, p->services[i].name, service_json(&p->services[i]));
    put_resources(p, &resource_network, document);
    put_resources(p, &resource_volume, document);
    return document;
}

/* ---- reading it back ---- */

static const char *no_variable(void *ctx, const char *name)
{
    return NULL;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_service(const struct compose_service *a, const struct compose_service *b)
{
    return same(a->name, b->name) && a->lifecycle == b->lifecycle && same(a->image, b->image) &&
           same(a->idle_timeout, b->idle_timeout) && same(a->spec, b->spec);
}

/* The body of one that no file declares is made by whoever declares it. */
static bool same_resource(const struct compose_resource *a, const struct compose_resource *b)
{
    return same(a->engine_name, b->engine_name) && a->external == b->external &&
           (a->external || !a->body || same(a->body, b->body));
}

static const struct compose_resource *find_resource(const struct compose_project *p,
                                                    const struct compose_resource *like)
{
    for (size_t i = 0; i < p->n_resources; i++)
        if (same(p->resources[i].kind, like->kind) && same(p->resources[i].key, like->key))
            return &p->resources[i];
    return NULL;
}

static int differs(const char *what, const char *name, struct error *err)
{
    return error_set(err, -EINVAL, ERROR_INVALID, "not_a_file",
                     "no compose file says what the table says of the %s \"%s\"; apply its file "
                     "again, or set it anew",
                     what, name);
}

static int compare(const struct compose_project *p, const struct compose_project *read,
                   struct error *err)
{
    for (size_t i = 0; i < p->n_services; i++)
        if (i >= read->n_services || !same_service(&p->services[i], &read->services[i]))
            return differs("agent", p->services[i].name, err);
    for (size_t i = 0; i < read->n_resources; i++) {
        const struct compose_resource *res = find_resource(p, &read->resources[i]);
        if (!res || !same_resource(res, &read->resources[i]))
            return differs(read->resources[i].kind, read->resources[i].key, err);
    }
    return 0;
}

/* All paths are absolute, and there is no .env in it. */
#define NO_FOLDER "/dev/null"

static int read_back(const struct compose_project *p, const struct buf *text, struct error *err)
{
    struct compose_options options = {.env = no_variable};
    struct compose_text file = {.text = buf_text(text),
                                .len = text->len,
                                .path = "/compose.yaml",
                                .shown_as = "export",
                                .folder = NO_FOLDER};
    struct compose_project *read = NULL;
    int r = compose_load_texts(&options, &file, 1, &read, err);
    if (r == -EINVAL)
        return error_wrap(err, r, "what the table says is no compose file that could be applied");
    if (r == 0)
        r = compare(p, read, err);
    compose_project_free(read);
    return r;
}

int compose_write(const struct compose_project *project, struct buf *ret_text, struct error *err)
{
    json_auto_t *document = document_of(project);
    _cleanup_(buf_close) struct buf text = BUF_INIT(COMPOSE_FILE_MAX);
    int r = document ? write_yaml(document, &text) : -ENOMEM;
    if (r == -EFBIG)
        return error_set(err, r, ERROR_FAILED, "too_large",
                         "the table is larger than a compose file may be, %u bytes",
                         COMPOSE_FILE_MAX);
    if (r == 0)
        r = read_back(project, &text, err);
    if (r == 0)
        r = buf_append(ret_text, text.data, text.len);
    return r == -ENOMEM ? error_set(err, r, ERROR_FAILED, NULL, "out of memory") : r;
}
