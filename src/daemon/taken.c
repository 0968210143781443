/* SPDX-License-Identifier: MIT
 *
 * Containers of Compose that `roost takeover` has given to agents: ours by their ids, for they have
 * none of our labels.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/sha256.h"
#include "daemon/fleet.h"

static int on_taken(void *ctx, const struct store_taken *row)
{
    struct fleet *f = ctx;
    struct fleet_taken *t = calloc(1, sizeof(*t));
    if (!t)
        return -ENOMEM;
    bool valid = hex_parse(row->container_id, t->id, sizeof(t->id)) == 0 &&
                 spec_id_parse(row->spec, &t->spec) == 0 &&
                 lifecycle_parse(row->lifecycle, &t->lifecycle) && agent_name_is_valid(row->agent);
    if (!valid) { /* nothing that we wrote */
        log_warning("table taken: the row of %.12s makes no sense", row->container_id);
        free(t);
        return 0;
    }
    (void)snprintf(t->agent, sizeof(t->agent), "%s", row->agent);
    HASH_ADD(hh, f->taken, id, sizeof(t->id), t);
    return 0;
}

int fleet_read_taken(struct fleet *f, struct error *err)
{
    fleet_free_taken(f);
    return store_read_taken(f->store, on_taken, f, err);
}

void fleet_free_taken(struct fleet *f)
{
    struct fleet_taken *t, *next;
    HASH_ITER (hh, f->taken, t, next) {
        HASH_DELETE(hh, f->taken, t);
        free(t);
    }
}

bool fleet_has_taken(const struct fleet *f, const char *agent)
{
    for (const struct fleet_taken *t = f->taken; t; t = t->hh.next)
        if (strcmp(t->agent, agent) == 0)
            return true;
    return false;
}

const struct fleet_taken *fleet_find_taken(const struct fleet *f,
                                           const uint8_t id[CONTAINER_ID_SIZE])
{
    struct fleet_taken *t = NULL;
    HASH_FIND(hh, f->taken, id, CONTAINER_ID_SIZE, t);
    return t;
}
