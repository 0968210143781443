/* SPDX-License-Identifier: MIT
 *
 * The rules, in order. Read it against docs/decisions.md, which is printed from it.
 */
#include "core/decide.h"

#define ASLEEP (FACT_CREATED | FACT_EXITED | FACT_PAUSED_BY_US)

static const struct rule rules[] = {
    {1, .all = FACT_CONFLICT, .action = ACTION_NONE, .report = REPORT_ERROR,
     .meaning = "a container that is not ours is in the way: never touched"},
    {2, .all = FACT_DELETED | FACT_EXISTS, .action = ACTION_REMOVE, .report = REPORT_REMOVED,
     .meaning = "the row was deleted: stop, remove; volumes stay"},
    {24, .all = FACT_ORPHAN, .action = ACTION_NONE, .report = REPORT_ORPHANED,
     .meaning = "our labels, but no row and no tombstone: told, never touched"},
    {3, .all = FACT_HELD, .action = ACTION_NONE, .report = REPORT_HELD,
     .meaning = "held: no action"},
    {4, .all = FACT_INVALID, .action = ACTION_NONE, .report = REPORT_ERROR,
     .meaning = "the row cannot be carried out"},
    {5, .all = FACT_REMOVING, .action = ACTION_WAIT, .report = REPORT_PENDING,
     .meaning = "the engine is removing it: wait"},
    {6, .all = FACT_DEAD, .action = ACTION_RECREATE, .report = REPORT_RECREATED,
     .meaning = "dead: nothing can be done with it but to make it anew"},
    {7, .all = FACT_HALF, .action = ACTION_RECREATE, .report = REPORT_RECREATED,
     .meaning = "half of a recreate: finish it, or roll it back"},
    {8, .all = FACT_RENAMED, .action = ACTION_RENAME, .report = REPORT_RENAMED,
     .meaning = "renamed by hand: rename back"},
    {9, .all = FACT_HOT, .none = FACT_EXISTS, .action = ACTION_CREATE, .report = REPORT_CREATED,
     .meaning = "missing: create and start"},
    {10, .all = FACT_LAZY, .none = FACT_EXISTS | FACT_AWAKE, .action = ACTION_CREATE,
     .report = REPORT_CREATED, .meaning = "missing: create, leave asleep"},
    {11, .all = FACT_LAZY | FACT_AWAKE, .none = FACT_EXISTS, .action = ACTION_CREATE,
     .report = REPORT_CREATED, .meaning = "missing and wanted: create and start"},
    {12, .all = FACT_LAZY | FACT_MADE_HOT, .none = FACT_LEASED, .action = ACTION_RECREATE,
     .report = REPORT_RECREATED, .meaning = "was hot, is lazy: make it anew, leave it asleep"},
    {28, .all = FACT_LAZY | FACT_RUNNING | FACT_IN_USE | FACT_DRIFTED | FACT_TAMPERED,
     .none = FACT_TO_RESTART | FACT_MADE_HOT, .action = ACTION_UPDATE, .report = REPORT_UPDATED,
     .meaning = "its restart policy was changed by hand, and it is not made anew yet: change it "
                "back"},
    {13, .all = FACT_LAZY | FACT_RUNNING | FACT_IN_USE | FACT_DRIFTED, .none = FACT_TO_RESTART,
     .action = ACTION_ADOPT, .report = REPORT_DEFERRED,
     .meaning = "drifted, but somebody uses it: when it is idle"},
    {14, .all = FACT_DRIFTED, .action = ACTION_RECREATE, .report = REPORT_RECREATED,
     .meaning = "not as its row says: make it anew"},
    {15, .all = FACT_TAMPERED, .action = ACTION_UPDATE, .report = REPORT_UPDATED,
     .meaning = "only the restart policy was changed by hand: change it back"},
    {27, .all = FACT_TO_RESTART, .action = ACTION_STOP, .report = REPORT_STARTED,
     .meaning = "a restart was asked for: stop, and start again"},
    {16, .all = FACT_HOT | FACT_PAUSED, .action = ACTION_NONE, .report = REPORT_UNCHANGED,
     .meaning = "paused by somebody: their wish"},
    {17, .all = FACT_HOT, .any = FACT_CREATED | FACT_EXITED, .action = ACTION_START,
     .report = REPORT_STARTED, .meaning = "down: start"},
    {18, .all = FACT_RESTARTING, .action = ACTION_NONE, .report = REPORT_UNCHANGED,
     .meaning = "the engine is restarting it"},
    {19, .all = FACT_LAZY | FACT_RUNNING, .none = FACT_LEASED | FACT_ADOPTED,
     .action = ACTION_ADOPT, .report = REPORT_ADOPTED,
     .meaning = "runs, and nobody leased it: its idle time begins now"},
    {20, .all = FACT_LAZY | FACT_AWAKE, .any = ASLEEP, .action = ACTION_START,
     .report = REPORT_STARTED, .meaning = "asleep and wanted: wake"},
    {25, .all = FACT_LAZY | FACT_PAUSED_BY_US | FACT_OVERSLEPT, .none = FACT_AWAKE,
     .action = ACTION_STOP, .report = REPORT_STOPPED,
     .meaning = "paused for longer than stop_after: stop"},
    {21, .all = FACT_LAZY, .none = FACT_AWAKE, .any = ASLEEP, .action = ACTION_NONE,
     .report = REPORT_UNCHANGED, .meaning = "asleep, as it should be"},
    {22, .all = FACT_LAZY | FACT_RUNNING, .none = FACT_IN_USE, .action = ACTION_SLEEP,
     .report = REPORT_STOPPED, .meaning = "idle: put to sleep"},
    {26, .all = FACT_RUNNING | FACT_SICK | FACT_AWAKE, .action = ACTION_STOP,
     .report = REPORT_STARTED,
     .meaning = "unhealthy, and on_unhealthy says restart: stop, and start again"},
    {23, .action = ACTION_NONE, .report = REPORT_UNCHANGED, .meaning = "as wanted"},
};

static const char *const words[REPORT_WORDS] = {
    [REPORT_UNCHANGED] = "unchanged",
    [REPORT_CREATED] = "created",
    [REPORT_STARTED] = "started",
    [REPORT_RECREATED] = "recreated",
    [REPORT_ROLLED_BACK] = "rolled_back",
    [REPORT_RENAMED] = "renamed",
    [REPORT_UPDATED] = "updated",
    [REPORT_ADOPTED] = "adopted",
    [REPORT_STOPPED] = "stopped",
    [REPORT_PAUSED] = "paused",
    [REPORT_REMOVED] = "removed",
    [REPORT_DEFERRED] = "deferred",
    [REPORT_HELD] = "held",
    [REPORT_PENDING] = "pending",
    [REPORT_ORPHANED] = "orphaned",
    [REPORT_ERROR] = "error",
};

const char *report_word_name(enum report_word word)
{
    return words[word];
}

const struct rule *decide(uint32_t facts)
{
    const struct rule *rule = rules;
    while ((facts & rule->all) != rule->all || (facts & rule->none) != 0 ||
           (rule->any != 0 && (facts & rule->any) == 0))
        rule++; /* the last one asks for nothing */
    return rule;
}

const struct rule *decide_table(size_t *ret_n)
{
    *ret_n = sizeof(rules) / sizeof(rules[0]);
    return rules;
}
