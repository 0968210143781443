/* SPDX-License-Identifier: MIT */
#include "spec_fixture.h"

#include <errno.h>

#include "base/clock.h"

#define HOUR_NS (3600 * NS_PER_S)
#define DAY_NS  (24 * HOUR_NS)

static void policies(void **state)
{
    static const struct {
        const char *json, *canonical;
        enum pull_policy policy;
        uint64_t every_ns;
    } rows[] = {
        {"{}", "{}", PULL_MISSING, 0},
        {"{'pull_policy': null}", "{}", PULL_MISSING, 0},
        {"{'pull_policy': 'missing'}", "{'pull_policy':'missing'}", PULL_MISSING, 0},
        {"{'pull_policy': 'if_not_present'}", "{'pull_policy':'missing'}", PULL_MISSING, 0},
        {"{'pull_policy': 'always'}", "{'pull_policy':'always'}", PULL_ALWAYS, 0},
        {"{'pull_policy': 'never'}", "{'pull_policy':'never'}", PULL_NEVER, 0},
        {"{'pull_policy': 'build'}", "{'pull_policy':'build'}", PULL_BUILD, 0},
        {"{'pull_policy': 'daily'}", "{'pull_policy':'daily'}", PULL_EVERY, DAY_NS},
        {"{'pull_policy': 'weekly'}", "{'pull_policy':'weekly'}", PULL_EVERY, 7 * DAY_NS},
        {"{'pull_policy': 'every_90m'}", "{'pull_policy':'every_1h30m'}", PULL_EVERY,
         HOUR_NS + HOUR_NS / 2},
        {"{'pull_policy': 'every_1w2d3h'}", "{'pull_policy':'every_219h'}", PULL_EVERY,
         9 * DAY_NS + 3 * HOUR_NS},
        {"{'pull_policy': 'every_2d'}", "{'pull_policy':'every_48h'}", PULL_EVERY, 2 * DAY_NS},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_close) struct buf canonical = BUF_INIT(TEXT_SIZE),
                                        hashed = BUF_INIT(TEXT_SIZE);
        _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i].json);
        ROW("%s", rows[i].json);
        canonical_of(spec, false, &canonical);
        assert_string_equal(buf_text(&canonical), json_of(rows[i].canonical));
        assert_int_equal(spec_settings(spec)->pull, rows[i].policy);
        assert_int_equal(spec_settings(spec)->pull_every_ns, rows[i].every_ns);
        canonical_of(spec, true, &hashed); /* no part of what the container is */
        assert_null(strstr(buf_text(&hashed), "pull_policy"));
    }
}

static void not_times(void **state)
{
    static const char *const rows[] = {
        "",
        "every",
        "every_",
        "every_d",
        "every_1",
        "every_1x",
        "every_-1h",
        "every_0",
        "every_0d",
        "dayly",
        "every_1h ",
        "every_1.5.d",
        "every_d1",
        "every_1d2",
        "every_99999999999999999999d",
        "every_99999999d",
    };
    uint64_t ns;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i]);
        assert_int_equal(pull_every_parse(rows[i], &ns), -EINVAL);
    }
}

static void decisions(void **state)
{
    const int64_t hour_ms = 3600 * 1000, now = 1000 * hour_ms;
    const struct {
        const char *what;
        struct pull_question q;
        enum pull_action action;
    } rows[] = {
        {"missing, there", {PULL_MISSING, 0, false, false, 0, now}, PULL_CREATE},
        {"missing, not there", {PULL_MISSING, 0, true, false, 0, now}, PULL_FIRST},
        {"missing, not there after a pull", {PULL_MISSING, 0, true, true, now, now}, PULL_GIVE_UP},
        {"always, there", {PULL_ALWAYS, 0, false, false, now, now}, PULL_FIRST},
        {"always, pulled", {PULL_ALWAYS, 0, false, true, now, now}, PULL_CREATE},
        {"always, not there after a pull", {PULL_ALWAYS, 0, true, true, now, now}, PULL_GIVE_UP},
        {"never, there", {PULL_NEVER, 0, false, false, 0, now}, PULL_CREATE},
        {"never, not there", {PULL_NEVER, 0, true, false, 0, now}, PULL_GIVE_UP},
        {"build, there", {PULL_BUILD, 0, false, false, 0, now}, PULL_CREATE},
        {"build, not there", {PULL_BUILD, 0, true, false, 0, now}, PULL_GIVE_UP},
        {"daily, never pulled", {PULL_EVERY, DAY_NS, false, false, 0, now}, PULL_FIRST},
        {"daily, just pulled", {PULL_EVERY, DAY_NS, false, false, now - 1, now}, PULL_CREATE},
        {"daily, nearly",
         {PULL_EVERY, DAY_NS, false, false, now - 24 * hour_ms + 1, now},
         PULL_CREATE},
        {"daily, due", {PULL_EVERY, DAY_NS, false, false, now - 24 * hour_ms, now}, PULL_FIRST},
        {"daily, tried in vain", {PULL_EVERY, DAY_NS, false, true, 0, now}, PULL_CREATE},
        {"daily, not due, not there", {PULL_EVERY, DAY_NS, true, false, now - 1, now}, PULL_FIRST},
        {"daily, the clock went back",
         {PULL_EVERY, DAY_NS, false, false, now + 1, now},
         PULL_FIRST},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].what);
        assert_int_equal(pull_decide(&rows[i].q), rows[i].action);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies),
        cmocka_unit_test(not_times),
        cmocka_unit_test(decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
