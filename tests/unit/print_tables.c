/* SPDX-License-Identifier: MIT
 *
 * Prints the code's tables as the documents that show them, so that these cannot lie:
 *
 *     print_tables decisions > docs/decisions.md
 *     print_tables lifecycle > docs/lifecycle.md
 *     print_tables keys > docs/keys.md
 *
 * A test compares (test_tables.sh).
 */
#include <stdio.h>
#include <string.h>

#include "compose/compose.h"
#include "core/decide.h"
#include "core/lifecycle.h"
#include "core/watchdog.h"
#include "spec/keys.h"

static const char *const fact_words[] = {
    "hot",
    "lazy",
    "deleted",
    "orphan",
    "held",
    "invalid",
    "conflict",
    "exists",
    "removing",
    "dead",
    "half of a recreate",
    "renamed",
    "created",
    "running",
    "paused",
    "restarting",
    "exited",
    "paused by us",
    "made as hot",
    "drifted",
    "policy tampered",
    "leased",
    "awake wanted",
    "in use",
    "known to run",
    "paused too long",
    "unhealthy and to be restarted",
    "restart asked for",
};

static void print_facts(uint32_t facts, const char *prefix, const char *joint)
{
    const char *before = "";
    for (size_t i = 0; i < sizeof(fact_words) / sizeof(fact_words[0]); i++)
        if (facts & (UINT32_C(1) << i)) {
            (void)printf("%s%s%s", before, prefix, fact_words[i]);
            before = joint;
        }
}

static void print_conditions(const struct rule *rule)
{
    print_facts(rule->all, "", ", ");
    if (rule->any) {
        (void)printf("%s", rule->all ? ", " : "");
        print_facts(rule->any, "", " or ");
    }
    if (rule->none) {
        (void)printf("%s", rule->all || rule->any ? ", " : "");
        print_facts(rule->none, "not ", ", ");
    }
    if (!rule->all && !rule->any && !rule->none)
        (void)printf("anything else");
}

static void print_decisions(void)
{
    size_t n;
    const struct rule *rules = decide_table(&n);
    (void)printf(
        "# What roost decides\n\n"
        "Printed from the table in `src/core/decide.c`; a test holds this page to it. The boot "
        "pass, a\n"
        "changed row, a wake and the watchdog all ask it, and the first rule that matches wins.\n\n"
        "| rule | when | what it means | reported as |\n|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        (void)printf("| %u | ", rules[i].id);
        print_conditions(&rules[i]);
        (void)printf(" | %s | `%s` |\n", rules[i].meaning, report_word_name(rules[i].report));
    }
}

static const char *cause_word(enum cause cause)
{
    switch (cause) {
    case CAUSE_ANY:
        return "";
    case CAUSE_CRASH:
        return "crashed";
    case CAUSE_DONE:
        return "exit 0";
    case CAUSE_HAND:
        return "by hand";
    }
    return "";
}

static const char *verdict_word(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_NONE:
        return "as the decision table says";
    case VERDICT_CONFIRM:
        return "wait 2 s for a start (`docker restart`: one `container_restarted`), else `stopped`";
    case VERDICT_RESTART:
        return "start, with back-off";
    case VERDICT_SLEEP:
        return "leases end, it sleeps";
    }
    return "";
}

static void print_watchdog(void)
{
    static const char *const changes[CHANGES] = {
        "down", "stopped", "restarted", "gone", "paused", "unhealthy", "renamed", "policy changed"};
    size_t n;
    const struct watch_rule *rules = watchdog_table(&n);
    (void)printf("\n## What the watchdog tells\n\n"
                 "A change that no operation of roost's explains is looked up here. What no row "
                 "names is normal, and\n"
                 "silent: a lazy agent that sleeps, above all.\n\n"
                 "| change | cause | lifecycle | wanted awake | event | then "
                 "|\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const struct watch_rule *r = &rules[i];
        (void)printf("| %s | %s | %s | %s | %s%s%s | %s |\n", changes[r->change],
                     cause_word(r->cause),
                     r->lifecycle < 0 ? "both" : lifecycle_name((enum lifecycle)r->lifecycle),
                     r->wanted < 0 ? ""
                     : r->wanted   ? "yes"
                                   : "no",
                     r->event ? "`" : "", r->event ? event_kind_name(r->event) : "none",
                     r->event ? "`" : "", verdict_word(r->verdict));
    }
}

static void print_lifecycle(void)
{
    (void)printf(
        "# The life of an agent\n\n"
        "Printed from the tables in `src/core/lifecycle.c` and `src/core/watchdog.c`; a test holds "
        "this page\n"
        "to them.\n\n"
        "    missing --created--> stopped --start--> starting --ready--> running --stop--> "
        "stopping --> "
        "stopped\n\n"
        "The state is what roost believes and tells. What it does follows from the containers "
        "themselves\n"
        "(docs/decisions.md), so a wish by itself moves nothing: the operation that follows from "
        "it does.\n"
        "`-` is impossible: it would be a bug, and the agent is looked at anew.\n\n| input |");
    for (int state = 0; state < AGENT_STATES; state++)
        (void)printf(" %s |", agent_state_name((enum agent_state)state));
    (void)printf("\n|---|");
    for (int state = 0; state < AGENT_STATES; state++)
        (void)printf("---|");
    (void)printf("\n");
    for (int input = 0; input < LIFECYCLE_INPUTS; input++) {
        (void)printf("| %s |", lifecycle_input_name((enum lifecycle_input)input));
        for (int state = 0; state < AGENT_STATES; state++) {
            enum agent_state next =
                lifecycle_next((enum agent_state)state, (enum lifecycle_input)input);
            (void)printf(" %s |", next == STATE_IMPOSSIBLE ? "-" : agent_state_name(next));
        }
        (void)printf("\n");
    }
    print_watchdog();
}

/* ---- docs/keys.md ---- */

static const char *fate(const struct key *key)
{
    if (key->flags & KEY_REFUSED)
        return "error";
    return key->flags & KEY_WARNED ? "warning" : "yes";
}

static void print_service_keys(void)
{
    for (size_t i = 0; key_at(i); i++) {
        const struct key *key = key_at(i);
        (void)printf("| `%s` | %s | %s | %s |\n", key->name, fate(key), key->takes,
                     key->does ? key->does : "");
    }
}

static void print_resource_keys(bool network)
{
    const char *takes, *name;
    for (size_t i = 0; (name = compose_resource_key(network, i, &takes)); i++)
        (void)printf("| `%s` | %s |\n", name, takes);
}

static void print_keys(void)
{
    (void)printf(
        "# Every key of the Compose Specification\n\n"
        "Printed from the tables in `src/spec/keys.c` and `src/compose/resource_body.c`; a test "
        "holds this\n"
        "page to them, and another tries each key with each type that the specification's schema "
        "names\n"
        "(`tests/data/schema`). [compose.md](compose.md) says the rest of a compose file.\n\n"
        "*yes*: carried out. *warning*: nothing comes of it, and a warning says why. *error*: the "
        "file is\n"
        "refused, with what is said here. Text in the place of a number or a boolean is taken too, "
        "since that\n"
        "is what a variable gives; keys that begin with `x-` are ignored at every level.\n\n"
        "## A service\n\n"
        "| key | | what is taken | good to know |\n|---|---|---|---|\n");
    print_service_keys();
    (void)printf("\n## A network\n\n| key | what is taken |\n|---|---|\n");
    print_resource_keys(true);
    (void)printf("\n## A volume\n\n| key | what is taken |\n|---|---|\n");
    print_resource_keys(false);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "decisions") == 0)
        print_decisions();
    else if (argc == 2 && strcmp(argv[1], "lifecycle") == 0)
        print_lifecycle();
    else if (argc == 2 && strcmp(argv[1], "keys") == 0)
        print_keys();
    else
        return 2;
    return 0;
}
