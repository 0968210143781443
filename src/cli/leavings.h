/* SPDX-License-Identifier: MIT
 *
 * What `rm --volumes` and `down` take away besides containers: networks and volumes.
 *
 * They are removed by this process, after the containers. A daemon may speak to another engine
 * than our options name; there a network or a volume of the same name could belong to somebody
 * else. So leavings_look() first makes sure that our engine shows the containers that the daemon
 * tells of.
 */
#pragma once

#include "cli/cli.h"
#include "cli/resources.h"

struct leaving {
    char *kind;  /* "network", "volume" */
    char *name;  /* the engine's */
    char *agent; /* an anonymous volume's agent; NULL: the fleet's */
};

struct leavings {
    struct leaving *list;
    size_t n;
};

void leavings_close(struct leavings *leavings);

/* Anonymous volumes of these agents (names NULL: of all). */
int leavings_add_volumes(struct leavings *leavings, struct store *store, const char *const *names,
                         size_t n, struct error *err) _must_use_;

/* The fleet's own (not external) networks, its default one among them, and with `volumes` its named
 * volumes. */
int leavings_add_resources(struct leavings *leavings, const char *fleet,
                           const struct resources *resources, bool volumes,
                           struct error *err) _must_use_;

/* Looks at the containers themselves: are they on our engine (-EXDEV with ERROR_CONFLICT if not)?
 * With `volumes` the anonymous ones of these agents (names NULL: of all) are added; one that a file
 * names is none, however it is called. Needs the engine. */
int leavings_look(struct cli *cli, struct leavings *leavings, const struct resources *resources,
                  const char *const *names, size_t n, bool volumes, struct error *err) _must_use_;

/* Removes them, but for the volumes of agents that `report` does not call removed. Says each
 * failure on stderr. *ret_removed: a JSON array of {"kind","name"}. EXIT_SUCCESS, EXIT_FAILURE, or
 * negative with `err` when the engine cannot be reached. */
int leavings_remove(struct cli *cli, const struct leavings *leavings, const json_t *report,
                    json_t **ret_removed, struct error *err) _must_use_;
