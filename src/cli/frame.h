/* SPDX-License-Identifier: MIT
 *
 * What `roost top` shows: one frame of the terminal, and the same as a table. Pure: from data to
 * text.
 *
 * A frame never has more lines, or wider ones, than the terminal: what has no room is left out, the
 * least wanted columns first; on a single line only the selected agent is left. Text from outside
 * goes through text_visible(): no name and no event moves the cursor. Without colour there is no
 * escape sequence in it but those that place the lines.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/table.h"

struct frame {
    const json_t *overview; /* of overview_join(); NULL: nothing is known yet */
    size_t columns, lines;  /* of the terminal, 1 at least */
    size_t selected;        /* index of an agent */
    size_t first;           /* index of the first agent that is shown */
    const char *message;    /* "": the keys */
    bool bad;               /* the message is of something that failed */
    bool color;
    int64_t now_ms; /* wall time, for what leases have left */
};

/* How many agents a terminal of so many lines shows. */
size_t frame_room(size_t lines);

/* The first agent to show, so that the selected one is among them and no line stays empty. */
size_t frame_scroll(size_t first, size_t selected, size_t agents, size_t room);

void frame_draw(const struct frame *frame, struct buf *out);

/* All agents as a table, for where there is no terminal. */
void frame_table(const json_t *overview, int64_t now_ms, struct table *table);
