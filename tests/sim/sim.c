/* SPDX-License-Identifier: MIT
 *
 * The simulator: the real core in a pretended world, a seed a life.
 *
 *   sim --seed N [--steps M] [--trace]    one life
 *   sim --seeds A..B [--steps M]          many
 *   sim --seconds S [--seeds A..]         many, as long as there is time
 *   sim --file FILE                       the seeds of a file, one a line; what follows # is a
 * remark
 *
 * Each life is chaos (rows change, containers are touched, things break) and quiet in turn. What
 * must hold is checked at every step; a seed that breaks something prints the end of its story, and
 * is the way to see it again.
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
    const char *file;
};

static struct w_counts total;

static void add_counts(const struct w_counts *c)
{
    unsigned long *sum = (unsigned long *)&total;
    const unsigned long *more = (const unsigned long *)c;
    for (size_t i = 0; i < sizeof(*c) / sizeof(*sum); i++)
        sum[i] += more[i];
}

static void live(uint64_t seed, unsigned long steps)
{
    static struct world w;
    world_open(&w, seed);
    while (w.counts.steps < steps) {
        w.chaos = true;
        w.act_ns = w.now_ns;
        world_steps(&w, 100 + roll(&w, 500));
        check_quiet(&w);
    }
    add_counts(&w.counts);
    world_close(&w);
}

static void live_file(const char *file, unsigned long steps)
{
    char line[256];
    FILE *f = fopen(file, "r");
    if (!f) {
        perror(file);
        exit(2);
    }
    while (fgets(line, sizeof(line), f))
        if (line[0] != '#' && line[0] != '\n')
            live(strtoull(line, NULL, 10), steps);
    (void)fclose(f);
}

/* A test that does nothing passes: did it do something? */
static void check_floors(void)
{
    struct {
        const char *what;
        unsigned long n;
    } floors[] = {
        {"created", total.operations[OPERATION_CREATE]},
        {"started", total.operations[OPERATION_START]},
        {"stopped", total.operations[OPERATION_STOP]},
        {"renamed", total.operations[OPERATION_RENAME]},
        {"removed", total.operations[OPERATION_REMOVE]},
        {"paused", total.operations[OPERATION_PAUSE]},
        {"unpaused", total.operations[OPERATION_UNPAUSE]},
        {"updated", total.operations[OPERATION_UPDATE]},
        {"probed", total.operations[OPERATION_PROBE]},
        {"rolled back", total.rolled_back},
        {"wakes answered", total.answers},
        {"passes", total.passes_over},
        {"converged", total.converged},
        {"agents checked", total.checked_agents},
    };
    for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++)
        if (floors[i].n == 0) {
            (void)printf("nothing was %s: this proves nothing\n", floors[i].what);
            exit(1);
        }
    for (int i = 0; i < FAULTS; i++)
        if (total.faults[i] == 0) {
            (void)printf("fault %d never happened: this proves nothing\n", i);
            exit(1);
        }
}

static void print_counts(unsigned long seeds)
{
    (void)printf("%lu lives, %lu steps, %lu events into the core, %lu listings, %lu passes\n",
                 seeds, total.steps, total.events_in, total.lists, total.passes_over);
    for (int i = 0; i <= OPERATION_PROBE; i++)
        (void)printf("%s%s %lu",
                     i ? ", " : "operations: ", operation_kind_name((enum operation_kind)i),
                     total.operations[i]);
    (void)printf("\nfaults:");
    for (int i = 0; i < FAULTS; i++)
        (void)printf(" %lu", total.faults[i]);
    (void)printf("\nevents:");
    for (int i = EVENT_NONE + 1; i < EVENT_KINDS; i++)
        (void)printf(" %s %lu", event_kind_name((enum event_kind)i), total.told[i]);
    (void)printf("\nwakes %lu, answers %lu, rolled back %lu, quiet %lu times, %lu agents as they "
                 "should be\n",
                 total.wakes, total.answers, total.rolled_back, total.converged,
                 total.checked_agents);
}

static void usage(void)
{
    (void)fprintf(
        stderr,
        "usage: sim [--seed N | --seeds A..B | --file FILE] [--steps M] [--seconds S] [--trace]\n");
    exit(2);
}

static void parse(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--trace") == 0) {
            trace_all = true;
            continue;
        }
        if (!value)
            usage();
        if (strcmp(argv[i], "--seed") == 0)
            o->from = o->to = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--seeds") == 0) {
            char *end;
            o->from = strtoull(value, &end, 10);
            o->to = strncmp(end, "..", 2) == 0 && end[2] ? strtoull(end + 2, NULL, 10) : UINT64_MAX;
        } else if (strcmp(argv[i], "--steps") == 0)
            o->steps = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0)
            o->seconds = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--file") == 0)
            o->file = value;
        else
            usage();
        i++;
    }
}

int main(int argc, char **argv)
{
    struct options o = {.from = 1, .to = UINT64_MAX, .steps = 8000};
    struct timespec begun, now;
    unsigned long seeds = 0;
    parse(argc, argv, &o);
    if (o.file) {
        live_file(o.file, o.steps);
        return 0;
    }
    if (o.to == UINT64_MAX && o.seconds == 0)
        o.to = o.from + 99;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    for (uint64_t seed = o.from; seed <= o.to; seed++) {
        live(seed, o.steps);
        seeds++;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        if (o.seconds && now.tv_sec - begun.tv_sec >= (time_t)o.seconds)
            break;
    }
    print_counts(seeds);
    if (o.from != o.to)
        check_floors();
    return 0;
}
