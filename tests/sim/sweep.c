/* SPDX-License-Identifier: MIT
 *
 * The sweep (after Sieve, OSDI 2022): each scene is played once for each call that it makes to the
 * engine and each kind of fault, with that one fault at that one call. Then nothing fails any more,
 * and the fleet must come to its table in bounded time, and stay there without one changing call.
 *
 *   sweep                                    all of it
 *   sweep --scene N [--kind K --call C]      one scene; one case of it, with its trace
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenes.h"

static const char *const kind_names[SWEEP_KINDS] = {
    [SWEEP_NOTHING] = "nothing",
    [SWEEP_CRASH_SENT] = "crash_sent",
    [SWEEP_CRASH_ANSWERED] = "crash_answered",
    [SWEEP_LOST_DONE] = "lost_done",
    [SWEEP_LOST_NOT_DONE] = "lost_not_done",
    [SWEEP_EVENTS_DROPPED] = "events_dropped",
    [SWEEP_STALE_LISTING] = "stale_listing",
    [SWEEP_ENGINE_KILLED] = "engine_killed",
    [SWEEP_ENGINE_RESTARTED] = "engine_restarted",
};

static unsigned long cases[SWEEP_KINDS];
static unsigned long steps;

/* Returns the number of calls that the scene has made. */
static unsigned play(size_t number, enum sweep_kind kind, unsigned call)
{
    static struct world w;
    size_t n;
    const struct scene *scene = &scenes(&n)[number];
    life_now = (struct life){0};
    world_open(&w, 1);
    (void)snprintf(w.again, sizeof(w.again), "sweep --scene %zu --kind %s --call %u", number,
                   kind_names[kind], call);
    w.engine.no_update = false;
    w.sweep = (struct sweep){.kind = kind, .call = call};
    trace(&w, "%s; %s at call %u", scene->about, kind_names[kind], call);
    scene_play(&w, scene);
    unsigned calls = w.sweep.calls;
    w.sweep.kind = SWEEP_NOTHING;
    check_quiet(&w);
    cases[kind]++;
    steps += w.counts.steps;
    world_close(&w);
    return calls;
}

static void play_all_of(size_t number)
{
    unsigned calls = play(number, SWEEP_NOTHING, 0);
    for (int kind = SWEEP_NOTHING + 1; kind < SWEEP_KINDS; kind++)
        for (unsigned call = 1; call <= calls; call++)
            (void)play(number, (enum sweep_kind)kind, call);
}

static enum sweep_kind kind_named(const char *name)
{
    for (int i = 0; i < SWEEP_KINDS; i++)
        if (strcmp(name, kind_names[i]) == 0)
            return (enum sweep_kind)i;
    (void)fprintf(stderr, "no such kind: %s\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    size_t n, scene = SIZE_MAX;
    unsigned call = 0;
    enum sweep_kind kind = SWEEP_NOTHING;
    (void)scenes(&n);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--scene") == 0)
            scene = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--kind") == 0)
            kind = kind_named(argv[i + 1]);
        else if (strcmp(argv[i], "--call") == 0)
            call = (unsigned)strtoul(argv[i + 1], NULL, 10);
    }
    trace_all = scene < n && argc > 3;
    if (trace_all)
        (void)play(scene, kind, call);
    else
        for (size_t i = 0; i < n; i++)
            if (scene == SIZE_MAX || i == scene)
                play_all_of(i);
    unsigned long sum = 0;
    (void)printf("%zu scenes;", scene == SIZE_MAX ? n : (size_t)1);
    for (int i = 0; i < SWEEP_KINDS; sum += cases[i++])
        (void)printf(" %s %lu", kind_names[i], cases[i]);
    (void)printf("; %lu cases, %lu steps, each converged and then quiet\n", sum, steps);
    return sum > 0 ? 0 : 1;
}
