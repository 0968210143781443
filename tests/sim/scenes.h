/* SPDX-License-Identifier: MIT
 *
 * Scenes: short stories, one for each row of the two tables (the rules of decide.c, the
 * watchdog's), told in words: VERB[:AGENT[:HOW]], one after the other. What comes before | sets the
 * scene.
 */
#pragma once

#include <stddef.h>

#include "world.h"

struct scene {
    const char *about; /* "rule 9: …", "watchdog: …" */
    const char *story;
};

const struct scene *scenes(size_t *ret_n);
void scene_play(struct world *w, const struct scene *scene);
