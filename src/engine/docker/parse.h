/* SPDX-License-Identifier: MIT
 *
 * The engine's JSON → struct engine_container (a listing's row in row.c, the rest in parse.c).
 * Strict where a wrong reading would cost something (id, names, labels: ours would look like
 * somebody else's), lenient where the engine itself is (null for an empty list, a state that is not
 * known yet).
 */
#pragma once

#include <jansson.h>

#include "engine/engine.h"

/* A container and the memory that its strings lie in. */
struct container_view {
    struct engine_container c;
    json_t *root; /* of an inspection */
    char *text;   /* of a row */
    struct engine_label *labels;
    const char **networks;
    struct engine_mount *mounts;
};

/* JSON from an engine. NUL bytes in strings become U+FFFD, so that one hostile label does not make
 * a listing unreadable; a key twice is an error. NULL: not JSON, or out of memory. */
json_t *parse_json(const char *json, size_t len) _must_use_;

/* One row of GET /containers/json. 0, -EBADMSG (not a container), -ENOMEM. */
int parse_row(const char *json, size_t len, struct container_view *ret_view) _must_use_;

/* The answer of GET /containers/{id}/json. */
int parse_inspection(const char *json, size_t len, struct container_view *ret_view) _must_use_;

/* An empty one: no string is NULL. */
void container_view_init(struct container_view *v);
void container_view_close(struct container_view *v);

enum container_status parse_status(const char *word);
enum container_health parse_health(const char *word);

/* RFC 3339 → Unix nanoseconds; 0 for the zero time ("0001-01-01T00:00:00Z") and for what is none.
 */
int64_t parse_time_ns(const char *text);

bool parse_id_is_valid(const char *id);
