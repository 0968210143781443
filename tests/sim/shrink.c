/* SPDX-License-Identifier: MIT
 *
 * A life that broke something is made short: it is lived again and again, each time with fewer of
 * its choices (delta debugging, Zeller 1999), in a process of its own, as long as the same thing
 * breaks.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIALS_MAX    4000
#define TRIAL_SECONDS 20

static struct {
    const char *what; /* the words of the check that broke: the same address in every child */
} * shared;

bool shrink_is_trial(void)
{
    return shared != NULL;
}

void shrink_tell(const char *what)
{
    shared->what = what;
    _exit(1);
}

static bool breaks(const struct life *life, const struct choices *choices, const char *what)
{
    int status = 0;
    shared->what = NULL;
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(TRIAL_SECONDS);
        trace_all = false;
        choices_only(choices);
        live(life);
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && shared->what == what;
}

/* `choices` without the `n` from `from` on. */
static struct choices without(const struct choices *choices, size_t from, size_t n)
{
    struct choices rest = {.items = malloc((choices->n + 1) * sizeof(*rest.items))};
    for (size_t i = 0; rest.items && i < choices->n; i++)
        if (i < from || i >= from + n)
            rest.items[rest.n++] = choices->items[i];
    return rest;
}

static void shrink_list(const struct life *life, struct choices *choices, const char *what)
{
    size_t piece = (choices->n + 1) / 2, trials = 0;
    while (piece > 0 && choices->n > 0) {
        bool smaller = false;
        for (size_t from = 0; from < choices->n && trials < TRIALS_MAX; trials++) {
            struct choices rest = without(choices, from, piece);
            if (breaks(life, &rest, what)) {
                free(choices->items);
                *choices = rest;
                smaller = true;
                continue;
            }
            free(rest.items);
            from += piece;
        }
        if (trials >= TRIALS_MAX || (piece == 1 && !smaller))
            break;
        piece = smaller && piece == 1 ? 1 : piece / 2;
    }
}

void shrink(const struct life *life, const char *what)
{
    struct choices choices = without(choices_made(), 0, 0);
    size_t before = choices.n;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || !breaks(life, &choices, what)) {
        (void)printf("does not break again in the same way: not made shorter\n");
        return;
    }
    shrink_list(life, &choices, what);
    (void)printf("%zu of its %zu choices are enough:\nsim --seed %llu --steps %lu --trace --only ",
                 choices.n, before, (unsigned long long)life->seed, life->steps);
    choices_print(&choices);
    (void)printf("\nas a line for tests/sim/seeds:\n%llu %lu ", (unsigned long long)life->seed,
                 life->steps);
    choices_print(&choices);
    (void)printf("\n");
    free(choices.items);
}
