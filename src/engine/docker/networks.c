/* SPDX-License-Identifier: MIT
 *
 * Networks and volumes. Both are looked up before they are made: an engine would make a second
 * network of the same name, and answers the creation of a volume that exists as if it were new.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/docker/call.h"
#include "engine/docker/parse.h"

struct making {
    struct call *call;
    const char *path; /* of the create call */
    char *body;
    json_t *same;    /* the networks of its name that are there; NULL before they were looked up */
    size_t removing; /* the one of them that is being removed */
};

static void making_drop(void *ctx)
{
    struct making *m = ctx;
    call_drop(m->call);
    free(m->body);
    json_decref(m->same);
    free(m);
}

static void finish(struct making *m, const struct engine_result *result)
{
    call_finish(steal(&m->call), result);
    making_drop(m);
}

static struct request_spec spec_of(struct making *m, const char *method, enum lane lane,
                                   answer_fn *on_answer)
{
    return call_spec(m->call->engine, method, lane, on_answer, making_drop, m);
}

static void on_made(void *ctx, const struct answer *answer)
{
    struct making *m = ctx;
    struct engine_result result = {0};
    result.outcome = answer_judge(m->call->kind, m->call->subject, answer, &result.error);
    json_t *root = NULL;
    if (result.outcome == ENGINE_DONE) {
        root = parse_json(answer->body, answer->len);
        /* A volume has no id. */
        result.id = json_string_value(json_object_get(root, "Id"));
        if (!json_is_object(root) || (m->call->kind == CALL_NETWORK_CREATE && !result.id))
            result.outcome =
                answer_not_understood(m->call->kind, m->call->subject,
                                      "the answer does not tell what was made", &result.error);
    }
    finish(m, &result);
    json_decref(root);
}

static void make(struct making *m)
{
    struct request_spec spec = spec_of(m, "POST", LANE_BULK, on_made);
    spec.body = m->body;
    spec.body_len = strlen(m->body);
    call_send(m->call->engine, &spec, m->path, NULL, NULL);
}

/* The networks of just this name; the engine's filter also gives those that contain it. */
static json_t *find_same(json_t *list, const char *name)
{
    json_t *same = json_array(), *network;
    size_t i;
    json_array_foreach (list, i, network) {
        const char *its = json_string_value(json_object_get(network, "Name"));
        if (its && strcmp(its, name) == 0 && json_is_string(json_object_get(network, "Id")))
            (void)json_array_append(same, network);
    }
    return same;
}

/* More than one of a name, which no container can join any more ("network x is ambiguous"): a
 * create whose client was killed was carried out beside the next client's. Those that roost made
 * may go, the last one first. Returns its place among those of the name, before `end`, or -1. */
static int last_of_ours(json_t *same, size_t end)
{
    for (size_t i = end; i-- > 0;)
        if (json_object_get(json_object_get(json_array_get(same, i), "Labels"), "roost.fleet"))
            return (int)i;
    return -1;
}

static const char *id_at(json_t *same, size_t i)
{
    return json_string_value(json_object_get(json_array_get(same, i), "Id"));
}

static void remove_surplus(struct making *m, size_t end);

/* One that is in use stays: then another goes. */
static void on_surplus_removed(void *ctx, const struct answer *answer)
{
    struct making *m = ctx;
    if (answer_judge(CALL_NETWORK_REMOVE, m->call->subject, answer, NULL) == ENGINE_BUSY) {
        remove_surplus(m, m->removing);
        return;
    }
    (void)json_array_remove(m->same, m->removing);
    finish(m, &(struct engine_result){.outcome = ENGINE_ALREADY, .id = id_at(m->same, 0)});
}

static void remove_surplus(struct making *m, size_t end)
{
    int at = json_array_size(m->same) > 1 ? last_of_ours(m->same, end) : -1;
    if (at < 0) {
        finish(m, &(struct engine_result){.outcome = ENGINE_ALREADY, .id = id_at(m->same, 0)});
        return;
    }
    m->removing = (size_t)at;
    struct request_spec spec = spec_of(m, "DELETE", LANE_BULK, on_surplus_removed);
    call_send(m->call->engine, &spec, "/networks/%s", id_at(m->same, m->removing), NULL);
}

static void on_networks(void *ctx, const struct answer *answer)
{
    struct making *m = ctx;
    struct engine_result result = {0};
    const char *name = m->call->subject;
    result.outcome = answer_judge(CALL_NETWORK_LIST, name, answer, &result.error);
    json_t *list = NULL;
    if (result.outcome == ENGINE_DONE) {
        list = parse_json(answer->body, answer->len);
        m->same = find_same(list, name);
        if (!json_is_array(list))
            result.outcome = answer_not_understood(
                CALL_NETWORK_LIST, name, "the answer is not a list of networks", &result.error);
    }
    json_decref(list);
    /* Looking has changed nothing. */
    if (result.outcome == ENGINE_UNKNOWN)
        result.outcome = ENGINE_UNREACHABLE;
    if (result.outcome != ENGINE_DONE)
        finish(m, &result);
    else if (json_array_size(m->same) > 0)
        remove_surplus(m, json_array_size(m->same));
    else
        make(m);
}

static struct making *making_new(struct engine *engine, enum call_kind kind, const char *path,
                                 const char *name, const char *body, engine_done_fn *done,
                                 void *ctx)
{
    struct making *m = call_alloc(sizeof(*m));
    m->call = call_new(engine, kind, name, done, ctx);
    m->path = path;
    m->body = call_copy(body);
    return m;
}

void engine_network_create(struct engine *engine, const char *name, const char *body,
                           engine_done_fn *done, void *ctx)
{
    struct making *m =
        making_new(engine, CALL_NETWORK_CREATE, "/networks/create", name, body, done, ctx);
    struct request_spec spec = spec_of(m, "GET", LANE_READ, on_networks);
    _cleanup_free_ char *filter = call_filter("name", name);
    call_send(engine, &spec, "/networks?filters=%s", filter, NULL);
}

static void on_volume(void *ctx, const struct answer *answer)
{
    struct making *m = ctx;
    struct engine_result result = {0};
    result.outcome = answer_judge(CALL_VOLUME_INSPECT, m->call->subject, answer, &result.error);
    if (result.outcome == ENGINE_NOT_FOUND) {
        make(m);
        return;
    }
    if (result.outcome == ENGINE_DONE)
        result.outcome = ENGINE_ALREADY;
    else if (result.outcome == ENGINE_UNKNOWN)
        result.outcome = ENGINE_UNREACHABLE; /* looking has changed nothing */
    finish(m, &result);
}

void engine_volume_create(struct engine *engine, const char *name, const char *body,
                          engine_done_fn *done, void *ctx)
{
    struct making *m =
        making_new(engine, CALL_VOLUME_CREATE, "/volumes/create", name, body, done, ctx);
    struct request_spec spec = spec_of(m, "GET", LANE_READ, on_volume);
    call_send(engine, &spec, "/volumes/%s", name, NULL);
}

static void remove_thing(struct engine *engine, enum call_kind kind, const char *path,
                         const char *name, engine_done_fn *done, void *ctx)
{
    struct request_spec spec = call_spec(engine, "DELETE", LANE_BULK, call_answer, call_drop,
                                         call_new(engine, kind, name, done, ctx));
    call_send(engine, &spec, path, name, NULL);
}

void engine_network_remove(struct engine *engine, const char *name, engine_done_fn *done, void *ctx)
{
    remove_thing(engine, CALL_NETWORK_REMOVE, "/networks/%s", name, done, ctx);
}

void engine_volume_remove(struct engine *engine, const char *name, engine_done_fn *done, void *ctx)
{
    remove_thing(engine, CALL_VOLUME_REMOVE, "/volumes/%s", name, done, ctx);
}
