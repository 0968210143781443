/* SPDX-License-Identifier: MIT
 *
 * The words of the core: enumerations and their names, and the grammar of names.
 */
#include <string.h>

#include "core/agent.h"
#include "core/observed.h"
#include "core/watchdog.h"
#include "unit.h"

static void lifecycles_read_back(void **state)
{
    for (int i = LIFECYCLE_HOT; i <= LIFECYCLE_LAZY; i++) {
        enum lifecycle lifecycle = i == LIFECYCLE_HOT ? LIFECYCLE_LAZY : LIFECYCLE_HOT;
        assert_true(lifecycle_parse(lifecycle_name((enum lifecycle)i), &lifecycle));
        assert_int_equal(lifecycle, i);
    }
    enum lifecycle untouched = LIFECYCLE_LAZY;
    assert_false(lifecycle_parse("warm", &untouched));
    assert_false(lifecycle_parse("", &untouched));
    assert_int_equal(untouched, LIFECYCLE_LAZY);
    assert_string_equal(lifecycle_restart_policy(LIFECYCLE_HOT), "unless-stopped");
    assert_string_equal(lifecycle_restart_policy(LIFECYCLE_LAZY), "no");
}

static void states_read_back(void **state)
{
    for (int i = 0; i < AGENT_STATES; i++) {
        enum agent_state read = i == 0 ? STATE_FAILED : STATE_MISSING;
        assert_true(agent_state_parse(agent_state_name((enum agent_state)i), &read));
        assert_int_equal(read, i);
    }
    enum agent_state untouched = STATE_PAUSED;
    assert_false(agent_state_parse("asleep", &untouched));
    assert_int_equal(untouched, STATE_PAUSED);
}

static void event_kinds_read_back(void **state)
{
    for (int i = EVENT_NONE + 1; i < EVENT_KINDS; i++) {
        enum event_kind read = EVENT_NONE;
        assert_true(event_kind_parse(event_kind_name((enum event_kind)i), &read));
        assert_int_equal(read, i);
    }
    enum event_kind untouched = EVENT_DRIFT;
    assert_false(event_kind_parse(event_kind_name(EVENT_NONE), &untouched)); /* no event */
    assert_false(event_kind_parse("container_lost", &untouched));
    assert_int_equal(untouched, EVENT_DRIFT);
}

/* What is no such word at all has a name, too: these stand in messages. */
static void what_is_observed_has_a_name(void **state)
{
    static const char *const statuses[] = {"created", "running",  "paused", "restarting",
                                           "exited",  "removing", "dead",   "unknown"};
    for (int i = CONTAINER_CREATED; i <= CONTAINER_STATUS_UNKNOWN; i++)
        assert_string_equal(container_status_name((enum container_status)i), statuses[i]);
    assert_string_equal(container_status_name((enum container_status)99), "unknown");
    for (int i = ENGINE_DONE; i <= ENGINE_UNKNOWN; i++)
        for (int j = ENGINE_DONE; j < i; j++)
            assert_string_not_equal(engine_outcome_name((enum engine_outcome)i),
                                    engine_outcome_name((enum engine_outcome)j));
    assert_string_equal(engine_outcome_name((enum engine_outcome)99), "unknown");
}

#define LONGEST "a23456789b123456789c123456789d123456789e123456789f123456789g123"
_Static_assert(sizeof(LONGEST) - 1 == AGENT_NAME_MAX, "the longest name that there may be");

static const struct {
    const char *name;
    bool agent, fleet;
} names[] = {
    {"a", true, true},           {"z", true, true},       {"0", true, true},
    {"9", true, true},           {"A", true, false},      {"Z", true, false},
    {"web-1_x", true, true},     {"web.1", true, false},  {"weB", true, false},
    {"w.e.b", true, false},      {"web.", true, false},   {"web..old", false, false},
    {"web..", false, false},     {LONGEST, true, true},   {LONGEST "4", false, false},
    {"", false, false},          {"-web", false, false},  {"_web", false, false},
    {".web", false, false},      {"web/1", false, false}, {"web 1", false, false},
    {"web:1", false, false}, /* behind the digits */
    {"web@1", false, false}, /* before the capitals */
    {"web[1", false, false}, /* behind them */
    {"web`1", false, false}, /* before the small ones */
    {"web{1", false, false}, /* behind them */
    {"w\xc3\xa9", false, false}, {"[", false, false},
};

static void names_follow_their_grammar(void **state)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ROW("\"%s\"", names[i].name);
        assert_int_equal(agent_name_is_valid(names[i].name), names[i].agent);
        assert_int_equal(fleet_name_is_valid(names[i].name), names[i].fleet);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lifecycles_read_back),       cmocka_unit_test(states_read_back),
        cmocka_unit_test(event_kinds_read_back),      cmocka_unit_test(what_is_observed_has_a_name),
        cmocka_unit_test(names_follow_their_grammar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
