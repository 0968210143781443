/* SPDX-License-Identifier: MIT
 *
 * Events for those who ask: pages, and streams that go on. A stream is fed from the table, after
 * the commit, so what it shows is what a page would show.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/fleet.h"

/* Events are kept for so long, and so many; dropped in small bites. */
#define KEEP_MS   ((int64_t)30 * 24 * 3600 * 1000)
#define KEEP      100000
#define PRUNE_MAX 500

#define BITE 256

struct fleet_follower {
    struct fleet_follower *next;
    struct fleet *f;
    struct api_stream *stream;
    int64_t after;
    int64_t since_ms;
    bool full; /* the client does not keep up: it is told of room */
    char kind[64];
    char agent[AGENT_NAME_MAX + 1];
};

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *event_json(const struct store_event *event)
{
    char time[TIME_TEXT_SIZE];
    json_error_t at;
    time_format(event->time_ms, time);
    json_t *detail = json_loads(event->detail, 0, &at);
    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:s, s:o}", "id", (json_int_t)event->id,
                     "time", time, "kind", event->kind, "agent", text_or_null(event->agent),
                     "lifecycle", text_or_null(event->lifecycle), "state",
                     text_or_null(event->state), "reason", event->reason, "detail",
                     detail ? detail : json_object());
}

static int add_event(void *ctx, const struct store_event *event)
{
    return json_array_append_new(ctx, event_json(event));
}

static struct store_event_query query_of(const struct api_events *what)
{
    return (struct store_event_query){.after = what->after,
                                      .kind = what->kind,
                                      .agent = what->agent,
                                      .since_ms = what->since_ms,
                                      .limit = what->limit,
                                      .newest = what->newest};
}

json_t *follow_json(struct fleet *f, const struct api_events *what, struct error *err)
{
    struct store_event_query query = query_of(what);
    json_t *events = json_array();
    if (store_read_events(f->store, &query, add_event, events, err) == 0)
        return events;
    json_decref(events);
    return NULL;
}

void follow_page(void *ctx, const struct api_events *what, struct api_reply *reply)
{
    struct error err = ERROR_INIT;
    json_t *events = follow_json(ctx, what, &err);
    if (events)
        api_reply_json(reply, 200, json_pack("{s:o}", "events", events));
    else
        api_reply_error(reply, &err);
}

/* What is refused for want of room is read again when there is some. */
static int send_event(void *ctx, const struct store_event *event)
{
    struct fleet_follower *follower = ctx;
    follower->full = !api_stream_send(follower->stream, event->id, event->kind, event_json(event));
    if (follower->full)
        return 1;
    follower->after = event->id;
    return 0;
}

static void catch_up(struct fleet *f, struct fleet_follower *follower)
{
    struct error err = ERROR_INIT;
    struct store_event_query query = {
        .after = follower->after,
        .kind = follower->kind[0] ? follower->kind : NULL,
        .agent = follower->agent[0] ? follower->agent : NULL,
        .since_ms = follower->since_ms,
        .limit = BITE,
    };
    int64_t before;
    follower->full = false;
    do {
        before = follower->after;
        if (store_read_events(f->store, &query, send_event, follower, &err) < 0)
            log_warning("events cannot be read: %s", err.text);
        query.after = follower->after;
    } while (follower->after != before && !follower->full);
}

static void on_gone(void *ctx)
{
    struct fleet_follower *gone = ctx;
    struct fleet_follower **p = &gone->f->followers;
    while (*p != gone)
        p = &(*p)->next;
    *p = gone->next;
    free(gone);
}

static void on_room(void *ctx)
{
    struct fleet_follower *follower = ctx;
    catch_up(follower->f, follower);
}

void follow_stream(void *ctx, const struct api_events *what, struct api_stream *stream)
{
    struct fleet *f = ctx;
    struct fleet_follower *follower = calloc(1, sizeof(*follower));
    if (!follower) {
        api_stream_end(stream);
        return;
    }
    follower->f = f;
    follower->stream = stream;
    follower->after = what->after == API_EVENTS_FROM_NOW ? f->last_event : what->after;
    follower->since_ms = what->since_ms;
    (void)snprintf(follower->kind, sizeof(follower->kind), "%s", what->kind ? what->kind : "");
    (void)snprintf(follower->agent, sizeof(follower->agent), "%s", what->agent ? what->agent : "");
    follower->next = f->followers;
    f->followers = follower;
    api_stream_listen(stream, on_gone, on_room, follower);
    catch_up(f, follower);
}

void follow_tell(struct fleet *f)
{
    if (f->events_told == f->last_event)
        return;
    f->events_told = f->last_event;
    for (struct fleet_follower *follower = f->followers; follower; follower = follower->next)
        if (!follower->full)
            catch_up(f, follower);
}

void follow_drop(struct fleet *f)
{
    while (f->followers) {
        struct fleet_follower *follower = f->followers;
        f->followers = follower->next;
        api_stream_end(follower->stream);
        free(follower);
    }
}

static int note_id(void *ctx, const struct store_event *event)
{
    *(int64_t *)ctx = event->id;
    return 0;
}

static int newest_id(struct fleet *f, const char *kind, int64_t *ret_id, struct error *err)
{
    struct store_event_query query = {.kind = kind, .limit = 1, .newest = true};
    *ret_id = 0;
    return store_read_events(f->store, &query, note_id, ret_id, err);
}

int follow_remember(struct fleet *f, struct error *err)
{
    int64_t lost = 0, restored = 0;
    int r = newest_id(f, NULL, &f->last_event, err);
    if (r == 0)
        r = newest_id(f, event_kind_name(EVENT_ENGINE_LOST), &lost, err);
    if (r == 0)
        r = newest_id(f, event_kind_name(EVENT_ENGINE_RESTORED), &restored, err);
    f->events_told = f->last_event;
    f->watch.lost = lost > restored;
    return r;
}

void follow_prune(struct fleet *f)
{
    struct error err = ERROR_INIT;
    if (store_prune_events(f->store, clock_wall_ms() - KEEP_MS, KEEP, PRUNE_MAX, &err) < 0)
        log_warning("old events cannot be dropped: %s", err.text);
}
