/* SPDX-License-Identifier: MIT */
#include "cli/top_work.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cli/overview.h"

#define LOOK_EACH_S 1
#define SILENCE_MS  10000 /* for answers that come at once, or within seconds */

/* Looking ---------------------------------------------------------------------------------------
 */

static int get(const struct cli *cli, const char *path, bool (*stop)(void *ctx), void *stop_ctx,
               json_t **ret_json, struct error *err)
{
    struct api_client how = {.silence_ms = SILENCE_MS, .stop = stop, .stop_ctx = stop_ctx};
    return cli_ask(cli, &how, "GET", path, NULL, ret_json, err);
}

static void replace(json_t **place, json_t *steal_new)
{
    json_decref(*place);
    *place = steal_new;
}

/* The first look takes the last thousand events, each later one what came since. */
static int look_events(const struct cli *cli, struct top_look *look, bool (*stop)(void *ctx),
                       void *stop_ctx, struct error *err)
{
    char path[80];
    json_auto_t *page = NULL;
    if (look->after > 0)
        (void)snprintf(path, sizeof(path), "/v1/events?limit=1000&after=%" PRId64, look->after);
    else
        (void)snprintf(path, sizeof(path), "/v1/events?limit=1000&newest=1");
    int r = get(cli, path, stop, stop_ctx, &page, err);
    if (!look->last)
        look->last = json_object();
    if (r == 0)
        look->after = overview_note_events(look->last, page, look->after);
    return r;
}

int top_look_state(const struct cli *cli, struct top_look *look, bool (*stop)(void *ctx),
                   void *stop_ctx, struct error *err)
{
    json_t *agents = NULL;
    int r = get(cli, "/v1/agents", stop, stop_ctx, &agents, err);
    if (r == 0)
        replace(&look->agents, agents);
    return r == 0 ? look_events(cli, look, stop, stop_ctx, err) : r;
}

int top_look_stats(const struct cli *cli, struct top_look *look, bool (*stop)(void *ctx),
                   void *stop_ctx, struct error *err)
{
    json_t *stats = NULL;
    int r = get(cli, "/v1/stats", stop, stop_ctx, &stats, err);
    if (r == 0)
        replace(&look->stats, stats);
    return r;
}

void top_look_close(struct top_look *look)
{
    json_decref(look->last);
    json_decref(look->agents);
    json_decref(look->stats);
    *look = (struct top_look){0};
}

/* Between the threads ---------------------------------------------------------------------------
 */

static bool is_stopped(void *ctx)
{
    struct top_work *work = ctx;
    (void)pthread_mutex_lock(&work->lock);
    bool stop = work->stop;
    (void)pthread_mutex_unlock(&work->lock);
    return stop;
}

static void tell(struct top_work *work)
{
    (void)eventfd_write(work->news, 1);
}

/* `steal_overview` NULL: nothing new was seen, for this reason. */
static void publish(struct top_work *work, json_t *steal_overview, const char *why)
{
    (void)pthread_mutex_lock(&work->lock);
    if (steal_overview)
        replace(&work->overview, steal_overview);
    (void)snprintf(work->look_error, sizeof(work->look_error), "%s", why);
    (void)pthread_mutex_unlock(&work->lock);
    tell(work);
}

static void pass_time(struct top_work *work)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += LOOK_EACH_S;
    (void)pthread_mutex_lock(&work->lock);
    while (!work->stop && !work->look_now &&
           pthread_cond_timedwait(&work->wake, &work->lock, &at) != ETIMEDOUT)
        continue;
    work->look_now = false;
    (void)pthread_mutex_unlock(&work->lock);
}

/* A copy: what is handed over is the other thread's alone. */
static json_t *joined(const struct top_look *look)
{
    json_t *overview = overview_join(look->agents, look->stats, look->last);
    json_t *copy = json_deep_copy(overview);
    json_decref(overview);
    return copy;
}

/* States first: figures take the engine up to a second. Without an engine there are none. */
static void look_once(struct top_work *work, struct top_look *look)
{
    struct error err = ERROR_INIT;
    int r = top_look_state(work->cli, look, is_stopped, work, &err);
    if (r != 0) {
        publish(work, NULL, r == CALL_NO_DAEMON ? "no daemon runs; waiting for it" : err.text);
        return;
    }
    publish(work, joined(look), "");
    if (is_stopped(work))
        return;
    if (top_look_stats(work->cli, look, is_stopped, work, &err) != 0)
        replace(&look->stats, NULL);
    publish(work, joined(look), "");
}

static void *run_looker(void *ctx)
{
    struct top_work *work = ctx;
    struct top_look look = {0};
    while (!is_stopped(work)) {
        look_once(work, &look);
        pass_time(work);
    }
    top_look_close(&look);
    return NULL;
}

/* Wishes ----------------------------------------------------------------------------------------
 */

static const struct {
    const char *method;
    const char *rest; /* of the agent's path */
    const char *done;
} wishes[] = {
    [TOP_WAKE] = {"POST", "/wake", "woken for 5 minutes"},
    [TOP_SLEEP] = {"POST", "/sleep", "put to sleep"},
    [TOP_HOLD] = {"PUT", "/hold", "held: left alone"},
    [TOP_UNHOLD] = {"DELETE", "/hold", "no longer held"},
};

static void carry_out(struct top_work *work, enum top_wish wish, const char *agent)
{
    struct error err = ERROR_INIT;
    struct api_client how = {.stop = is_stopped, .stop_ctx = work};
    char path[AGENT_PATH_SIZE];
    json_auto_t *answer = NULL;
    int r = cli_agent_path(agent, wishes[wish].rest, path, &err);
    if (r == 0)
        r = cli_ask(work->cli, &how, wishes[wish].method, path, NULL, &answer, &err);
    (void)pthread_mutex_lock(&work->lock);
    work->bad = r != 0;
    work->has_message = true;
    if (r == 0)
        (void)snprintf(work->message, sizeof(work->message), "%s: %s", agent, wishes[wish].done);
    else
        (void)snprintf(work->message, sizeof(work->message), "%s",
                       r == CALL_NO_DAEMON ? "no daemon runs" : err.text);
    work->wish = TOP_NOTHING;
    work->look_now = true;
    (void)pthread_cond_broadcast(&work->wake);
    (void)pthread_mutex_unlock(&work->lock);
    tell(work);
}

static void *run_doer(void *ctx)
{
    struct top_work *work = ctx;
    (void)pthread_mutex_lock(&work->lock);
    while (!work->stop) {
        if (work->wish == TOP_NOTHING) {
            (void)pthread_cond_wait(&work->wake, &work->lock);
            continue;
        }
        enum top_wish wish = work->wish;
        char agent[sizeof(work->agent)];
        memcpy(agent, work->agent, sizeof(agent));
        (void)pthread_mutex_unlock(&work->lock);
        carry_out(work, wish, agent);
        (void)pthread_mutex_lock(&work->lock);
    }
    (void)pthread_mutex_unlock(&work->lock);
    return NULL;
}

bool top_work_wish(struct top_work *work, enum top_wish wish, const char *agent)
{
    (void)pthread_mutex_lock(&work->lock);
    bool free = work->wish == TOP_NOTHING;
    if (free) {
        work->wish = wish;
        (void)snprintf(work->agent, sizeof(work->agent), "%s", agent);
        (void)pthread_cond_broadcast(&work->wake);
    }
    (void)pthread_mutex_unlock(&work->lock);
    return free;
}

void top_work_take(struct top_work *work, struct top_new *ret_new)
{
    eventfd_t count;
    (void)eventfd_read(work->news, &count);
    (void)pthread_mutex_lock(&work->lock);
    ret_new->overview = steal(&work->overview);
    ret_new->has_message = work->has_message;
    ret_new->bad = work->bad;
    work->has_message = false;
    memcpy(ret_new->message, work->message, sizeof(work->message));
    memcpy(ret_new->look_error, work->look_error, sizeof(work->look_error));
    (void)pthread_mutex_unlock(&work->lock);
}

/* Starting and stopping -------------------------------------------------------------------------
 */

static int prepare(struct top_work *work)
{
    pthread_condattr_t attr;
    work->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (work->news < 0)
        return errno;
    int r = pthread_condattr_init(&attr);
    if (r == 0) {
        (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        r = pthread_cond_init(&work->wake, &attr);
        (void)pthread_condattr_destroy(&attr);
    }
    if (r)
        (void)close(work->news);
    else
        (void)pthread_mutex_init(&work->lock, NULL);
    return r;
}

static void ask_to_stop(struct top_work *work)
{
    (void)pthread_mutex_lock(&work->lock);
    work->stop = true;
    (void)pthread_cond_broadcast(&work->wake);
    (void)pthread_mutex_unlock(&work->lock);
}

static void put_away(struct top_work *work)
{
    (void)pthread_cond_destroy(&work->wake);
    (void)pthread_mutex_destroy(&work->lock);
    (void)close(work->news);
    replace(&work->overview, NULL);
}

static int start_threads(struct top_work *work)
{
    int r = pthread_create(&work->looker, NULL, run_looker, work);
    if (r)
        return r;
    r = pthread_create(&work->doer, NULL, run_doer, work);
    if (r) {
        ask_to_stop(work);
        (void)pthread_join(work->looker, NULL);
    }
    return r;
}

int top_work_start(struct top_work *work, const struct cli *cli, struct error *err)
{
    *work = (struct top_work){.cli = cli};
    int r = prepare(work);
    if (r == 0) {
        r = start_threads(work);
        if (r)
            put_away(work);
    }
    return r ? error_set(err, -r, ERROR_FAILED, NULL, "cannot start a thread: %s", strerror(r)) : 0;
}

void top_work_stop(struct top_work *work)
{
    ask_to_stop(work);
    (void)pthread_join(work->looker, NULL);
    (void)pthread_join(work->doer, NULL);
    put_away(work);
}
