/* SPDX-License-Identifier: MIT
 *
 * Opening and closing a fleet, and the one way from an event to its effects.
 */
#include "daemon/fleet.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"

#define RESYNC_NS (30 * NS_PER_S)

/* Without memory for a step the next one is so much later; a single request, for which nobody would
 * wait for ever, gives up after so many in a row. */
#define STARVED_NS  NS_PER_S
#define STARVED_MAX 8

/* The timer is not read: each step arms it anew, which makes it unreadable too. */
static void on_clock(uv_poll_t *poll, int status, int events)
{
    struct fleet *f = poll->data;
    struct core_event event = {.kind = CORE_TIME};
    fleet_step(f, &event);
}

static int open_clock(struct fleet *f, struct error *err)
{
    f->clock_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (f->clock_fd < 0)
        return error_wrap(err, -errno, "cannot make a timer");
    int r = uv_poll_init(f->loop, &f->clock, f->clock_fd);
    if (r < 0)
        return error_wrap(err, r, "cannot watch the timer");
    f->clock.data = f;
    f->clock_open = true;
    r = uv_poll_start(&f->clock, UV_READABLE, on_clock);
    return r < 0 ? error_wrap(err, r, "cannot watch the timer") : 0;
}

static void arm_clock(struct fleet *f)
{
    uint64_t due_ns = f->starved > 0 ? clock_boot_ns() + STARVED_NS : core_next_deadline(f->core);
    struct itimerspec at = {0};
    if (due_ns != UINT64_MAX) {
        at.it_value.tv_sec = (time_t)(due_ns / NS_PER_S);
        at.it_value.tv_nsec =
            (long)(due_ns % NS_PER_S) + (due_ns == 0); /* all zero would disarm it */
    }
    (void)timerfd_settime(f->clock_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static char *absolute(const char *path, const char *end)
{
    char here[PATH_MAX] = "";
    char *text = NULL;
    if (path[0] != '/' && !getcwd(here, sizeof(here)))
        return NULL;
    return asprintf(&text, "%s%s%s%s", here, here[0] ? "/" : "", path, end) < 0 ? NULL : text;
}

static int own_paths(struct fleet *f, const struct daemon_options *options)
{
    f->own_db = absolute(options->db_path, "");
    f->own_files = absolute(options->db_path, ".files");
    f->own_socket = options->socket_path ? absolute(options->socket_path, "") : NULL;
    return f->own_db && f->own_files ? 0 : -ENOMEM;
}

int fleet_loop_init(uv_loop_t *loop, struct error *err)
{
    int r = uv_loop_init(loop);
    return r < 0 ? error_set(err, r, ERROR_FAILED, NULL, "cannot make a loop: %s", uv_strerror(r))
                 : 0;
}

int fleet_open(struct fleet *f, uv_loop_t *loop, const struct daemon_options *options,
               struct error *err)
{
    f->loop = loop;
    f->takeover = options->takeover;
    f->late_end = &f->late;
    f->early_end = &f->early;
    f->unsaved_end = &f->unsaved;
    f->clock_fd = -1;
    int r = clock_boot_id(f->boot_id);
    if (r < 0)
        return error_wrap(err, r, "cannot read the boot id");
    r = own_paths(f, options);
    if (r < 0)
        return error_wrap(err, r, "cannot tell the paths of the database and the socket");
    r = open_clock(f, err);
    if (r == 0)
        r = engine_docker_open(loop, &options->engine, &f->engine, err);
    return r;
}

void *fleet_hold(struct fleet *f, size_t size)
{
    struct fleet_hold *hold = calloc(1, sizeof(*hold) + size);
    if (!hold)
        return NULL;
    DL_APPEND(f->holds, hold);
    return hold->data;
}

void fleet_release(struct fleet *f, void *data)
{
    struct fleet_hold *hold =
        (struct fleet_hold *)((char *)data - offsetof(struct fleet_hold, data));
    DL_DELETE(f->holds, hold);
    free(hold);
}

static void free_holds(struct fleet *f)
{
    struct fleet_hold *hold, *next;
    DL_FOREACH_SAFE(f->holds, hold, next)
    free(hold);
    f->holds = NULL;
}

void fleet_close(struct fleet *f)
{
    fleet_drop_waiters(f);
    wakes_drop(f);
    follow_drop(f);
    pulls_drop(f);
    outdated_drop(f);
    fleet_drop_pulls(f);
    fleet_watch_close(f);
    fleet_forget_unsaved(f);
    if (f->engine)
        engine_close(f->engine, NULL, NULL);
    f->engine = NULL;
    stats_close(f);
    free_holds(f);
    if (f->clock_open)
        uv_close((uv_handle_t *)&f->clock, NULL);
    f->clock_open = false;
    f->core = core_free(f->core);
    while (f->late) {
        struct fleet_late *next = f->late->next;
        free(f->late->agent);
        free(f->late);
        f->late = next;
    }
    fleet_forget_engine(f);
    fleet_free_rows(f);
    fleet_free_taken(f);
    fleet_free_resources(f);
    f->store = store_close(f->store);
    if (f->clock_fd >= 0)
        (void)close(f->clock_fd);
    f->clock_fd = -1;
}

/* Carrying out ----------------------------------------------------------------------------------
 */

static void tell(const struct report *notice)
{
    if (notice->error)
        log_warning("%s: %s", notice->agent, notice->error);
    else
        log_info("%s: %s%s%s", notice->agent, report_word_name(notice->action),
                 notice->reason[0] ? ": " : "", notice->reason);
}

/* `unsaved`: NULL, or why this step could not be remembered. */
static void carry_out(struct fleet *f, const struct effect *e, const struct error *unsaved)
{
    switch (e->kind) {
    case EFFECT_OPERATION:
        if (e->operation.kind == OPERATION_PROBE)
            fleet_probe(f, &e->operation);
        else
            fleet_carry(f, &e->operation);
        break;
    case EFFECT_LIST:
        fleet_list(f, e);
        break;
    case EFFECT_PROGRESS:
        fleet_progress(f, e);
        break;
    case EFFECT_REPORT:
        fleet_report(f, e);
        break;
    case EFFECT_NOTICE:
        tell(&e->notice);
        break;
    case EFFECT_ANSWER:
        wakes_answer(f, e, unsaved);
        break;
    case EFFECT_SAVE:
    case EFFECT_FORGET:
    case EFFECT_LEASE:
    case EFFECT_EVENT:
        break; /* fleet_remember() */
    }
}

static void step_once(struct fleet *f, struct core_event *event)
{
    struct effects effects;
    struct error err = ERROR_INIT;
    event->now_ns = clock_boot_ns();
    event->wall_ms = clock_wall_ms();
    bool starved = core_step(f->core, event, &effects) < 0;
    if (starved && f->starved == 0)
        log_error("out of memory; what was not done is done with the next look");
    f->starved = starved ? f->starved + 1 : 0;
    bool unsaved = fleet_remember(f, &effects, &err) < 0;
    for (size_t i = 0; i < effects.n; i++)
        carry_out(f, &effects.items[i], unsaved ? &err : NULL);
    follow_tell(f);
}

static struct core_event lease_event(const struct fleet_late *late)
{
    uint64_t now_ns = clock_boot_ns();
    if (late->until_ns > now_ns)
        return (struct core_event){
            .kind = CORE_RENEW, .renew = {.lease = late->lease, .ttl_ns = late->until_ns - now_ns}};
    return (struct core_event){.kind = CORE_RELEASE, .release = {.lease = late->lease}};
}

static void give_up(struct fleet *f)
{
    struct error err = ERROR_INIT;
    (void)error_set(&err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    f->fatal(f->ctx, &err);
}

void fleet_step(struct fleet *f, struct core_event *event)
{
    if (!f->core)
        return;
    step_once(f, event);
    while (f->late) {
        struct fleet_late *late = f->late;
        f->late = late->next;
        if (!f->late)
            f->late_end = &f->late;
        struct core_event next = {.kind = CORE_COMPLETION,
                                  .completion = {.operation = late->operation,
                                                 .agent = late->agent,
                                                 .outcome = late->outcome,
                                                 .ready = late->ready,
                                                 .words = late->error.text}};
        if (late->parked)
            next =
                (struct core_event){.kind = CORE_PARKED,
                                    .parked = {.operation = late->operation, .agent = late->agent}};
        if (late->lease[0] != '\0')
            next = lease_event(late);
        step_once(f, &next);
        free(late->agent);
        free(late);
    }
    arm_clock(f);
    if (!f->serves && f->starved > STARVED_MAX)
        give_up(f);
}

static struct fleet_late *late_of(const struct operation *op)
{
    struct fleet_late *late = calloc(1, sizeof(*late));
    if (late)
        late->agent = strdup(op->agent);
    if (!late || !late->agent) {
        free(late);
        return NULL;
    }
    late->operation = op->id;
    return late;
}

static void late_push(struct fleet *f, struct fleet_late *late)
{
    *f->late_end = late;
    f->late_end = &late->next;
}

void fleet_late_parked(struct fleet *f, const struct operation *op)
{
    struct fleet_late *late = late_of(op);
    if (!late)
        return; /* then it counts */
    late->parked = true;
    late_push(f, late);
}

void fleet_late(struct fleet *f, const struct operation *op, enum engine_outcome outcome,
                bool ready, const struct error *err)
{
    struct fleet_late *late = late_of(op);
    if (!late) {
        log_error("out of memory; agent %s stands until the next start", op->agent);
        return;
    }
    late->outcome = outcome;
    late->ready = ready;
    if (err)
        late->error = *err;
    late_push(f, late);
}

void fleet_unlease_late(struct fleet *f, const char *lease)
{
    struct fleet_late *late = calloc(1, sizeof(*late));
    if (!late)
        return; /* it expires */
    (void)snprintf(late->lease, sizeof(late->lease), "%s", lease);
    late->until_ns = fleet_stored_lease(f, lease);
    late_push(f, late);
}

void fleet_step_late(struct fleet *f)
{
    struct core_event event = {.kind = CORE_TIME};
    if (f->late)
        fleet_step(f, &event);
}

/* Beginning -------------------------------------------------------------------------------------
 */

struct foreign {
    struct fleet *f;
    char uid[64];
    size_t n;
};

/* A container of a fleet of this name that is another database's. */
static void on_fleet_row(void *ctx, const struct engine_container *c)
{
    struct foreign *foreign = ctx;
    struct error err = ERROR_INIT;
    const char *uid = engine_container_label(c, "roost.db");
    if (!uid || store_has_uid(foreign->f->store, uid))
        return;
    if (foreign->f->takeover && store_add_uid(foreign->f->store, uid, &err) == 0) {
        log_info("taking over the containers of database %s", uid);
        return;
    }
    foreign->n++;
    (void)snprintf(foreign->uid, sizeof(foreign->uid), "%s", uid);
}

void fleet_make_core(struct fleet *f)
{
    struct error err = ERROR_INIT;
    int r = follow_remember(f, &err);
    struct core_config config = {
        .fleet = store_fleet(f->store),
        .resync_ns = f->observe_only ? 0 : RESYNC_NS,
        .observe_only = f->observe_only,
        .engine_lost = f->serves && f->watch.lost,
    };
    f->core = core_new(&config);
    if (r == 0 && !f->core)
        r = error_set(&err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    if (r == 0)
        r = fleet_read_rows(f, &err);
    if (r == 0)
        r = fleet_read_memory(f, &err);
    if (r < 0) {
        f->fatal(f->ctx, &err);
        return;
    }
    f->made(f->ctx);
}

static void on_fleet_listed(void *ctx, const struct engine_result *result)
{
    struct foreign *foreign = ctx;
    struct fleet *f = foreign->f;
    struct error err = ERROR_INIT;
    bool refused = foreign->n > 0;
    if (refused)
        (void)error_set(&err, 1, ERROR_CONFLICT, "other_database",
                        "%zu containers of fleet \"%s\" belong to another database (%s), which may "
                        "be lost or in use; "
                        "take them over with --takeover, or choose another fleet name",
                        foreign->n, store_fleet(f->store), foreign->uid);
    fleet_release(f, foreign);
    if (refused) {
        f->fatal(f->ctx, &err);
    } else if (result->outcome == ENGINE_DONE) {
        f->engine_lost = false;
        fleet_make_core(f);
    } else {
        f->engine_lost = true;
        f->engine_error = result->error;
        f->listed(f->ctx, false);
    }
}

void fleet_begin(struct fleet *f)
{
    struct foreign *foreign = fleet_hold(f, sizeof(*foreign));
    char label[128];
    if (!foreign) {
        struct error err = ERROR_INIT;
        (void)error_set(&err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
        f->fatal(f->ctx, &err);
        return;
    }
    foreign->f = f;
    (void)snprintf(label, sizeof(label), "roost.fleet=%s", store_fleet(f->store));
    engine_list(f->engine, label, on_fleet_row, on_fleet_listed, foreign);
}
