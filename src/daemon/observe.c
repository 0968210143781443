/* SPDX-License-Identifier: MIT
 *
 * What the engine shows of a container, in the core's words.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "daemon/fleet.h"

struct labels {
    const char *db, *fleet, *agent, *spec, *lifecycle, *with, *compose_project, *compose_service;
};

/* One walk over the labels: a listing has thousands of them. */
static struct labels read_labels(const struct engine_container *c)
{
    struct labels l = {0};
    for (size_t i = 0; i < c->n_labels; i++) {
        const char *key = c->labels[i].key, *value = c->labels[i].value;
        if (strncmp(key, "roost.", 6) == 0) {
            key += 6;
            if (strcmp(key, "db") == 0)
                l.db = value;
            else if (strcmp(key, "fleet") == 0)
                l.fleet = value;
            else if (strcmp(key, "agent") == 0)
                l.agent = value;
            else if (strcmp(key, "spec") == 0)
                l.spec = value;
            else if (strcmp(key, "lifecycle") == 0)
                l.lifecycle = value;
            else if (strcmp(key, "with") == 0)
                l.with = value;
        } else if (strcmp(key, "com.docker.compose.project") == 0) {
            l.compose_project = value;
        } else if (strcmp(key, "com.docker.compose.service") == 0) {
            l.compose_service = value;
        }
    }
    return l;
}

static unsigned compare(struct fleet *f, const struct fleet_row *row,
                        const struct engine_container *c)
{
    struct spec_context context;
    struct spec_seen_mount mounts[64];
    if (c->n_mounts > ARRAY_LEN(mounts))
        return 0; /* more than any spec of ours may have: the label decides alone */
    for (size_t i = 0; i < c->n_mounts; i++)
        mounts[i] =
            (struct spec_seen_mount){c->mounts[i].type, c->mounts[i].name, c->mounts[i].source,
                                     c->mounts[i].destination, c->mounts[i].read_only};
    struct spec_seen seen = {
        .image = c->image,
        .network_mode = c->network_mode,
        .networks = c->networks,
        .n_networks = c->n_networks,
        .mounts = mounts,
        .n_mounts = c->n_mounts,
    };
    fleet_context(f, row, &context);
    return spec_compare(row->spec, &context, &seen);
}

static bool policy_agrees(const struct engine_container *c, enum lifecycle made_as)
{
    return strcmp(c->restart_policy, lifecycle_restart_policy(made_as)) == 0;
}

/* What it is, counts as what its row said when it was taken over. */
static void take_over(struct observation *o, const struct fleet_taken *taken)
{
    o->ours = o->by_id = true;
    o->agent = taken->agent;
    o->compose_service = "";
    o->spec = taken->spec;
    o->made_as = taken->lifecycle;
}

void fleet_observe(struct fleet *f, const struct engine_container *c,
                   struct observation *ret_observation)
{
    struct labels l = read_labels(c);
    const char *fleet = store_fleet(f->store);
    bool same_fleet = l.fleet && strcmp(l.fleet, fleet) == 0;
    bool same_project = l.compose_project && strcmp(l.compose_project, fleet) == 0;
    struct observation o = {
        .name = c->name,
        .status = c->status,
        .health = c->health,
        .ours = same_fleet && l.db && l.agent && store_has_uid(f->store, l.db),
        .agent = l.agent ? l.agent : "",
        .compose_service = same_project && l.compose_service && !l.db ? l.compose_service : "",
        .inspected = c->inspected,
        .exit_code = c->exit_code,
        .oom_killed = c->oom_killed,
        .restarts = c->restart_count,
        .started_ns = c->started_at_ns,
        .ended_ns = c->finished_at_ns,
    };
    if (hex_parse(c->id, o.id, sizeof(o.id)) < 0)
        o.ours = false; /* nothing that we could ever speak of */
    if (l.spec && spec_id_parse(l.spec, &o.spec) < 0)
        o.spec.version = 0;
    if (l.lifecycle)
        (void)lifecycle_parse(l.lifecycle, &o.made_as);
    if (l.with)
        o.with = strtoull(l.with, NULL, 16);
    const struct fleet_taken *taken = l.db ? NULL : fleet_find_taken(f, o.id);
    if (taken)
        take_over(&o, taken);
    if (c->inspected)
        o.policy_agrees = policy_agrees(c, o.made_as);
    const struct fleet_row *row = o.ours && !taken ? fleet_find_row(f, o.agent) : NULL;
    if (row && row->spec)
        o.differs = compare(f, row, c);
    *ret_observation = o;
}

static bool is_anonymous(const struct engine_mount *mount)
{
    return strcmp(mount->type, "volume") == 0 && strlen(mount->name) == 64 &&
           strspn(mount->name, "0123456789abcdef") == 64;
}

/* The container under the agent's own name is the one whose data counts. */
void fleet_learn_volumes(struct fleet *f, const struct engine_container *c,
                         const struct observation *o)
{
    struct fleet_row *row = o->ours ? fleet_find_row(f, o->agent) : NULL;
    struct store_volume volumes[64];
    size_t n = 0;
    if (!row || strstr(o->name, "..")) /* a spare of a recreate */
        return;
    for (size_t i = 0; i < c->n_mounts && n < ARRAY_LEN(volumes); i++)
        if (is_anonymous(&c->mounts[i]))
            volumes[n++] = (struct store_volume){c->mounts[i].destination, c->mounts[i].name};
    fleet_set_volumes(f, row, volumes, n);
}
