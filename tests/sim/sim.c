/* SPDX-License-Identifier: MIT
 *
 * The simulator: the real core in a pretended world, a seed a life.
 *
 *   sim --seed N [--steps M] [--trace] [--only CHOICES]    one life, or some of its choices
 *   sim --seeds A..B [--steps M]                           many
 *   sim --tables A..B                                      rows change, and nothing fails
 *   sim --seconds S [--seeds A..]                          many, as long as there is time
 *   sim --file FILE                                        those of a file: SEED STEPS [CHOICES]
 *   sim --store …                                          the same, with the real store, too
 *
 * Each life is chaos (rows change, containers are touched, things break) and quiet in turn. What
 * must hold is checked at every step. A seed that breaks something prints the end of its story and
 * the shortest list of its choices that still breaks the same: such a line is kept in
 * tests/sim/seeds.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct options {
    uint64_t from, to;
    unsigned long steps;
    unsigned seconds;
    bool tables;
    const char *file;
};

static const char *const fault_names[FAULTS] = {
    [FAULT_LOST_ANSWER] = "answer_lost",
    [FAULT_LATE_APPLY] = "done_late",
    [FAULT_NOT_SENT] = "not_sent",
    [FAULT_SLOW] = "slow",
    [FAULT_BROKEN_LISTING] = "listing_cut",
    [FAULT_HALF_REMOVED] = "half_removed",
    [FAULT_NEWS_LOST] = "event_lost",
    [FAULT_NEWS_TWICE] = "event_twice",
    [FAULT_NEWS_LATE] = "event_late",
    [FAULT_STREAM_CUT] = "stream_cut",
    [FAULT_ENGINE_AWAY] = "engine_away",
    [FAULT_ENGINE_RESTARTED] = "engine_restarted",
    [FAULT_ENGINE_KILLED] = "engine_killed",
    [FAULT_DAEMON_KILLED] = "daemon_killed",
    [FAULT_COMMIT_LOST] = "commit_lost",
    [FAULT_GHOST] = "ghost_name",
    [FAULT_DEAD] = "dead",
    [FAULT_CLOCK_MOVED] = "clock_moved",
    [FAULT_PULL_SLOW] = "pull_slow",
    [FAULT_PULL_FAILED] = "pull_failed",
};

static void live_line(char *line)
{
    char *end, *only = NULL;
    struct life life = {.seed = strtoull(line, &end, 10)};
    line[strcspn(line, "#\n")] = '\0';
    if (line[0] == '\0')
        return;
    life.steps = strtoul(end, &end, 10);
    end += strspn(end, " ");
    only = *end ? end : NULL;
    end[strcspn(end, " ")] = '\0';
    if (life.steps == 0 || (only && !choices_parse(only))) {
        (void)fprintf(stderr, "not SEED STEPS [CHOICES]: %s\n", line);
        exit(2);
    }
    live(&life);
    choices_all();
}

static unsigned long live_file(const char *file)
{
    static char line[65536];
    unsigned long lives = 0;
    FILE *f = fopen(file, "r");
    if (!f) {
        perror(file);
        exit(2);
    }
    for (; fgets(line, sizeof(line), f); lives += line[0] != '\0')
        live_line(line);
    (void)fclose(f);
    return lives;
}

/* A test that does nothing passes: did it do something? At least so much in a thousand lives. */
static void check_floor(const char *what, unsigned long n, unsigned long of_1000,
                        unsigned long lives)
{
    if (n * 1000 >= of_1000 * lives && n > 0)
        return;
    (void)printf("%s: only %lu in %lu lives: this proves nothing\n", what, n, lives);
    exit(1);
}

static void check_floors(unsigned long lives)
{
    unsigned long episodes = 0;
    for (int i = EVENT_NONE + 1; i < EPISODE_KINDS; i++)
        episodes += total.told[i];
    for (int i = 0; i <= OPERATION_PROBE; i++)
        check_floor(operation_kind_name((enum operation_kind)i), total.operations[i], 200, lives);
    check_floor("episodes", episodes, 3000, lives);
    check_floor("recovered", total.told[EVENT_CONTAINER_RECOVERED], 2000, lives);
    check_floor("unhealthy", total.told[EVENT_CONTAINER_UNHEALTHY], 100, lives);
    check_floor("healthy again", total.healed, 100, lives);
    check_floor("restarts by hand", total.restarts, 200, lives);
    check_floor("restarts asked for", total.asked_restarts, 200, lives);
    check_floor("rolled back", total.told[EVENT_ROLLED_BACK], 100, lives);
    check_floor("recreated", total.recreated, 1000, lives);
    check_floor("wakes", total.wakes, 5000, lives);
    check_floor("wakes answered", total.answers, 5000, lives);
    check_floor("passes", total.passes_over, 6000, lives);
    check_floor("quiet", total.converged, 1000, lives);
    check_floor("as made anew", total.compared, 1000, lives);
    check_floor("agents as they should be", total.checked_agents, 2000, lives);
    if (real_store)
        check_floor("read back", total.stored, 5000, lives);
    for (int i = 0; i < FAULT_PULL_SLOW; i++)
        check_floor(fault_names[i], total.faults[i], i == FAULT_HALF_REMOVED ? 10 : 50, lives);
}

/* Of those that have all of it. */
static void check_floors_of_whole(unsigned long lives)
{
    check_floor("pulls", total.pulls, 1000, lives);
    check_floor("pulled", total.pulled, 500, lives);
    check_floor("jobs done", total.jobs_done, 200, lives);
    check_floor("shared networks", total.sharing, 100, lives);
    check_floor("jobs awaited", total.jobs_awaited, 30, lives);
    for (int i = FAULT_PULL_SLOW; i < FAULTS; i++)
        check_floor(fault_names[i], total.faults[i], 50, lives);
}

static void print_counts(unsigned long lives, double seconds)
{
    (void)printf("%lu lives, %lu simulated hours (%lu of chaos), %lu steps (%.0f a second), "
                 "%lu events into the core, %lu listings, %lu passes\n",
                 lives, total.ms / 3600000, total.chaos_ms / 3600000, total.steps,
                 seconds > 0 ? (double)total.steps / seconds : 0.0, total.events_in, total.lists,
                 total.passes_over);
    for (int i = 0; i <= OPERATION_PROBE; i++)
        (void)printf("%s%s %lu",
                     i ? ", " : "operations: ", operation_kind_name((enum operation_kind)i),
                     total.operations[i]);
    (void)printf("\nfaults:");
    for (int i = 0; i < FAULTS; i++)
        (void)printf("%s %s %lu", i ? "," : "", fault_names[i], total.faults[i]);
    (void)printf("\nevents:");
    for (int i = EVENT_NONE + 1; i < EVENT_KINDS; i++)
        (void)printf(" %s %lu", event_kind_name((enum event_kind)i), total.told[i]);
    (void)printf("\nwakes %lu, answers %lu, recreates %lu, restarts by hand %lu, asked for %lu, "
                 "healthy again %lu, "
                 "quiet %lu times, %lu agents as they should be, %lu as made anew\n",
                 total.wakes, total.answers, total.recreated, total.restarts, total.asked_restarts,
                 total.healed, total.converged, total.checked_agents, total.compared);
    if (real_store)
        (void)printf("%lu states and leases read back from the real store\n", total.stored);
    (void)printf("%lu pulls, %lu of them well, %lu jobs done, %lu waited for, "
                 "%lu shared networks\n",
                 total.pulls, total.pulled, total.jobs_done, total.jobs_awaited, total.sharing);
}

static void usage(void)
{
    (void)fprintf(
        stderr,
        "usage: sim [--seed N [--only CHOICES] | --seeds A..B | --tables A..B | --file FILE] "
        "[--steps M] [--seconds S] [--store] [--trace]\n");
    exit(2);
}

static bool parse_value(struct options *o, const char *key, const char *value)
{
    char *end;
    if (strcmp(key, "--seed") == 0) {
        o->from = o->to = strtoull(value, NULL, 10);
    } else if (strcmp(key, "--seeds") == 0 || strcmp(key, "--tables") == 0) {
        o->tables = key[2] == 't';
        o->from = strtoull(value, &end, 10);
        o->to = strncmp(end, "..", 2) == 0 && end[2] ? strtoull(end + 2, NULL, 10) : UINT64_MAX;
    } else if (strcmp(key, "--steps") == 0) {
        o->steps = strtoul(value, NULL, 10);
    } else if (strcmp(key, "--seconds") == 0) {
        o->seconds = (unsigned)strtoul(value, NULL, 10);
    } else if (strcmp(key, "--file") == 0) {
        o->file = value;
    } else {
        return strcmp(key, "--only") == 0 && choices_parse(value);
    }
    return true;
}

static void parse(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0)
            trace_all = true;
        else if (strcmp(argv[i], "--store") == 0)
            real_store = true;
        else if (i + 1 == argc || !parse_value(o, argv[i], argv[i + 1]))
            usage();
        else
            i++;
    }
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned long live_many(const struct options *o, double begun)
{
    unsigned long lives = 0;
    for (uint64_t seed = o->from; seed <= o->to; seed++) {
        if (o->tables)
            live_tables(seed);
        else
            live(&(struct life){.seed = seed, .steps = o->steps});
        lives++;
        if (o->seconds && seconds_now() - begun >= o->seconds)
            break;
    }
    return lives;
}

int main(int argc, char **argv)
{
    struct options o = {.from = 1, .to = UINT64_MAX, .steps = 8000};
    double begun = seconds_now();
    parse(argc, argv, &o);
    if (o.to == UINT64_MAX && o.seconds == 0)
        o.to = o.from + 99;
    unsigned long lives = o.file ? live_file(o.file) : live_many(&o, begun);
    print_counts(lives, seconds_now() - begun);
    if (o.tables && o.from != o.to)
        check_floor("as made anew", total.compared, 2000, lives);
    else if (!o.file && o.from != o.to)
        check_floors(lives);
    if (!o.file && !o.tables && o.from != o.to && total.whole > 0)
        check_floors_of_whole(total.whole);
    choices_free();
    return 0;
}
