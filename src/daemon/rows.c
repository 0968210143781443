/* SPDX-License-Identifier: MIT
 *
 * Rows of the store become rows of the core, and their specs are kept, since requests are made from
 * them.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/sha256.h"
#include "daemon/fleet.h"

struct fleet_row *fleet_find_row(const struct fleet *f, const char *name)
{
    struct fleet_row *row = NULL;
    HASH_FIND_STR(f->rows, name, row);
    return row;
}

static void free_volumes(struct fleet_row *row)
{
    for (size_t i = 0; i < row->n_volumes; i++) {
        free((char *)(uintptr_t)row->volumes[i].destination);
        free((char *)(uintptr_t)row->volumes[i].name);
    }
    free(row->volumes);
    row->volumes = NULL;
    row->n_volumes = 0;
}

static void free_row(struct fleet *f, struct fleet_row *row)
{
    HASH_DELETE(hh, f->rows, row);
    free_volumes(row);
    spec_free(row->spec);
    free(row->name);
    free(row->image);
    free(row->held_reason);
    free(row->invalid);
    free(row);
}

void fleet_free_rows(struct fleet *f)
{
    struct fleet_row *row, *next;
    HASH_ITER (hh, f->rows, row, next) {
        free_row(f, row);
    }
}

const char *fleet_container_name(void *ctx, const char *agent)
{
    const struct fleet_row *row = fleet_find_row(ctx, agent);
    return row && row->spec ? spec_settings(row->spec)->container_name : NULL;
}

void fleet_context(struct fleet *f, const struct fleet_row *row, struct spec_context *ret_context)
{
    *ret_context = (struct spec_context){
        .fleet = store_fleet(f->store),
        .agent = row->name,
        .db_uid = store_uid(f->store),
        .lifecycle = row->lifecycle,
        .image = row->image,
        .volumes = row->volumes,
        .n_volumes = row->n_volumes,
        .resource_name = fleet_resource_name,
        .container_name = fleet_container_name,
        .resource_ctx = f,
    };
}

/* A lease that a jumped clock makes endless ends here. */
#define LEASE_MAX_MS ((int64_t)24 * 3600 * 1000)

struct reading {
    struct fleet *f;
    struct error *err;
    int r;
};

static struct fleet_row *row_of(struct fleet *f, const char *name)
{
    struct fleet_row *row = fleet_find_row(f, name);
    if (row)
        return row;
    row = calloc(1, sizeof(*row));
    if (row)
        row->name = strdup(name);
    if (!row || !row->name) {
        free(row);
        return NULL;
    }
    HASH_ADD_KEYPTR(hh, f->rows, row->name, strlen(row->name), row);
    if (row->hh.tbl)
        return row;
    free(row->name);
    free(row);
    return NULL;
}

static int read_idle_timeout(const struct store_agent *agent, uint64_t *ret_ns, struct error *err)
{
    *ret_ns = 0;
    if (!agent->idle_timeout)
        return 0;
    int r = duration_parse(agent->idle_timeout, ret_ns);
    if (r < 0)
        return error_set(err, r, ERROR_INVALID, "bad_duration",
                         "idle_timeout: \"%s\" is no duration; write it like 90s or 1h30m",
                         agent->idle_timeout);
    if (*ret_ns == 0)
        return error_set(err, -EINVAL, ERROR_INVALID, "bad_duration",
                         "idle_timeout: must be more than 0; write it like 90s or 1h30m");
    return 0;
}

/* All that can be wrong with a row fails this agent alone. */
static int check_row(struct fleet_row *row, const struct store_agent *agent,
                     struct core_row *core_row, struct error *err)
{
    int r = lifecycle_parse(agent->lifecycle, &row->lifecycle)
                ? 0
                : error_set(err, -EINVAL, ERROR_INVALID, NULL,
                            "lifecycle: \"%s\" is neither hot nor lazy", agent->lifecycle);
    if (r == 0 && agent->image[0] == '\0') /* the table counts the bytes behind a NUL, too */
        r = error_set(err, -EINVAL, ERROR_INVALID, "bad_image",
                      "image: is empty; write \"name:tag\"");
    if (r == 0)
        r = read_idle_timeout(agent, &core_row->idle_timeout_ns, err);
    if (r == 0)
        r = spec_parse(agent->spec, agent->image, &row->spec, err);
    if (r == 0)
        r = spec_check_lifecycle(row->spec, row->lifecycle, NULL, NULL, err);
    if (r == 0)
        r = spec_id(row->spec, SPEC_VERSION, &core_row->spec);
    return r;
}

static void take_settings(const struct spec_settings *settings, struct core_row *row)
{
    row->container_name = settings->container_name;
    row->ready = settings->ready;
    row->ready_timeout_ns = settings->ready_timeout_ns;
    row->sleep = settings->sleep;
    row->stop_after_ns = settings->stop_after_ns;
    row->restart_unhealthy = settings->restart_unhealthy;
    row->job = settings->job;
}

static int send_row(struct fleet *f, const struct fleet_row *row, struct core_row *core_row)
{
    struct core_depends *depends = NULL;
    if (row->spec) {
        const struct spec_settings *settings = spec_settings(row->spec);
        take_settings(settings, core_row);
        depends = calloc(settings->n_depends + 1, sizeof(*depends));
        if (!depends)
            return -ENOMEM;
        for (size_t i = 0; i < settings->n_depends; i++)
            depends[i] = (struct core_depends){
                .agent = settings->depends[i].agent,
                .condition = settings->depends[i].condition,
                .optional = settings->depends[i].optional,
                .shares = settings->depends[i].shares,
                .joins = settings->depends[i].joins,
                .restart = settings->depends[i].restart,
            };
        core_row->depends = depends;
        core_row->n_depends = settings->n_depends;
    }
    struct core_event event = {.kind = CORE_ROW, .row = *core_row};
    fleet_step(f, &event);
    free(depends);
    return 0;
}

static int on_agent(void *ctx, const struct store_agent *agent)
{
    struct reading *reading = ctx;
    struct fleet_row *row = row_of(reading->f, agent->name);
    struct error err = ERROR_INIT;
    if (!row)
        return -ENOMEM;
    spec_free(row->spec);
    row->spec = NULL;
    free(row->invalid);
    row->invalid = NULL;
    free(row->image);
    row->image = strdup(agent->image);
    free(row->held_reason);
    row->held_reason = agent->held_reason ? strdup(agent->held_reason) : NULL;
    row->generation = agent->generation;
    struct core_row core_row = {
        .name = row->name, .generation = agent->generation, .held = agent->held};
    if (check_row(row, agent, &core_row, &err) < 0) {
        spec_free(row->spec);
        row->spec = NULL;
        row->invalid = strdup(error_is_set(&err) ? err.text : "out of memory");
        log_warning("%s: %s", row->name, row->invalid ? row->invalid : "out of memory");
    }
    if (!row->image || (!row->spec && !row->invalid))
        return -ENOMEM;
    core_row.lifecycle = row->lifecycle;
    core_row.look_first = fleet_has_taken(reading->f, row->name);
    core_row.invalid = row->invalid;
    return send_row(reading->f, row, &core_row);
}

static int on_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    struct reading *reading = ctx;
    struct fleet_row *row = fleet_find_row(reading->f, tombstone->name);
    if (row && row->generation < tombstone->generation)
        free_row(reading->f, row);
    struct core_event event = {
        .kind = CORE_TOMBSTONE,
        .tombstone = {.name = tombstone->name, .generation = tombstone->generation}};
    struct error err = ERROR_INIT;
    _cleanup_(spec_freep) struct spec *spec = NULL;
    if (spec_parse(tombstone->spec, "", &spec, &err) == 0) /* else it never had a container */
        event.tombstone.container_name = spec_settings(spec)->container_name;
    fleet_step(reading->f, &event);
    return 0;
}

/* Parts of a batch emit nothing, so no effect is carried out inside of the store's read. */
int fleet_read_rows(struct fleet *f, struct error *err)
{
    struct reading reading = {.f = f, .err = err};
    int r = fleet_read_resources(f, err);
    if (r == 0)
        r = fleet_read_taken(f, err);
    if (r == 0)
        r = store_read_changes(f->store, f->generation, on_agent, on_tombstone, &reading,
                               &f->generation, err);
    if (r == 0)
        r = fleet_use_resources(f);
    if (r < 0 && !error_is_set(err))
        r = error_wrap(err, r, "cannot read the table of agents");
    return r;
}

int fleet_follow_table(struct fleet *f, bool *ret_changed, struct error *err)
{
    bool changed = false;
    int r = store_changed(f->store, &changed, err);
    f->behind = f->behind || changed;
    if (r < 0 || !f->behind)
        return r;
    if (f->core)
        r = fleet_read_rows(f, err);
    f->behind = r < 0;
    *ret_changed = true;
    return r;
}

/* Nothing ran through a reboot, and its clock begins anew: what is down after it went down with the
 * machine. */
static void take_times(const struct fleet *f, const struct store_state *state,
                       struct core_memory *memory)
{
    if (strcmp(state->boot_id, f->boot_id) != 0) {
        if (memory->state != STATE_MISSING && memory->state != STATE_FAILED)
            memory->state = STATE_STOPPED;
        return;
    }
    memcpy(memory->restarts_ns, state->restarts_ns, sizeof(memory->restarts_ns));
    memory->retry_at_ns = state->retry_at_ns;
    memory->idle_since_ns = state->idle_since_ns;
    memory->to_follow = state->to_follow;
}

bool fleet_memory_of(const struct fleet *f, const struct store_state *state,
                     struct core_memory *ret_memory)
{
    struct core_memory memory = {.name = state->agent,
                                 .reason = state->reason ? state->reason : "",
                                 .failed_generation = state->failed_generation,
                                 .episodes = state->episodes,
                                 .crashes = state->crashes,
                                 .job_ran = state->job_ran};
    if (!agent_state_parse(state->state, &memory.state))
        return false;
    take_times(f, state, &memory);
    memory.has_container = state->container_id &&
                           hex_parse(state->container_id, memory.container, CONTAINER_ID_SIZE) == 0;
    *ret_memory = memory;
    return true;
}

static int on_state(void *ctx, const struct store_state *state)
{
    struct core_event event = {.kind = CORE_MEMORY};
    if (fleet_memory_of(ctx, state, &event.memory))
        fleet_step(ctx, &event);
    return 0;
}

static int on_volume(void *ctx, const char *agent, const struct store_volume *volume)
{
    struct fleet_row *row = fleet_find_row(ctx, agent);
    if (!row)
        return 0;
    struct spec_volume *volumes = realloc(row->volumes, (row->n_volumes + 1) * sizeof(*volumes));
    if (!volumes)
        return -ENOMEM;
    row->volumes = volumes;
    struct spec_volume copy = {strdup(volume->destination), strdup(volume->name)};
    if (!copy.destination || !copy.name) {
        free((char *)(uintptr_t)copy.destination);
        free((char *)(uintptr_t)copy.name);
        return -ENOMEM;
    }
    volumes[row->n_volumes++] = copy;
    return 0;
}

/* The wall clock counts only when the other one began anew. */
static uint64_t good_until_ns(const struct fleet *f, const struct store_lease *lease)
{
    if (strcmp(lease->boot_id, f->boot_id) == 0)
        return lease->until_ns;
    int64_t left_ms = lease->expires_ms - clock_wall_ms();
    if (left_ms < 0)
        left_ms = 0;
    if (left_ms > LEASE_MAX_MS)
        left_ms = LEASE_MAX_MS;
    return clock_boot_ns() + (uint64_t)left_ms * NS_PER_MS;
}

static int on_lease(void *ctx, const struct store_lease *lease)
{
    struct fleet *f = ctx;
    struct core_event event = {.kind = CORE_LEASE,
                               .lease = {.id = lease->id,
                                         .agent = lease->agent,
                                         .until_ns = good_until_ns(f, lease),
                                         .expires_ms = lease->expires_ms}};
    fleet_step(f, &event);
    return 0;
}

struct sought {
    const struct fleet *f;
    const char *id;
    uint64_t until_ns;
};

static int on_sought(void *ctx, const struct store_lease *lease)
{
    struct sought *sought = ctx;
    if (strcmp(lease->id, sought->id) == 0)
        sought->until_ns = good_until_ns(sought->f, lease);
    return 0;
}

uint64_t fleet_stored_lease(struct fleet *f, const char *id)
{
    struct sought sought = {.f = f, .id = id};
    struct error err = ERROR_INIT;
    return store_read_leases(f->store, on_sought, &sought, &err) == 0 ? sought.until_ns : 0;
}

int fleet_read_memory(struct fleet *f, struct error *err)
{
    int r = store_read_states(f->store, on_state, f, err);
    if (r == 0)
        r = store_read_leases(f->store, on_lease, f, err);
    if (r == 0)
        r = store_read_volumes(f->store, on_volume, f, err);
    if (r < 0 && !error_is_set(err))
        r = error_wrap(err, r, "cannot read what was remembered");
    return r;
}

static bool same_volumes(const struct fleet_row *row, const struct store_volume *volumes, size_t n)
{
    if (row->n_volumes != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(row->volumes[i].destination, volumes[i].destination) != 0 ||
            strcmp(row->volumes[i].name, volumes[i].name) != 0)
            return false;
    return true;
}

void fleet_set_volumes(struct fleet *f, struct fleet_row *row, const struct store_volume *volumes,
                       size_t n)
{
    struct error err = ERROR_INIT;
    bool same = same_volumes(row, volumes, n);
    if (same && !row->volumes_unsaved)
        return;
    if (!same)
        free_volumes(row);
    for (size_t i = 0; !same && i < n; i++)
        if (on_volume(f, row->name, &volumes[i]) < 0)
            break; /* the next listing tries again */
    bool was_unsaved = row->volumes_unsaved;
    row->volumes_unsaved =
        !f->observe_only && store_write_volumes(f->store, row->name, volumes, n, &err) < 0;
    if (row->volumes_unsaved && !was_unsaved)
        log_warning("%s: its anonymous volumes are not remembered: %s", row->name, err.text);
}
