/* SPDX-License-Identifier: MIT
 *
 * The engine's event stream and its pulse: what happens there becomes events of the core; whether
 * it is there at all is told once each way.
 *
 * The stream is opened before the first listing, so nothing can fall between the two. When it ends
 * it is opened again at once, from a moment before the last event; what was lost in between, the
 * listing after it shows. A stream that is silently dead is found by the ping, which fails three
 * times in a row, and by the listing each 30 s.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"
#include "daemon/fleet.h"

#define PING_MS    5000
#define PINGS_MAX  3
#define REOPEN_MS  1000
#define HEADERS_MS 2000 /* podman 5 sends no headers before its first event */
#define OVERLAP_NS ((int64_t)NS_PER_S)

static void open_stream(struct fleet *f);

static void step(struct fleet *f, enum core_event_kind kind, const char *words)
{
    struct core_event event = {.kind = kind, .words = words};
    fleet_step(f, &event);
}

static void lost(struct fleet *f, const struct error *why)
{
    if (f->watch.lost)
        return;
    f->watch.lost = true;
    f->engine_lost = true;
    f->engine_error = *why;
    log_error("engine lost: %s", why->text);
    step(f, CORE_ENGINE_LOST, why->text);
    fleet_take_early(f);
}

static void found(struct fleet *f)
{
    if (!f->watch.lost)
        return;
    f->watch.lost = false;
    f->engine_lost = false;
    log_info("engine is back");
    step(f, CORE_ENGINE_RESTORED, NULL);
}

/* The stream is there (or as good as): now a listing sees all that it does not. */
static void stream_is_open(struct fleet *f)
{
    if (f->watch.open)
        return;
    f->watch.open = true;
    f->watch.tries = 0;
    (void)uv_timer_stop(&f->watch.headers);
    found(f);
    if (f->watch.listed_once)
        step(f, CORE_LOOK, NULL);
    else
        f->watching(f->ctx);
    f->watch.listed_once = true;
}

static void on_opened(void *ctx)
{
    stream_is_open(ctx);
}

static void on_headers_late(uv_timer_t *timer)
{
    stream_is_open(timer->data);
}

static bool action_of(const char *word, enum engine_action *ret_action)
{
    static const struct {
        const char *word;
        enum engine_action action;
    } words[] = {
        {"create", ENGINE_EVENT_CREATE},
        {"start", ENGINE_EVENT_START},
        {"die", ENGINE_EVENT_DIE},
        {"kill", ENGINE_EVENT_KILL},
        {"stop", ENGINE_EVENT_STOP},
        {"restart", ENGINE_EVENT_RESTART},
        {"pause", ENGINE_EVENT_PAUSE},
        {"unpause", ENGINE_EVENT_UNPAUSE},
        {"rename", ENGINE_EVENT_RENAME},
        {"update", ENGINE_EVENT_UPDATE},
        {"oom", ENGINE_EVENT_OOM},
        {"destroy", ENGINE_EVENT_DESTROY},
        {"remove", ENGINE_EVENT_DESTROY}, /* podman's word */
        {"health_status", ENGINE_EVENT_HEALTH},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(word, words[i].word) == 0) {
            *ret_action = words[i].action;
            return true;
        }
    return false;
}

/* The overlap of two streams brings events twice: a short memory of what was seen tells. */
static bool seen_before(struct fleet *f, const struct engine_event *event)
{
    struct fleet_seen seen = {.time_ns = event->time_ns};
    uint8_t digest[SHA256_SIZE];
    char text[256];
    int len = snprintf(text, sizeof(text), "%s %s", event->id, event->action);
    sha256(text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1, digest);
    memcpy(&seen.mark, digest, sizeof(seen.mark));
    for (size_t i = 0; i < ARRAY_LEN(f->watch.seen); i++)
        if (f->watch.seen[i].time_ns == seen.time_ns && f->watch.seen[i].mark == seen.mark)
            return true;
    f->watch.seen[f->watch.next_seen++ % ARRAY_LEN(f->watch.seen)] = seen;
    return false;
}

static void on_event(void *ctx, const struct engine_event *event)
{
    struct fleet *f = ctx;
    struct core_event next = {.kind = CORE_ENGINE_EVENT};
    stream_is_open(f);
    if (event->time_ns > f->watch.last_ns)
        f->watch.last_ns = event->time_ns;
    if (!action_of(event->action, &next.news.action) ||
        hex_parse(event->id, next.news.id, CONTAINER_ID_SIZE) < 0 || seen_before(f, event))
        return;
    bool ours = event->label_db && event->label_fleet && event->label_agent &&
                store_has_uid(f->store, event->label_db) &&
                strcmp(event->label_fleet, store_fleet(f->store)) == 0;
    next.news.name = event->name;
    const struct fleet_taken *taken = ours ? NULL : fleet_find_taken(f, next.news.id);
    next.news.agent = ours ? event->label_agent : taken ? taken->agent : "";
    next.news.signal = event->signal;
    next.news.has_exit_code = event->exit_code >= 0;
    next.news.exit_code = event->exit_code;
    next.news.health = event->health;
    next.news.time_ns = event->time_ns;
    fleet_step(f, &next);
}

static void on_reopen(uv_timer_t *timer)
{
    open_stream(timer->data);
}

/* The first try comes at once: a cut stream is not a lost engine. A try that fails is. */
static void on_ended(void *ctx, const struct error *why)
{
    struct fleet *f = ctx;
    bool failed = !f->watch.open;
    f->watch.open = false;
    (void)uv_timer_stop(&f->watch.headers);
    if (failed)
        lost(f, why);
    else
        log_debug("the event stream ended: %s", why->text);
    (void)uv_timer_start(&f->watch.reopen, on_reopen, f->watch.tries++ == 0 ? 0 : REOPEN_MS, 0);
}

static void open_stream(struct fleet *f)
{
    static const struct engine_events_handler handler = {on_opened, on_event, on_ended};
    struct error err = ERROR_INIT;
    int64_t since_ns = f->watch.last_ns > OVERLAP_NS ? f->watch.last_ns - OVERLAP_NS : 0;
    if (engine_events_open(f->engine, since_ns, &handler, f, &err) < 0) {
        on_ended(f, &err);
        return;
    }
    (void)uv_timer_start(&f->watch.headers, on_headers_late, HEADERS_MS, 0);
}

static void on_pong(void *ctx, const struct engine_result *result)
{
    struct fleet *f = ctx;
    f->watch.pinging = false;
    if (result->outcome == ENGINE_DONE) {
        f->watch.pings_failed = 0;
        return;
    }
    if (++f->watch.pings_failed < PINGS_MAX || f->watch.lost)
        return;
    lost(f, &result->error);
    /* A hung engine's stream may never end by itself. */
    engine_events_close(f->engine);
    f->watch.open = false;
    (void)uv_timer_start(&f->watch.reopen, on_reopen, REOPEN_MS, 0);
}

static void on_ping(uv_timer_t *timer)
{
    struct fleet *f = timer->data;
    if (f->watch.pinging)
        return;
    f->watch.pinging = true;
    engine_ping(f->engine, on_pong, f);
}

void fleet_watch(struct fleet *f)
{
    uv_timer_t *timers[] = {&f->watch.ping, &f->watch.reopen, &f->watch.headers};
    for (size_t i = 0; i < ARRAY_LEN(timers); i++) {
        (void)uv_timer_init(f->loop, timers[i]);
        timers[i]->data = f;
    }
    f->watch.running = true;
    (void)uv_timer_start(&f->watch.ping, on_ping, PING_MS, PING_MS);
    open_stream(f);
}

void fleet_watch_close(struct fleet *f)
{
    if (!f->watch.running)
        return;
    f->watch.running = false;
    uv_close((uv_handle_t *)&f->watch.ping, NULL);
    uv_close((uv_handle_t *)&f->watch.reopen, NULL);
    uv_close((uv_handle_t *)&f->watch.headers, NULL);
}
