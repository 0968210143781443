/* SPDX-License-Identifier: MIT
 *
 * What a container uses: GET /containers/{id}/stats, one look.
 *
 * An engine that has no figures may say so with 200: a container that does not run gives zeros
 * without memory, an error gives its message. So figures are only what has all of time, CPU and
 * memory.
 */
#include <jansson.h>
#include <stdlib.h>

#include "engine/docker/call.h"
#include "engine/docker/parse.h"

/* Docker up to at least 20.10 answers with its next sampling, up to a second later. */
#define STATS_TIMEOUT_MS 5000U

struct stats_call {
    struct engine *engine;
    char *id;
    engine_stats_fn *done;
    void *ctx;
};

static void stats_drop(void *ctx)
{
    struct stats_call *c = ctx;
    free(c->id);
    free(c);
}

/* A count that is one: not negative, not text. */
static bool read_count(const json_t *object, const char *key, uint64_t *ret_count)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret_count = (uint64_t)json_integer_value(value);
    return true;
}

/* What the kernel can drop at once is not used, as `docker stats` counts: cgroup v1 has the sum
 * with its children, v2 only that. */
static uint64_t file_cache(const json_t *memory)
{
    const json_t *stats = json_object_get(memory, "stats");
    uint64_t bytes = 0;
    if (!read_count(stats, "total_inactive_file", &bytes))
        (void)read_count(stats, "inactive_file", &bytes);
    return bytes;
}

static bool read_stats(const json_t *root, struct engine_stats *ret_stats)
{
    const json_t *memory = json_object_get(root, "memory_stats");
    const json_t *cpu = json_object_get(json_object_get(root, "cpu_stats"), "cpu_usage");
    const char *read = json_string_value(json_object_get(root, "read"));
    struct engine_stats s = {.read_ns = read ? parse_time_ns(read) : 0};
    if (s.read_ns <= 0 || !read_count(cpu, "total_usage", &s.cpu_ns) ||
        !read_count(memory, "usage", &s.memory_bytes))
        return false;
    (void)read_count(memory, "limit", &s.memory_limit_bytes);
    uint64_t cache = file_cache(memory);
    s.memory_bytes -= cache < s.memory_bytes ? cache : 0;
    *ret_stats = s;
    return true;
}

static void on_stats(void *ctx, const struct answer *answer)
{
    struct stats_call *c = ctx;
    struct engine_result result = {0};
    struct engine_stats stats = {0};
    result.outcome = answer_judge(CALL_STATS, c->id, answer, &result.error);
    if (result.outcome == ENGINE_DONE) {
        json_t *root = parse_json(answer->body, answer->len);
        if (!read_stats(root, &stats))
            result.outcome = answer_not_understood(CALL_STATS, c->id, "the answer has no figures",
                                                   &result.error);
        json_decref(root);
    }
    c->done(c->ctx, &result, result.outcome == ENGINE_DONE ? &stats : NULL);
    stats_drop(c);
}

void engine_stats(struct engine *engine, const char *id, engine_stats_fn *done, void *ctx)
{
    struct stats_call *c = call_alloc(sizeof(*c));
    *c = (struct stats_call){engine, call_copy(id), done, ctx};
    struct request_spec spec = call_spec(engine, "GET", LANE_STATS, on_stats, stats_drop, c);
    spec.timeout_ms = engine->timeout_ms < STATS_TIMEOUT_MS ? engine->timeout_ms : STATS_TIMEOUT_MS;
    call_send(engine, &spec, "/containers/%s/stats?stream=0&one-shot=1", id, NULL);
}
