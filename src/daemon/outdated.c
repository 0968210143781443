/* SPDX-License-Identifier: MIT
 *
 * Whose container is of an older image than the one that its reference stands for at the engine
 * now: after a pull, or a build under the same tag.
 */
#include <string.h>
#include <utlist.h>

#include "daemon/fleet.h"

struct fleet_outdated {
    struct fleet_outdated *prev, *next;
    struct fleet *f;
    struct api_reply *reply;
    json_t *agents; /* {"name","image","container_image","current_image","outdated","error"} */
    json_t *images; /* reference to id; null: not asked yet */
    const char *asking;
};

static void free_outdated(struct fleet_outdated *o)
{
    DL_DELETE(o->f->outdated, o);
    json_decref(o->agents);
    json_decref(o->images);
    free(o);
}

/* The container under the agent's own name, not the spare of a recreate. */
static void on_row(void *ctx, const struct engine_container *c)
{
    struct fleet_outdated *o = ctx;
    struct observation seen;
    fleet_observe(o->f, c, &seen);
    const struct fleet_row *row = seen.ours ? fleet_find_row(o->f, seen.agent) : NULL;
    if (!row || strstr(c->name, ".."))
        return;
    (void)json_array_append_new(o->agents, json_pack("{s:s, s:s, s:s}", "name", row->name, "image",
                                                     row->image, "container_image", c->image_id));
    (void)json_object_set_new(o->images, row->image, json_null());
}

static void answer(struct fleet_outdated *o)
{
    size_t i;
    json_t *agent;
    json_array_foreach (o->agents, i, agent) {
        const char *image = json_string_value(json_object_get(agent, "image"));
        const json_t *now = json_object_get(json_object_get(o->images, image), "id");
        const json_t *error = json_object_get(json_object_get(o->images, image), "error");
        bool outdated =
            json_is_string(now) && !json_equal(now, json_object_get(agent, "container_image"));
        (void)json_object_set(agent, "current_image", (json_t *)(uintptr_t)now);
        (void)json_object_set(agent, "error", (json_t *)(uintptr_t)error);
        (void)json_object_set_new(agent, "outdated", json_boolean(outdated));
    }
    api_reply_json(o->reply, 200,
                   json_pack("{s:o}", "agents", view_sorted(steal(&o->agents), "name")));
    free_outdated(o);
}

static void ask_next(struct fleet_outdated *o);

static void on_image(void *ctx, const struct engine_result *result)
{
    struct fleet_outdated *o = ctx;
    json_t *found = result->outcome == ENGINE_DONE
                        ? json_pack("{s:s, s:n}", "id", result->id, "error")
                        : json_pack("{s:n, s:s}", "id", "error", result->error.text);
    (void)json_object_set_new(o->images, o->asking, found);
    ask_next(o);
}

static void ask_next(struct fleet_outdated *o)
{
    const char *image;
    json_t *known;
    json_object_foreach (o->images, image, known) {
        if (!json_is_null(known))
            continue;
        o->asking = image; /* a key lives as long as its entry */
        engine_image_id(o->f->engine, image, on_image, o);
        return;
    }
    answer(o);
}

static void on_listed(void *ctx, const struct engine_result *result)
{
    struct fleet_outdated *o = ctx;
    if (result->outcome == ENGINE_DONE) {
        ask_next(o);
        return;
    }
    api_reply_error(o->reply, &result->error);
    free_outdated(o);
}

void outdated_get(void *ctx, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (!fleet_look_at_table(f, reply) || !fleet_has_core(f, reply))
        return;
    struct fleet_outdated *o = calloc(1, sizeof(*o));
    if (o) {
        o->agents = json_array();
        o->images = json_object();
    }
    if (!o || !o->agents || !o->images) {
        if (o) {
            json_decref(o->agents);
            json_decref(o->images);
        }
        free(o);
        api_reply_problem(reply, 500, NULL, "out of memory");
        return;
    }
    o->f = f;
    o->reply = reply;
    DL_APPEND(f->outdated, o);
    engine_list(f->engine, NULL, on_row, on_listed, o);
}

/* Closing: who still waits is told so. */
void outdated_drop(struct fleet *f)
{
    struct fleet_outdated *o, *next;
    DL_FOREACH_SAFE(f->outdated, o, next)
    {
        api_reply_problem(o->reply, 503, "stopping",
                          "the daemon is stopping; ask again when it is back");
        free_outdated(o);
    }
}
