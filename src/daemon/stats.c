/* SPDX-License-Identifier: MIT
 *
 * What the awake use: asked of the engine only while somebody asks us.
 *
 * One round for all who ask meanwhile: each container that runs is asked for its figures, as many
 * at once as the engine's lane allows, and all are answered when the last has come or ROUND_MS are
 * over: one container that hangs costs its own figures only. It is not asked a second time before
 * its first answer. The share of the CPU is between two rounds, so the first has none.
 */
#include <string.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "daemon/fleet.h"

#define ROUND_MS 4000
#define FRESH_NS NS_PER_S

/* One container. */
struct usage {
    struct usage *next;
    struct fleet_stats *stats;
    char agent[AGENT_NAME_MAX + 1];
    uint8_t container[CONTAINER_ID_SIZE];
    uint64_t round; /* the last one that it was in */
    bool asking;
    bool known; /* `last` */
    bool has_cpu;
    double cpu_percent;
    struct engine_stats last;
    char error[256]; /* "": `last` is of the last answer */
};

struct stats_asker {
    struct stats_asker *next;
    struct api_reply *reply;
};

struct fleet_stats {
    struct fleet *f;
    struct usage *containers, **end;
    struct stats_asker *askers;
    uint64_t round;
    size_t waiting; /* answers of this round that have not come */
    bool collecting;
    uint64_t done_ns; /* when the last round ended; 0: none yet */
    uv_timer_t deadline;
};

/* Answering -------------------------------------------------------------------------------------
 */

static json_t *usage_json(const struct usage *c)
{
    bool good = c->known && c->error[0] == '\0';
    const struct engine_stats *s = &c->last;
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", c->agent, "cpu_percent",
                     good && c->has_cpu ? json_real(c->cpu_percent) : json_null(), "memory_bytes",
                     good ? json_integer((json_int_t)s->memory_bytes) : json_null(),
                     "memory_limit_bytes",
                     good && s->memory_limit_bytes ? json_integer((json_int_t)s->memory_limit_bytes)
                                                   : json_null(),
                     "error", c->error[0] ? json_string(c->error) : json_null());
}

static json_t *stats_json(const struct fleet_stats *stats)
{
    json_t *agents = json_array();
    for (const struct usage *c = stats->containers; c; c = c->next)
        if (c->round == stats->round)
            (void)json_array_append_new(agents, usage_json(c));
    return json_pack("{s:o}", "agents", view_sorted(agents, "name"));
}

static void answer(const struct fleet_stats *stats, struct api_reply *reply)
{
    api_reply_json(reply, 200, stats_json(stats));
}

static void finish(struct fleet_stats *stats)
{
    stats->collecting = false;
    stats->done_ns = clock_boot_ns();
    (void)uv_timer_stop(&stats->deadline);
    while (stats->askers) {
        struct stats_asker *asker = stats->askers;
        stats->askers = asker->next;
        answer(stats, asker->reply);
        free(asker);
    }
}

/* A round -------------------------------------------------------------------------------------- */

/* Two answers of one sampling of the engine's have no time between them: what was told holds. */
static void learn(struct usage *c, const struct engine_stats *now)
{
    bool same = c->known && now->read_ns == c->last.read_ns;
    if (!same)
        c->has_cpu = c->known && engine_cpu_percent(&c->last, now, &c->cpu_percent);
    c->last = *now;
    c->known = true;
    c->error[0] = '\0';
}

static void on_stats(void *ctx, const struct engine_result *result, const struct engine_stats *now)
{
    struct usage *c = ctx;
    struct fleet_stats *stats = c->stats;
    c->asking = false;
    if (now) {
        learn(c, now);
    } else {
        c->known = false;
        (void)snprintf(c->error, sizeof(c->error), "%s", result->error.text);
    }
    if (stats->collecting && c->round == stats->round && --stats->waiting == 0)
        finish(stats);
}

static void on_deadline(uv_timer_t *timer)
{
    struct fleet_stats *stats = timer->data;
    for (struct usage *c = stats->containers; c; c = c->next)
        if (c->asking)
            (void)snprintf(c->error, sizeof(c->error), "no answer within %d s", ROUND_MS / 1000);
    finish(stats);
}

static struct usage *find(struct fleet_stats *stats, const uint8_t id[CONTAINER_ID_SIZE])
{
    struct usage *c = stats->containers;
    while (c && memcmp(c->container, id, CONTAINER_ID_SIZE) != 0)
        c = c->next;
    return c;
}

static struct usage *add(struct fleet_stats *stats, const uint8_t id[CONTAINER_ID_SIZE])
{
    struct usage *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->stats = stats;
    memcpy(c->container, id, CONTAINER_ID_SIZE);
    *stats->end = c;
    stats->end = &c->next;
    return c;
}

/* One that still owes an answer of an earlier round is in this one too, but not waited for. */
static void include(void *ctx, const struct agent_view *view)
{
    struct fleet_stats *stats = ctx;
    char id[2 * CONTAINER_ID_SIZE + 1];
    if (!view->has_container || view->status != CONTAINER_RUNNING)
        return;
    struct usage *c = find(stats, view->container);
    if (!c)
        c = add(stats, view->container);
    if (!c)
        return;
    (void)snprintf(c->agent, sizeof(c->agent), "%s", view->name);
    c->round = stats->round;
    if (c->asking)
        return;
    c->asking = true;
    stats->waiting++;
    hex_format(c->container, CONTAINER_ID_SIZE, id);
    engine_stats(stats->f->engine, id, on_stats, c);
}

/* Those that no longer run; what still owes an answer stays until that has come. */
static void forget_others(struct fleet_stats *stats)
{
    struct usage **p = &stats->containers;
    while (*p) {
        struct usage *c = *p;
        if (c->round == stats->round || c->asking) {
            p = &c->next;
            continue;
        }
        *p = c->next;
        free(c);
    }
    stats->end = p;
}

static void begin(struct fleet_stats *stats)
{
    stats->round++;
    stats->waiting = 0;
    stats->collecting = true;
    core_each_agent(stats->f->core, include, stats);
    forget_others(stats);
    if (stats->waiting == 0)
        finish(stats);
    else
        (void)uv_timer_start(&stats->deadline, on_deadline, ROUND_MS, 0);
}

/* Asking --------------------------------------------------------------------------------------- */

static struct fleet_stats *stats_of(struct fleet *f)
{
    if (f->stats)
        return f->stats;
    struct fleet_stats *stats = calloc(1, sizeof(*stats));
    if (!stats)
        return NULL;
    stats->f = f;
    stats->end = &stats->containers;
    stats->deadline.data = stats;
    (void)uv_timer_init(f->loop, &stats->deadline);
    f->stats = stats;
    return stats;
}

static bool is_fresh(const struct fleet_stats *stats)
{
    return !stats->collecting && stats->done_ns != 0 && clock_boot_ns() - stats->done_ns < FRESH_NS;
}

void stats_ask(void *ctx, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (!fleet_look_at_table(f, reply) || !fleet_has_core(f, reply))
        return;
    if (f->engine_lost) {
        api_reply_error(reply, &f->engine_error);
        return;
    }
    struct fleet_stats *stats = stats_of(f);
    struct stats_asker *asker = stats ? calloc(1, sizeof(*asker)) : NULL;
    if (!asker) {
        api_reply_problem(reply, 500, NULL, "out of memory");
        return;
    }
    if (is_fresh(stats)) {
        free(asker);
        answer(stats, reply);
        return;
    }
    asker->reply = reply;
    asker->next = stats->askers;
    stats->askers = asker;
    if (!stats->collecting)
        begin(stats);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void stats_close(struct fleet *f)
{
    struct fleet_stats *stats = steal(&f->stats);
    if (!stats)
        return;
    while (stats->askers) {
        struct stats_asker *asker = stats->askers;
        stats->askers = asker->next;
        api_reply_problem(asker->reply, 503, "stopping",
                          "the daemon is stopping; ask again when it is back");
        free(asker);
    }
    while (stats->containers) {
        struct usage *c = stats->containers;
        stats->containers = c->next;
        free(c);
    }
    uv_close((uv_handle_t *)&stats->deadline, on_closed);
}
