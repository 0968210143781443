/* SPDX-License-Identifier: MIT
 *
 * The two tables of the core: facts -> rule, and state x input -> state.
 */
#include <string.h>

#include "core/decide.h"
#include "core/lifecycle.h"
#include "unit.h"

#define RULES 28

#define HOT        FACT_HOT
#define LAZY       FACT_LAZY
#define HOT_AWAKE  (FACT_HOT | FACT_AWAKE | FACT_IN_USE | FACT_ADOPTED)
#define LAZY_AWAKE (FACT_LAZY | FACT_AWAKE | FACT_IN_USE | FACT_ADOPTED)
#define THERE      FACT_EXISTS

static const struct {
    const char *what;
    uint32_t facts;
    unsigned rule;
    enum action action;
    enum report_word report;
} cases[] = {
    {"a foreign container is in the way", HOT_AWAKE | FACT_CONFLICT, 1, ACTION_NONE, REPORT_ERROR},
    {"in the way of a held one", HOT_AWAKE | FACT_CONFLICT | FACT_HELD, 1, ACTION_NONE,
     REPORT_ERROR},
    {"in the way of a broken row", LAZY | FACT_CONFLICT | FACT_INVALID, 1, ACTION_NONE,
     REPORT_ERROR},
    {"in the way, and ours is drifted",
     HOT_AWAKE | THERE | FACT_CONFLICT | FACT_DRIFTED | FACT_RUNNING, 1, ACTION_NONE, REPORT_ERROR},

    {"deleted, running", FACT_DELETED | THERE | FACT_RUNNING, 2, ACTION_REMOVE, REPORT_REMOVED},
    {"deleted, dead", FACT_DELETED | THERE | FACT_DEAD, 2, ACTION_REMOVE, REPORT_REMOVED},
    {"deleted, half a recreate", FACT_DELETED | THERE | FACT_HALF, 2, ACTION_REMOVE,
     REPORT_REMOVED},
    {"deleted, gone", FACT_DELETED, 23, ACTION_NONE, REPORT_UNCHANGED},

    {"orphan", FACT_ORPHAN | THERE | FACT_RUNNING, 24, ACTION_NONE, REPORT_ORPHANED},
    {"dead orphan", FACT_ORPHAN | THERE | FACT_DEAD, 24, ACTION_NONE, REPORT_ORPHANED},
    {"half an orphan", FACT_ORPHAN | THERE | FACT_HALF, 24, ACTION_NONE, REPORT_ORPHANED},

    {"held, missing", HOT_AWAKE | FACT_HELD, 3, ACTION_NONE, REPORT_HELD},
    {"held, down", HOT_AWAKE | FACT_HELD | THERE | FACT_EXITED, 3, ACTION_NONE, REPORT_HELD},
    {"held and broken", LAZY | FACT_HELD | FACT_INVALID, 3, ACTION_NONE, REPORT_HELD},
    {"held, half", LAZY | FACT_HELD | THERE | FACT_HALF, 3, ACTION_NONE, REPORT_HELD},

    {"broken, missing", HOT_AWAKE | FACT_INVALID, 4, ACTION_NONE, REPORT_ERROR},
    {"broken, running", LAZY_AWAKE | FACT_INVALID | THERE | FACT_RUNNING, 4, ACTION_NONE,
     REPORT_ERROR},
    {"broken, being removed", HOT_AWAKE | FACT_INVALID | THERE | FACT_REMOVING, 4, ACTION_NONE,
     REPORT_ERROR},

    {"being removed", HOT_AWAKE | THERE | FACT_REMOVING, 5, ACTION_WAIT, REPORT_PENDING},
    {"being removed, drifted", LAZY | THERE | FACT_REMOVING | FACT_DRIFTED, 5, ACTION_WAIT,
     REPORT_PENDING},

    {"dead", HOT_AWAKE | THERE | FACT_DEAD | FACT_DRIFTED, 6, ACTION_RECREATE, REPORT_RECREATED},
    {"dead sleeper", LAZY | THERE | FACT_DEAD, 6, ACTION_RECREATE, REPORT_RECREATED},
    {"dead, half", LAZY | THERE | FACT_DEAD | FACT_HALF, 6, ACTION_RECREATE, REPORT_RECREATED},

    {"half, running", HOT_AWAKE | THERE | FACT_HALF | FACT_RUNNING, 7, ACTION_RECREATE,
     REPORT_RECREATED},
    {"half, no main one", HOT_AWAKE | THERE | FACT_HALF, 7, ACTION_RECREATE, REPORT_RECREATED},
    {"half, renamed", LAZY | THERE | FACT_HALF | FACT_RENAMED, 7, ACTION_RECREATE,
     REPORT_RECREATED},

    {"renamed", HOT_AWAKE | THERE | FACT_RENAMED | FACT_RUNNING, 8, ACTION_RENAME, REPORT_RENAMED},
    {"renamed and drifted", HOT_AWAKE | THERE | FACT_RENAMED | FACT_DRIFTED | FACT_RUNNING, 8,
     ACTION_RENAME, REPORT_RENAMED},
    {"renamed sleeper", LAZY | THERE | FACT_RENAMED | FACT_EXITED, 8, ACTION_RENAME,
     REPORT_RENAMED},

    {"hot, missing", HOT_AWAKE, 9, ACTION_CREATE, REPORT_CREATED},
    {"lazy, missing", LAZY, 10, ACTION_CREATE, REPORT_CREATED},
    {"lazy, missing, idle not over", LAZY | FACT_IN_USE, 10, ACTION_CREATE, REPORT_CREATED},
    {"lazy, missing, wanted", LAZY_AWAKE, 11, ACTION_CREATE, REPORT_CREATED},
    {"lazy, missing, leased", LAZY_AWAKE | FACT_LEASED, 11, ACTION_CREATE, REPORT_CREATED},

    {"was hot, sleeps", LAZY | THERE | FACT_MADE_HOT | FACT_DRIFTED | FACT_EXITED, 12,
     ACTION_RECREATE, REPORT_RECREATED},
    {"was hot, runs and is in use",
     LAZY | THERE | FACT_MADE_HOT | FACT_DRIFTED | FACT_RUNNING | FACT_IN_USE, 12, ACTION_RECREATE,
     REPORT_RECREATED},
    {"was hot, leased, runs",
     LAZY_AWAKE | FACT_LEASED | THERE | FACT_MADE_HOT | FACT_DRIFTED | FACT_RUNNING, 13,
     ACTION_ADOPT, REPORT_DEFERRED},
    {"was hot, leased, down",
     LAZY_AWAKE | FACT_LEASED | THERE | FACT_MADE_HOT | FACT_DRIFTED | FACT_EXITED, 14,
     ACTION_RECREATE, REPORT_RECREATED},

    {"tampered, drifted, in use",
     LAZY | THERE | FACT_TAMPERED | FACT_DRIFTED | FACT_RUNNING | FACT_IN_USE, 28, ACTION_UPDATE,
     REPORT_UPDATED},
    {"tampered, drifted, to be restarted",
     LAZY_AWAKE | THERE | FACT_TAMPERED | FACT_DRIFTED | FACT_RUNNING | FACT_TO_RESTART, 14,
     ACTION_RECREATE, REPORT_RECREATED},
    {"tampered, drifted, idle",
     LAZY | THERE | FACT_TAMPERED | FACT_DRIFTED | FACT_RUNNING | FACT_ADOPTED, 14, ACTION_RECREATE,
     REPORT_RECREATED},
    {"tampered, drifted, asleep", LAZY | THERE | FACT_TAMPERED | FACT_DRIFTED | FACT_EXITED, 14,
     ACTION_RECREATE, REPORT_RECREATED},
    {"tampered, drifted, down and wanted",
     LAZY_AWAKE | THERE | FACT_TAMPERED | FACT_DRIFTED | FACT_EXITED, 14, ACTION_RECREATE,
     REPORT_RECREATED},
    {"tampered, in use", LAZY_AWAKE | THERE | FACT_TAMPERED | FACT_RUNNING, 15, ACTION_UPDATE,
     REPORT_UPDATED},
    {"was hot, tampered, leased, runs",
     LAZY_AWAKE | FACT_LEASED | THERE | FACT_MADE_HOT | FACT_TAMPERED | FACT_DRIFTED | FACT_RUNNING,
     13, ACTION_ADOPT, REPORT_DEFERRED},
    {"drifted in use", LAZY | THERE | FACT_DRIFTED | FACT_RUNNING | FACT_IN_USE, 13, ACTION_ADOPT,
     REPORT_DEFERRED},
    {"drifted and wanted", LAZY_AWAKE | THERE | FACT_DRIFTED | FACT_RUNNING, 13, ACTION_ADOPT,
     REPORT_DEFERRED},

    {"hot, drifted", HOT_AWAKE | THERE | FACT_DRIFTED | FACT_RUNNING, 14, ACTION_RECREATE,
     REPORT_RECREATED},
    {"hot, drifted, paused", HOT_AWAKE | THERE | FACT_DRIFTED | FACT_PAUSED, 14, ACTION_RECREATE,
     REPORT_RECREATED},
    {"lazy, drifted, asleep", LAZY | THERE | FACT_DRIFTED | FACT_EXITED, 14, ACTION_RECREATE,
     REPORT_RECREATED},
    {"lazy, drifted, idle", LAZY | THERE | FACT_DRIFTED | FACT_RUNNING | FACT_ADOPTED, 14,
     ACTION_RECREATE, REPORT_RECREATED},
    {"drifted and tampered", HOT_AWAKE | THERE | FACT_DRIFTED | FACT_TAMPERED | FACT_RUNNING, 14,
     ACTION_RECREATE, REPORT_RECREATED},

    {"tampered", HOT_AWAKE | THERE | FACT_TAMPERED | FACT_RUNNING, 15, ACTION_UPDATE,
     REPORT_UPDATED},
    {"tampered and down", HOT_AWAKE | THERE | FACT_TAMPERED | FACT_EXITED, 15, ACTION_UPDATE,
     REPORT_UPDATED},
    {"tampered sleeper", LAZY | THERE | FACT_TAMPERED | FACT_CREATED, 15, ACTION_UPDATE,
     REPORT_UPDATED},

    {"to be restarted, runs", HOT_AWAKE | THERE | FACT_RUNNING | FACT_TO_RESTART, 27, ACTION_STOP,
     REPORT_STARTED},
    {"to be restarted, paused", HOT_AWAKE | THERE | FACT_PAUSED | FACT_TO_RESTART, 27, ACTION_STOP,
     REPORT_STARTED},
    {"to be restarted, restarting", HOT_AWAKE | THERE | FACT_RESTARTING | FACT_TO_RESTART, 27,
     ACTION_STOP, REPORT_STARTED},
    {"to be restarted, drifted, in use",
     LAZY_AWAKE | FACT_IN_USE | THERE | FACT_RUNNING | FACT_DRIFTED | FACT_TO_RESTART, 14,
     ACTION_RECREATE, REPORT_RECREATED},
    {"to be restarted, half", HOT_AWAKE | THERE | FACT_RUNNING | FACT_HALF | FACT_TO_RESTART, 7,
     ACTION_RECREATE, REPORT_RECREATED},

    {"hot, paused", HOT_AWAKE | THERE | FACT_PAUSED, 16, ACTION_NONE, REPORT_UNCHANGED},
    {"hot, created", HOT_AWAKE | THERE | FACT_CREATED, 17, ACTION_START, REPORT_STARTED},
    {"hot, exited", HOT_AWAKE | THERE | FACT_EXITED, 17, ACTION_START, REPORT_STARTED},
    {"hot, restarting", HOT_AWAKE | THERE | FACT_RESTARTING, 18, ACTION_NONE, REPORT_UNCHANGED},
    {"lazy, restarting", LAZY | THERE | FACT_RESTARTING, 18, ACTION_NONE, REPORT_UNCHANGED},

    {"lazy, runs unasked", LAZY | THERE | FACT_RUNNING | FACT_IN_USE, 19, ACTION_ADOPT,
     REPORT_ADOPTED},
    {"lazy, runs unasked, no idle time", LAZY | THERE | FACT_RUNNING, 19, ACTION_ADOPT,
     REPORT_ADOPTED},

    {"lazy, created, wanted", LAZY_AWAKE | THERE | FACT_CREATED, 20, ACTION_START, REPORT_STARTED},
    {"lazy, exited, wanted", LAZY_AWAKE | THERE | FACT_EXITED, 20, ACTION_START, REPORT_STARTED},
    {"lazy, paused by us, wanted", LAZY_AWAKE | THERE | FACT_PAUSED | FACT_PAUSED_BY_US, 20,
     ACTION_START, REPORT_STARTED},
    {"lazy, paused by somebody, wanted", LAZY_AWAKE | THERE | FACT_PAUSED, 23, ACTION_NONE,
     REPORT_UNCHANGED},

    {"lazy, created", LAZY | THERE | FACT_CREATED, 21, ACTION_NONE, REPORT_UNCHANGED},
    {"lazy, exited", LAZY | THERE | FACT_EXITED, 21, ACTION_NONE, REPORT_UNCHANGED},
    {"lazy, paused by us", LAZY | THERE | FACT_PAUSED | FACT_PAUSED_BY_US, 21, ACTION_NONE,
     REPORT_UNCHANGED},

    {"lazy, idle", LAZY | THERE | FACT_RUNNING | FACT_ADOPTED, 22, ACTION_SLEEP, REPORT_STOPPED},
    {"lazy, paused too long", LAZY | THERE | FACT_PAUSED | FACT_PAUSED_BY_US | FACT_OVERSLEPT, 25,
     ACTION_STOP, REPORT_STOPPED},
    {"lazy, paused not too long", LAZY | THERE | FACT_PAUSED | FACT_PAUSED_BY_US, 21, ACTION_NONE,
     REPORT_UNCHANGED},
    {"unhealthy, and told to restart", HOT | THERE | FACT_RUNNING | FACT_AWAKE | FACT_SICK, 26,
     ACTION_STOP, REPORT_STARTED},
    {"lazy, unhealthy, and nobody wants it",
     LAZY | THERE | FACT_RUNNING | FACT_ADOPTED | FACT_IN_USE | FACT_SICK, 23, ACTION_NONE,
     REPORT_UNCHANGED},
    {"lazy, idle time runs", LAZY | THERE | FACT_RUNNING | FACT_ADOPTED | FACT_IN_USE, 23,
     ACTION_NONE, REPORT_UNCHANGED},
    {"lazy, runs and wanted", LAZY_AWAKE | THERE | FACT_RUNNING, 23, ACTION_NONE, REPORT_UNCHANGED},
    {"hot, runs", HOT_AWAKE | THERE | FACT_RUNNING, 23, ACTION_NONE, REPORT_UNCHANGED},
    {"hot, a state without a name", HOT_AWAKE | THERE, 23, ACTION_NONE, REPORT_UNCHANGED},
};

static void facts_lead_to_rules(void **state)
{
    unsigned tested[RULES + 1] = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ROW("%s", cases[i].what);
        const struct rule *rule = decide(cases[i].facts);
        assert_int_equal(rule->id, cases[i].rule);
        assert_int_equal(rule->action, cases[i].action);
        assert_int_equal(rule->report, cases[i].report);
        tested[rule->id]++;
    }
    for (unsigned id = 1; id <= RULES; id++) {
        ROW("rule %u has a case", id);
        assert_true(tested[id] > 0);
    }
}

static void every_rule_is_there_once(void **state)
{
    size_t n;
    const struct rule *table = decide_table(&n);
    unsigned seen[RULES + 1] = {0};
    assert_int_equal(n, RULES);
    for (size_t i = 0; i < n; i++) {
        assert_in_range(table[i].id, 1, RULES);
        seen[table[i].id]++;
        assert_non_null(table[i].meaning);
        assert_int_equal(table[i].all & table[i].none, 0);
        assert_in_range(table[i].report, 0, REPORT_WORDS - 1);
    }
    for (unsigned id = 1; id <= RULES; id++)
        assert_int_equal(seen[id], 1);
}

/* decide() reads on until something matches: the last rule has to, whatever the facts are. */
static void last_rule_matches_always(void **state)
{
    size_t n;
    const struct rule *last = decide_table(&n) + n - 1;
    assert_int_equal(last->all | last->none | last->any, 0);
    assert_int_equal(last->action, ACTION_NONE);
    assert_ptr_equal(decide(0), last);
}

static void report_words_have_names(void **state)
{
    for (int i = 0; i < REPORT_WORDS; i++) {
        assert_non_null(report_word_name((enum report_word)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(report_word_name((enum report_word)i),
                                    report_word_name((enum report_word)j));
    }
}

/* Lifecycle */

_Static_assert(INPUT_BACKOFF_DUE + 1 == LIFECYCLE_INPUTS, "every input is a row");
_Static_assert(STATE_FAILED + 1 == AGENT_STATES, "every state is a column");
_Static_assert(STATE_MISSING == 0, "what is not filled reads as missing");

/* A row or the end of a row that was forgotten is zero, which reads as "missing". So nobody but who
 * is missing, and whoever is seen gone, may come to be missing: any other such cell was forgotten.
 * (The first cell of a row cannot be forgotten without the others moving up, and the last one then
 * being zero.) */
static void every_cell_is_filled(void **state)
{
    for (int input = 0; input < LIFECYCLE_INPUTS; input++)
        for (int from = 0; from < AGENT_STATES; from++) {
            enum agent_state to =
                lifecycle_next((enum agent_state)from, (enum lifecycle_input)input);
            ROW("%s: %s", lifecycle_input_name((enum lifecycle_input)input),
                agent_state_name((enum agent_state)from));
            assert_in_range(to, 0, STATE_IMPOSSIBLE);
            if (from != STATE_MISSING && input != INPUT_SEEN_GONE)
                assert_int_not_equal(to, STATE_MISSING);
            if (input == INPUT_SEEN_GONE)
                assert_int_equal(to, STATE_MISSING);
        }
}

static void inputs_have_names(void **state)
{
    for (int i = 0; i < LIFECYCLE_INPUTS; i++) {
        assert_non_null(lifecycle_input_name((enum lifecycle_input)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(lifecycle_input_name((enum lifecycle_input)i),
                                    lifecycle_input_name((enum lifecycle_input)j));
    }
}

/* What the engine shows is possible in any state: it is not asked before it acts. */
static void what_is_seen_is_never_impossible(void **state)
{
    for (int input = INPUT_SEEN_DOWN; input <= INPUT_ENGINE_RESTORED; input++)
        for (int from = 0; from < AGENT_STATES; from++) {
            ROW("%s: %s", lifecycle_input_name((enum lifecycle_input)input),
                agent_state_name((enum agent_state)from));
            assert_int_not_equal(
                lifecycle_next((enum agent_state)from, (enum lifecycle_input)input),
                STATE_IMPOSSIBLE);
        }
}

static const struct {
    enum agent_state from;
    enum lifecycle_input input;
    enum agent_state to;
} edges[] = {
    {STATE_MISSING, INPUT_SEEN_DOWN, STATE_STOPPED},
    {STATE_MISSING, INPUT_SEEN_UP, STATE_STARTING},
    {STATE_STOPPED, INPUT_START_SENT, STATE_STARTING},
    {STATE_PAUSED, INPUT_START_SENT, STATE_STARTING},
    {STATE_FAILED, INPUT_START_SENT, STATE_STARTING},
    {STATE_STARTING, INPUT_READY, STATE_RUNNING},
    {STATE_STARTING, INPUT_NOT_READY, STATE_STARTING},
    {STATE_STARTING, INPUT_REFUSED, STATE_FAILED},
    {STATE_STARTING, INPUT_SEEN_CRASHED, STATE_FAILED},
    {STATE_STARTING, INPUT_SEEN_DIED, STATE_STOPPED},
    {STATE_RUNNING, INPUT_STOP_SENT, STATE_STOPPING},
    {STATE_STOPPING, INPUT_SEEN_UP, STATE_STOPPING},
    {STATE_STOPPING, INPUT_SEEN_DIED, STATE_STOPPED},
    {STATE_STOPPING, INPUT_SEEN_CRASHED, STATE_STOPPED},
    {STATE_STOPPING, INPUT_WAKE, STATE_STOPPING},
    {STATE_STOPPING, INPUT_REFUSED, STATE_RUNNING},
    {STATE_RUNNING, INPUT_REFUSED, STATE_RUNNING},
    {STATE_RUNNING, INPUT_SEEN_CRASHED, STATE_FAILED},
    {STATE_RUNNING, INPUT_SEEN_DIED, STATE_STOPPED},
    {STATE_RUNNING, INPUT_UNKNOWN, STATE_RUNNING},
    {STATE_RUNNING, INPUT_ENGINE_LOST, STATE_RUNNING},
    {STATE_PAUSED, INPUT_SEEN_UNPAUSED, STATE_RUNNING},
    {STATE_RUNNING, INPUT_SEEN_PAUSED, STATE_PAUSED},
    {STATE_FAILED, INPUT_ROW_CHANGED, STATE_STOPPED},
    {STATE_FAILED, INPUT_SEEN_UP, STATE_STARTING},
    {STATE_RUNNING, INPUT_SEEN_GONE, STATE_MISSING},
    {STATE_MISSING, INPUT_START_SENT, STATE_IMPOSSIBLE},
    {STATE_STOPPED, INPUT_READY, STATE_IMPOSSIBLE},
    {STATE_STOPPED, INPUT_IDLE, STATE_IMPOSSIBLE},
    {STATE_MISSING, INPUT_STOP_SENT, STATE_IMPOSSIBLE},
};

static void edges_lead_where_they_should(void **state)
{
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        ROW("%s: %s", lifecycle_input_name(edges[i].input), agent_state_name(edges[i].from));
        assert_int_equal(lifecycle_next(edges[i].from, edges[i].input), edges[i].to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_lead_to_rules),
        cmocka_unit_test(every_rule_is_there_once),
        cmocka_unit_test(last_rule_matches_always),
        cmocka_unit_test(report_words_have_names),
        cmocka_unit_test(every_cell_is_filled),
        cmocka_unit_test(inputs_have_names),
        cmocka_unit_test(what_is_seen_is_never_impossible),
        cmocka_unit_test(edges_lead_where_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
