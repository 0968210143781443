/* SPDX-License-Identifier: MIT
 *
 * What a container uses: the figures of an answer, what is none, and the share of the CPU.
 */
#include "unit.h"

#include <math.h>

#include "engine_fake.h"

#define ID   "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"
#define READ "\"read\":\"2026-11-29T06:22:35.622151968Z\""
#define CPU  "\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":61243731,\"percpu_usage\":[1,2]}}"

#define T 1795933355622151968

static const struct {
    const char *name;
    int status;
    const char *body;
    enum engine_outcome outcome;
    struct engine_stats stats;
} rows[] = {
    {"cgroup v1",
     200,
     "{" READ "," CPU ",\"memory_stats\":{\"usage\":5000,\"limit\":90000,\"stats\":{\"inactive_"
     "file\":7,\"total_inactive_file\":1000}}}",
     ENGINE_DONE,
     {T, 61243731, 4000, 90000}},
    {"cgroup v2",
     200,
     "{" READ "," CPU ",\"memory_stats\":{\"usage\":5000,\"limit\":90000,\"stats\":{\"inactive_"
     "file\":7}}}",
     ENGINE_DONE,
     {T, 61243731, 4993, 90000}},
    {"more cache than use",
     200,
     "{" READ "," CPU ",\"memory_stats\":{\"usage\":5,\"stats\":{\"inactive_file\":7}}}",
     ENGINE_DONE,
     {T, 61243731, 5, 0}},
    {"nothing but zeros: it does not run",
     200,
     "{\"read\":\"0001-01-01T00:00:00Z\",\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":0}},"
     "\"memory_stats\":{}}",
     ENGINE_UNKNOWN,
     {0}},
    {"no memory", 200, "{" READ "," CPU ",\"memory_stats\":{}}", ENGINE_UNKNOWN, {0}},
    {"no time", 200, "{" CPU ",\"memory_stats\":{\"usage\":5}}", ENGINE_UNKNOWN, {0}},
    {"no CPU", 200, "{" READ ",\"memory_stats\":{\"usage\":5}}", ENGINE_UNKNOWN, {0}},
    {"text for a number",
     200,
     "{" READ "," CPU ",\"memory_stats\":{\"usage\":\"5\"}}",
     ENGINE_UNKNOWN,
     {0}},
    {"below nothing",
     200,
     "{" READ "," CPU ",\"memory_stats\":{\"usage\":-5}}",
     ENGINE_UNKNOWN,
     {0}},
    {"an error's text with 200",
     200,
     "{\"message\":\"cgroup 17 has 61243731 problems\"}",
     ENGINE_UNKNOWN,
     {0}},
    {"not JSON", 200, "busy 12 34", ENGINE_UNKNOWN, {0}},
    {"gone", 404, "{\"message\":\"No such container: x\"}", ENGINE_NOT_FOUND, {0}},
    {"refused", 500, "{\"message\":\"cgroup deleted: 17\"}", ENGINE_REFUSED, {0}},
};

struct got {
    struct fake_result result;
    bool has;
    struct engine_stats stats;
};

static void on_stats(void *ctx, const struct engine_result *result,
                     const struct engine_stats *stats)
{
    struct got *got = ctx;
    got->has = stats != NULL;
    if (stats)
        got->stats = *stats;
    fake_on_done(&got->result, result);
}

static void only_figures_are_figures(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].name);
        struct fake f;
        struct got got = {0};
        const struct fake_rule rule = {.request =
                                           "GET /v1.41/containers/" ID "/stats?stream=0&one-shot=1",
                                       .status = rows[i].status,
                                       .body = rows[i].body};
        fake_open(&f, &rule, 1, 0);
        engine_stats(f.engine, ID, on_stats, &got);
        fake_wait(&f, &got.result);
        assert_int_equal(got.result.outcome, rows[i].outcome);
        assert_int_equal(got.has, rows[i].outcome == ENGINE_DONE);
        assert_int_equal(error_is_set(&got.result.error), rows[i].outcome != ENGINE_DONE);
        assert_int_equal(got.stats.read_ns, rows[i].stats.read_ns);
        assert_int_equal(got.stats.cpu_ns, rows[i].stats.cpu_ns);
        assert_int_equal(got.stats.memory_bytes, rows[i].stats.memory_bytes);
        assert_int_equal(got.stats.memory_limit_bytes, rows[i].stats.memory_limit_bytes);
        fake_close(&f);
    }
}

/* Closed while one is awaited: no callback, nothing leaks. */
static void closing_drops_what_is_asked(void **state)
{
    struct fake f;
    struct got got = {0};
    const struct fake_rule rule = {.request = "/stats", .then = FAKE_HANG};
    fake_open(&f, &rule, 1, 0);
    engine_stats(f.engine, ID, on_stats, &got);
    while (fake_count(&f, "/stats") == 0)
        (void)uv_run(&f.loop, UV_RUN_ONCE);
    fake_close(&f);
    assert_int_equal(got.result.calls, 0);
}

static void the_share_of_the_cpu(void **state)
{
    static const struct {
        struct engine_stats before, now;
        double percent; /* below 0: none */
    } looks[] = {
        {{.read_ns = 1000, .cpu_ns = 0}, {.read_ns = 2000, .cpu_ns = 0}, 0},
        {{.read_ns = 1000, .cpu_ns = 500}, {.read_ns = 2000, .cpu_ns = 1000}, 50},
        {{.read_ns = 0, .cpu_ns = 0}, {.read_ns = 4000, .cpu_ns = 6000}, 150},
        {{.read_ns = 1000, .cpu_ns = 500}, {.read_ns = 1000, .cpu_ns = 600}, -1}, /* no time */
        {{.read_ns = 2000, .cpu_ns = 500}, {.read_ns = 1000, .cpu_ns = 600}, -1}, /* clock set */
        {{.read_ns = 1000, .cpu_ns = 500}, {.read_ns = 2000, .cpu_ns = 499}, -1}, /* restarted */
    };
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        ROW("%zu", i);
        double percent = -1;
        assert_int_equal(engine_cpu_percent(&looks[i].before, &looks[i].now, &percent),
                         looks[i].percent >= 0);
        assert_true(fabs(percent - looks[i].percent) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_figures_are_figures),
        cmocka_unit_test(closing_drops_what_is_asked),
        cmocka_unit_test(the_share_of_the_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
