/* SPDX-License-Identifier: MIT
 *
 * A pass: somebody asks that the fleet (or one agent) be looked at, and waits for the report.
 *
 * It begins with a listing asked for after it came, notes for each agent the first rule that
 * matched, and is over when none of them has anything left to do.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

static void pass_free(struct pass *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->entries[i].name);
        free(p->entries[i].reason);
        free(p->entries[i].error);
    }
    free(p->entries);
    free(p->reports);
    free(p->agent);
    free(p->error);
    free(p);
}

void pass_free_over(struct core *core)
{
    for (struct pass **p = &core->passes; *p;) {
        struct pass *over = *p;
        if (over->over) {
            *p = over->next;
            pass_free(over);
        } else {
            p = &over->next;
        }
    }
}

void pass_free_all(struct core *core)
{
    for (struct pass *p = core->passes; p; p = p->next)
        p->over = true;
    pass_free_over(core);
}

static const struct pass *find_pass(const struct core *core, uint64_t number)
{
    const struct pass *p = core->passes;
    while (p && p->request.pass != number)
        p = p->next;
    return p;
}

void pass_add(struct core *core, const struct core_pass *request)
{
    if (find_pass(core, request->pass))
        return; /* told again after an -ENOMEM */
    struct pass *p = calloc(1, sizeof(*p));
    if (p && request->agent)
        p->agent = strdup(request->agent);
    if (!p || (request->agent && !p->agent)) {
        free(p);
        core->starved = true;
        return;
    }
    p->request = *request;
    p->request.agent = p->agent;
    struct pass **last = &core->passes;
    while (*last)
        last = &(*last)->next;
    *last = p;
    if (core->engine_lost) {
        p->begun = true;
        (void)set_text(core, &p->error,
                       "the engine is lost; what is to be done is done when it is back");
        return;
    }
    listing_request(core, true);
}

static bool in_scope(const struct pass *p, const struct agent *a)
{
    return !p->agent || strcmp(p->agent, a->name) == 0;
}

/* Whoever asks for a pass wants to hear what it does, from the first operation on: until its
 * listing is there, nothing is done to the agents that it is about. */
bool pass_awaits(const struct core *core, const struct agent *a)
{
    for (const struct pass *p = core->passes; p; p = p->next)
        if (!p->begun && !p->request.dry_run && in_scope(p, a))
            return true;
    return false;
}

static void begin_agent(struct core *core, struct pass *p, struct agent *a)
{
    struct pass_entry *entry = &p->entries[p->n++];
    *entry = (struct pass_entry){.agent = a, .serial = a->serial, .pending = true};
    p->pending++;
    if (p->request.dry_run) { /* what it says of an agent is final at once */
        pass_note(core, a, decide(agent_facts(core, a)));
        entry->pending = false;
        p->pending--;
        return;
    }
    a->retry_at_ns = 0; /* who asks wants it tried now */
    a->want_inspect = a->want_inspect || (p->request.deep && a->containers[SLOT_MAIN].known);
    if (a->presence == PRESENCE_NONE && p->request.remove_orphans)
        a->remove_orphan = true;
    if (p->request.recreate && a->containers[SLOT_MAIN].known) {
        a->forced = true;
        a->failed_generation = 0;
        memcpy(a->forced_id, a->containers[SLOT_MAIN].id, CONTAINER_ID_SIZE);
    }
    mark_dirty(core, a);
}

static void begin(struct core *core, struct pass *p)
{
    struct agent *a, *next;
    p->entries = calloc(HASH_COUNT(core->agents) + 1, sizeof(*p->entries));
    if (!p->entries || core->depends_stale) {
        free(p->entries);
        p->entries = NULL;
        core->starved = true;
        p->list = 0; /* with the next listing, then */
        listing_request(core, true);
        return;
    }
    p->begun = true;
    if (!p->request.dry_run) {
        rollout_reopen(core);
    }
    HASH_ITER (hh, core->agents, a, next) {
        if (in_scope(p, a))
            begin_agent(core, p, a);
    }
}

void pass_begin(struct core *core, uint64_t list)
{
    for (struct pass *p = core->passes; p; p = p->next)
        if (!p->begun && p->list != 0 && p->list <= list)
            begin(core, p);
}

/* No listing: a pass that waits for it comes to nothing, and so does what others wait to have
 * looked at. */
void pass_break(struct core *core, uint64_t list, const char *words)
{
    for (struct pass *p = core->passes; p; p = p->next) {
        if (!p->begun && p->list != 0 && p->list <= list) {
            p->begun = true;
            if (!set_text(core, &p->error, words))
                p->failed = true;
        }
        for (size_t i = 0; i < p->n; i++)
            if (p->entries[i].pending && p->entries[i].agent->unknown)
                (void)pass_settled(core, p->entries[i].agent, words);
    }
}

/* Entries are in order of serial, since agents are iterated in that order. */
static struct pass_entry *find_entry(const struct pass *p, const struct agent *a)
{
    size_t low = 0, high = p->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->entries[middle].serial < a->serial)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->n && p->entries[low].agent == a ? &p->entries[low] : NULL;
}

static struct pass_entry *find_pending(const struct pass *p, const struct agent *a)
{
    if (p->pending == 0)
        return NULL;
    struct pass_entry *entry = find_entry(p, a);
    return entry && entry->pending ? entry : NULL;
}

void pass_note(struct core *core, const struct agent *a, const struct rule *rule)
{
    for (struct pass *p = core->passes; p; p = p->next) {
        struct pass_entry *entry = find_pending(p, a);
        if (!entry || entry->noted)
            continue;
        char reason[REASON_MAX];
        facts_reason(a, rule, reason, sizeof(reason));
        entry->noted = true;
        entry->has_lifecycle = a->presence == PRESENCE_ROW;
        entry->lifecycle = a->lifecycle;
        entry->rule = rule->id;
        entry->action = rule->report;
        if (rule->action == ACTION_SLEEP && a->sleep == SLEEP_PAUSE)
            entry->action = REPORT_PAUSED;
        if (reason[0] != '\0')
            (void)set_text(core, &entry->reason, reason);
        const char *error = facts_standing_error(a, rule);
        if (error)
            (void)set_text(core, &entry->error, error);
    }
}

static struct pass_entry *add_entry(struct core *core, struct pass *p, struct agent *a)
{
    struct pass_entry *entries = realloc(p->entries, (p->n + 1) * sizeof(*entries));
    if (!entries) {
        core->starved = true;
        return NULL;
    }
    size_t at = p->n++;
    for (p->entries = entries; at > 0 && entries[at - 1].serial > a->serial; at--)
        entries[at] = entries[at - 1];
    entries[at] = (struct pass_entry){.agent = a, .serial = a->serial};
    return &entries[at];
}

void pass_follow(struct core *core, struct agent *a, const struct agent *cause)
{
    for (struct pass *p = core->passes; p; p = p->next) {
        if (p->over || p->request.dry_run || !find_entry(p, cause))
            continue;
        struct pass_entry *entry = find_entry(p, a);
        if (!entry)
            entry = add_entry(core, p, a);
        if (!entry || entry->pending)
            continue;
        entry->pending = true;
        entry->noted = entry->action != REPORT_UNCHANGED;
        p->pending++;
    }
}

void pass_outcome(struct core *core, const struct agent *a, enum report_word action)
{
    for (struct pass *p = core->passes; p; p = p->next) {
        struct pass_entry *entry = find_pending(p, a);
        if (entry)
            entry->action = action;
    }
}

/* This agent has nothing left to do for now, or cannot. */
bool pass_settled(struct core *core, const struct agent *a, const char *error)
{
    bool any = false;
    for (struct pass *p = core->passes; p; p = p->next) {
        struct pass_entry *entry = find_pending(p, a);
        if (!entry)
            continue;
        any = true;
        entry->pending = false;
        p->pending--;
        (void)set_text(core, &entry->error, error);
        /* Half of a recreate may have been found rolled back. */
        if (error && agent_is_rolled_back(a) && entry->action == REPORT_RECREATED)
            entry->action = REPORT_ROLLED_BACK;
        else if (error && !agent_is_rolled_back(a) && entry->action != REPORT_ROLLED_BACK)
            entry->action = REPORT_ERROR;
    }
    return any;
}

void pass_forget(struct core *core, const struct agent *a)
{
    for (struct pass *p = core->passes; p; p = p->next) {
        struct pass_entry *entry = find_entry(p, a);
        if (!entry)
            continue;
        (void)set_text(core, &entry->name, a->name);
        entry->agent = NULL;
    }
}

static void report(struct core *core, struct pass *p)
{
    p->reports = calloc(p->n + 1, sizeof(*p->reports));
    struct effect *e = p->reports ? effect_add(core, EFFECT_REPORT) : NULL;
    if (!e) {
        core->starved = true;
        free(p->reports);
        p->reports = NULL;
        return; /* tried again at the end of the next step */
    }
    for (size_t i = 0; i < p->n; i++) {
        const struct pass_entry *entry = &p->entries[i];
        p->reports[i] = (struct report){
            .agent = entry->agent  ? entry->agent->name
                     : entry->name ? entry->name
                                   : "",
            .has_lifecycle = entry->has_lifecycle,
            .lifecycle = entry->lifecycle,
            .action = entry->action,
            .rule = entry->rule,
            .reason = entry->reason ? entry->reason : "",
            .error =
                entry->action == REPORT_ERROR && !entry->error ? "out of memory" : entry->error,
        };
    }
    e->report.pass = p->request.pass;
    e->report.error = p->failed && !p->error ? "out of memory" : p->error;
    e->report.reports = p->reports;
    e->report.n_reports = p->n;
    p->over = true;
}

static void progress(struct core *core, struct pass *p)
{
    if (p->told == p->pending)
        return;
    struct effect *e = effect_add(core, EFFECT_PROGRESS);
    if (!e)
        return;
    p->told = p->pending;
    e->progress.pass = p->request.pass;
    e->progress.done = p->n - p->pending;
    e->progress.total = p->n;
}

void pass_report(struct core *core)
{
    for (struct pass *p = core->passes; p; p = p->next) {
        if (!p->begun)
            continue;
        if (p->pending == 0)
            report(core, p);
        else
            progress(core, p);
    }
}
