/* SPDX-License-Identifier: MIT
 *
 * The choices of a life: each act of users or accidents, each fault that befalls what goes on after
 * it, and whether a daemon that is started then has its boot pass. They have numbers that do not
 * move when others are left out, since the random numbers begin anew with each act: so a life can
 * be lived again with some of its choices only.
 */
#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOT_PASS 1000 /* beyond the faults of any act */

static struct choices only;
static bool has_only;
static struct choices made;

static void add(struct choices *c, struct choice choice)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 256;
        c->items = realloc(c->items, c->cap * sizeof(*c->items));
        assert(c->items);
    }
    c->items[c->n++] = choice;
}

static bool is_in(const struct choices *c, struct choice choice)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->items[i].act == choice.act && c->items[i].fault == choice.fault)
            return true;
    return false;
}

static bool is_taken(struct choice choice)
{
    if (has_only && !is_in(&only, choice))
        return false;
    add(&made, choice);
    return true;
}

bool choose_act(struct world *w)
{
    seed_random(w, w->seed + UINT64_C(0x9E3779B97F4A7C15) * ++w->act);
    w->fault = 0;
    return is_taken((struct choice){w->act, 0});
}

bool fault(struct world *w, unsigned per_mille)
{
    return w->chaos && w->faulty && chance(w, per_mille) &&
           is_taken((struct choice){w->act, ++w->fault});
}

/* One choice an act, and it costs no random number: lives of a few choices stay what they were. */
bool choose_boot_pass(const struct world *w)
{
    return is_taken((struct choice){w->act, BOOT_PASS});
}

const struct choices *choices_made(void)
{
    return &made;
}

void choices_begin(void)
{
    made.n = 0;
}

void choices_only(const struct choices *choices)
{
    has_only = true;
    only.n = 0;
    for (size_t i = 0; i < choices->n; i++)
        add(&only, choices->items[i]);
}

bool choices_are_some(void)
{
    return has_only;
}

void choices_all(void)
{
    has_only = false;
}

bool choices_parse(const char *text)
{
    has_only = true;
    only.n = 0;
    while (*text) {
        char *end;
        struct choice choice = {(unsigned)strtoul(text, &end, 10), 0};
        if (end == text)
            return false;
        if (*end == '.')
            choice.fault = (unsigned)strtoul(end + 1, &end, 10);
        add(&only, choice);
        if (*end && *end != ',')
            return false;
        text = *end ? end + 1 : end;
    }
    return true;
}

void choices_print(const struct choices *choices)
{
    for (size_t i = 0; i < choices->n; i++) {
        (void)printf("%s%u", i ? "," : "", choices->items[i].act);
        if (choices->items[i].fault)
            (void)printf(".%u", choices->items[i].fault);
    }
}

void choices_free(void)
{
    free(only.items);
    free(made.items);
    only = made = (struct choices){0};
}
