/* SPDX-License-Identifier: MIT
 *
 * The list of effects of one step. Strings in them point into the core and live until
 * the next step.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

struct effect *effect_add(struct core *core, enum effect_kind kind)
{
    if (core->effects_n == core->effects_cap) {
        size_t cap = core->effects_cap ? core->effects_cap * 2 : 16;
        struct effect *effects = realloc(core->effects, cap * sizeof(*effects));
        if (!effects) {
            core->starved = true;
            return NULL;
        }
        core->effects = effects;
        core->effects_cap = cap;
    }
    struct effect *e = &core->effects[core->effects_n++];
    memset(e, 0, sizeof(*e));
    e->kind = kind;
    return e;
}

bool effect_whole(struct core *core)
{
    if (core->starved)
        core->effects_n--;
    return !core->starved;
}

struct text_chunk {
    struct text_chunk *next;
    size_t used, size;
    char text[];
};

#define CHUNK_SIZE 4096

const char *effect_text(struct core *core, const char *text)
{
    size_t need = strlen(text) + 1;
    struct text_chunk *chunk = core->texts;
    if (need == 1)
        return "";
    if (!chunk || chunk->size - chunk->used < need) {
        size_t size = need > CHUNK_SIZE ? need : CHUNK_SIZE;
        chunk = malloc(sizeof(*chunk) + size);
        if (!chunk) {
            core->starved = true;
            return "";
        }
        chunk->used = 0;
        chunk->size = size;
        chunk->next = core->texts;
        core->texts = chunk;
    }
    char *copy = chunk->text + chunk->used;
    memcpy(copy, text, need);
    chunk->used += need;
    return copy;
}

void effects_reset(struct core *core)
{
    while (core->texts) {
        struct text_chunk *next = core->texts->next;
        free(core->texts);
        core->texts = next;
    }
    free(core->effects);
    core->effects = NULL;
    core->effects_n = core->effects_cap = 0;
}
