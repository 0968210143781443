/* SPDX-License-Identifier: MIT
 *
 * Pulls that somebody asks for: the images of one agent or of all.
 */
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "daemon/fleet.h"

struct fleet_puller {
    struct fleet_puller *prev, *next;
    struct fleet *f;
    struct api_reply *reply;
    json_t *images; /* by label: {"image","platform","agents","pulled","error"} */
    size_t waiting;
};

static void free_puller(struct fleet_puller *p)
{
    DL_DELETE(p->f->pullers, p);
    json_decref(p->images);
    free(p);
}

/* The entries alone. NULL: out of memory. */
static json_t *values_of(json_t *images)
{
    const char *label;
    json_t *image, *list = json_array();
    json_object_foreach (images, label, image) {
        if (json_array_append(list, image) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static void answer(struct fleet_puller *p)
{
    api_reply_json(p->reply, 200,
                   json_pack("{s:o}", "images", view_sorted(values_of(p->images), "image")));
    free_puller(p);
}

static void on_news(void *ctx, const char *label, const struct engine_pull_news *news)
{
    struct fleet_puller *p = ctx;
    api_reply_progress(p->reply,
                       json_pack("{s:s, s:s, s:s, s:I, s:I}", "image", label, "layer", news->layer,
                                 "status", news->status, "current", (json_int_t)news->current,
                                 "total_bytes", (json_int_t)news->total));
}

static void note_end(struct fleet_puller *p, const char *label, const char *error)
{
    json_t *entry = json_object_get(p->images, label);
    (void)json_object_set_new(entry, "pulled", json_boolean(!error));
    (void)json_object_set_new(entry, "error", error ? json_string(error) : json_null());
    if (--p->waiting == 0)
        answer(p);
}

static void on_pulled(void *ctx, const char *label, const struct engine_result *result)
{
    note_end(ctx, label, result->outcome == ENGINE_DONE ? NULL : result->error.text);
}

/* Of all agents those whose images nobody is to pull are left out; who is named is meant. */
static bool is_meant(const struct fleet_row *row, bool named)
{
    if (!row->spec)
        return false;
    enum pull_policy policy = spec_settings(row->spec)->pull;
    return policy != PULL_BUILD && (named || policy != PULL_NEVER);
}

static bool add(struct fleet_puller *p, const struct fleet_row *row)
{
    const char *platform = spec_settings(row->spec)->platform;
    _cleanup_free_ char *label = fleet_pull_label(row->image, platform);
    if (!label)
        return false;
    json_t *entry = json_object_get(p->images, label);
    if (!entry) {
        entry = json_pack("{s:s, s:s?, s:[]}", "image", row->image, "platform", platform, "agents");
        if (json_object_set_new(p->images, label, entry) < 0)
            return false;
    }
    return json_array_append_new(json_object_get(entry, "agents"), json_string(row->name)) == 0;
}

/* What cannot be read has an image all the same, and nobody knows how to pull it. No label begins
 * with a space. */
static bool add_invalid(struct fleet_puller *p, const struct fleet_row *row)
{
    char key[AGENT_NAME_MAX + 2];
    (void)snprintf(key, sizeof(key), " %s", row->name);
    return json_object_set_new(p->images, key,
                               json_pack("{s:s, s:n, s:[s], s:b, s:s}", "image", row->image,
                                         "platform", "agents", row->name, "pulled", 0, "error",
                                         row->invalid)) == 0;
}

/* NULL: all of the fleet. False: out of memory. */
static bool add_meant(struct fleet_puller *p, const struct fleet_row *agent)
{
    bool added = true;
    if (agent)
        return add(p, agent);
    for (const struct fleet_row *row = p->f->rows; row; row = row->hh.next) {
        if (!row->spec)
            added = added && add_invalid(p, row);
        else if (is_meant(row, false))
            added = added && add(p, row);
    }
    return added;
}

static void begin(struct fleet_puller *p)
{
    const char *label;
    json_t *entry;
    p->waiting = json_object_size(p->images) + 1; /* one is this loop */
    json_object_foreach (p->images, label, entry)
        if (json_object_get(entry, "error"))
            p->waiting--;
        else if (fleet_pull(p->f, json_string_value(json_object_get(entry, "image")),
                            json_string_value(json_object_get(entry, "platform")), on_news,
                            on_pulled, p) < 0)
            note_end(p, label, "out of memory");
    if (--p->waiting == 0)
        answer(p);
}

static bool refuse(struct fleet *f, const struct fleet_row *row, const char *agent,
                   struct api_reply *reply)
{
    struct error err = ERROR_INIT;
    if (!row)
        api_reply_error(reply, (store_agent_not_found(f->store, agent, &err), &err));
    else if (!row->spec)
        api_reply_problem(reply, 422, "invalid_spec", "%s: %s", agent, row->invalid);
    else if (!is_meant(row, true))
        api_reply_problem(reply, 409, "built",
                          "%s: its image %s is built, not pulled; `docker compose build` makes it",
                          agent, row->image);
    else
        return false;
    return true;
}

void pulls_pull(void *ctx, const char *agent, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (!fleet_look_at_table(f, reply) || !fleet_has_core(f, reply))
        return;
    const struct fleet_row *row = agent ? fleet_find_row(f, agent) : NULL;
    if (agent && refuse(f, row, agent, reply))
        return;
    struct fleet_puller *p = calloc(1, sizeof(*p));
    if (p) {
        p->f = f;
        p->reply = reply;
        p->images = json_object();
        DL_APPEND(f->pullers, p);
    }
    if (p && p->images && add_meant(p, row)) {
        begin(p);
        return;
    }
    api_reply_problem(reply, 500, NULL, "out of memory");
    if (p)
        free_puller(p);
}

/* Closing: who still waits is told so. */
void pulls_drop(struct fleet *f)
{
    struct fleet_puller *p, *next;
    DL_FOREACH_SAFE(f->pullers, p, next)
    {
        api_reply_problem(p->reply, 503, "stopping",
                          "the daemon is stopping; ask again when it is back");
        free_puller(p);
    }
}
