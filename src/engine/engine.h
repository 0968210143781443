/* SPDX-License-Identifier: MIT
 *
 * The interface by which the keeper's effects are carried out. One engine is
 * one connection to what runs containers (Docker here; others stand behind the
 * same calls). Everything is asynchronous on the loop that engine_docker_open()
 * was given: a call only queues, and its callback runs exactly once, later, from
 * the loop, never from inside the call. Nothing here blocks.
 *
 * Ownership: arguments are borrowed for the call. A callback's result and all in it is
 * borrowed for that callback. `ctx` is the caller's. After engine_close() no callback of a
 * request runs any more; the close callback tells when the handle may be forgotten.
 *
 * Every request has a deadline (engine_options) and every answer a size cap. What the
 * engine said is sorted by meaning into an outcome; `error.text` has its own words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/observed.h" /* container_status, container_health, engine_outcome */

typedef struct uv_loop_s uv_loop_t;
struct engine;

struct engine_mount {
    const char *type; /* "volume", "bind", "tmpfs" */
    const char *name; /* volume's name, "" for others */
    const char *source;
    const char *destination;
    bool read_only;
};

struct engine_label {
    const char *key;
    const char *value;
};

/* One container, from a row of a listing or from an inspection. Strings are never NULL. */
struct engine_container {
    const char *id;    /* 64 hex digits */
    const char *name;  /* without the leading slash; the first name when there are several */
    const char *image; /* as it was asked for; an image id when the tag has moved */
    const char *image_id;
    enum container_status status;
    enum container_health health;
    int64_t created_s;        /* Unix time */
    const char *network_mode; /* HostConfig.NetworkMode */
    const struct engine_label *labels;
    size_t n_labels;
    const char *const *networks; /* names of the networks that it is attached to */
    size_t n_networks;
    const struct engine_mount *mounts;
    size_t n_mounts;

    /* Only from an inspection (`inspected` true): */
    bool inspected;
    const char *restart_policy; /* "no", "unless-stopped", … ; "" is told as "no" */
    int exit_code;
    bool oom_killed;
    const char *state_error; /* State.Error: why a start failed */
    bool tty;                /* it has a terminal: what it writes is one stream */
    int64_t started_at_ns;   /* State.StartedAt as Unix time, 0 when never */
    int64_t finished_at_ns;
    int restart_count;
    const char *address; /* an IP address of the container on one of its networks, "" for none */
};

/* The value of a label, or NULL. */
const char *engine_container_label(const struct engine_container *c, const char *key);

struct engine_result {
    enum engine_outcome outcome;
    struct error error; /* set unless DONE or ALREADY; text in the engine's words */
    const char *id;     /* create: the new container's id; network: its id; else NULL */
    const struct engine_container *container; /* inspect; else NULL */
    char *const *warnings; /* create: the engine's warnings, NULL-terminated; may be NULL */
};

typedef void engine_done_fn(void *ctx, const struct engine_result *result);

/* Each row of a listing as it arrives; then `done` once. On any outcome but DONE the rows that
 * came before are not a whole listing. */
typedef void engine_row_fn(void *ctx, const struct engine_container *row);

struct engine_options {
    const char *url; /* unix:///run/docker.sock, tcp://host:2376, http://…, https://…; NULL:
                      * DOCKER_HOST, else unix:///var/run/docker.sock */
    const char *cert_path; /* ca.pem, cert.pem, key.pem; NULL: DOCKER_CERT_PATH, else ~/.docker when
                              TLS is on */
    /* 1: TLS, checking the server's certificate; 0: without checking; -1: from DOCKER_TLS_VERIFY.
     * tcp:// is TLS when this is 1 or a cert_path is there, https:// always; and the server is
     * checked unless this says 0 (or DOCKER_TLS_VERIFY is set to "", 0, no, false). */
    int tls_verify;
    /* Deadline of a short request, from its sending to its whole answer; 0: 30 s. create, start and
     * remove have four times as long, stop has the grace period on top, a ping 5 s at most. What
     * waits for a connection is not running out of time: that ends as those before it do. */
    uint64_t timeout_ms;
};

/* Makes the handle and checks url and certificates; sends nothing yet. The first request
 * negotiates the API version (GET /_ping, then min(ours, the engine's), and a clear refusal when
 * the engine's oldest is above what we know). */
int engine_docker_open(uv_loop_t *loop, const struct engine_options *options,
                       struct engine **ret_engine, struct error *err) _must_use_;

/* Ends every request without its callback and closes the handles; `closed` (may be NULL) runs from
 * the loop. */
void engine_close(struct engine *engine, void (*closed)(void *ctx), void *ctx);

/* For messages: the URL that it speaks to; the version as "1.41", "" before the first answer. */
const char *engine_url(const struct engine *engine);
const char *engine_api_version(const struct engine *engine);

void engine_ping(struct engine *engine, engine_done_fn *done, void *ctx);

/* All containers, also those that do not run. `label` NULL or "key=value" to filter by. */
void engine_list(struct engine *engine, const char *label, engine_row_fn *row, engine_done_fn *done,
                 void *ctx);
void engine_inspect(struct engine *engine, const char *id, engine_done_fn *done, void *ctx);

/* A network to attach after creation, where the engine takes only one at create (API < 1.44). */
struct engine_attach {
    const char *network;  /* name */
    const char *endpoint; /* JSON of EndpointSettings */
};

/* Create, then attach. DONE means attached to all; when an attachment fails the container is
 * removed again and the outcome is the attachment's. `body` is the JSON of POST /containers/create.
 */
struct engine_create {
    const char *name;
    const char *platform; /* "linux/arm64"; NULL: the engine's own */
    const char *body;
    size_t body_len;
    const struct engine_attach *attach;
    size_t n_attach;
};
void engine_create(struct engine *engine, const struct engine_create *request, engine_done_fn *done,
                   void *ctx);
/* Leave a network by force and join it again: for a container whose network was removed and made
 * anew. */
void engine_rejoin(struct engine *engine, const char *id, const struct engine_attach *attach,
                   engine_done_fn *done, void *ctx);
void engine_start(struct engine *engine, const char *id, engine_done_fn *done, void *ctx);

/* `grace_ms` is the container's own stop_grace_period, for the deadline only: the engine knows it
 * from the container. */
void engine_stop(struct engine *engine, const char *id, uint64_t grace_ms, engine_done_fn *done,
                 void *ctx);
void engine_pause(struct engine *engine, const char *id, engine_done_fn *done, void *ctx);
void engine_unpause(struct engine *engine, const char *id, engine_done_fn *done, void *ctx);
void engine_rename(struct engine *engine, const char *id, const char *name, engine_done_fn *done,
                   void *ctx);

/* Never forced, never with its volumes: a running container gives BUSY. */
void engine_remove(struct engine *engine, const char *id, engine_done_fn *done, void *ctx);
void engine_update_restart(struct engine *engine, const char *id, const char *policy,
                           engine_done_fn *done, void *ctx);

/* Networks and volumes. create: DONE, or ALREADY when one of that name exists (networks are looked
 * up by name first: the engine would make a second one of the same name). `body` is the JSON of the
 * create call, with its Name. */
void engine_network_create(struct engine *engine, const char *name, const char *body,
                           engine_done_fn *done, void *ctx);
void engine_network_remove(struct engine *engine, const char *name, engine_done_fn *done,
                           void *ctx);
void engine_volume_create(struct engine *engine, const char *name, const char *body,
                          engine_done_fn *done, void *ctx);
void engine_volume_remove(struct engine *engine, const char *name, engine_done_fn *done, void *ctx);

/* A line about a pull's progress. */
struct engine_pull_news {
    const char *layer;      /* "" when it is about the whole image */
    const char *status;     /* in the engine's words: "Downloading", "Pull complete" */
    int64_t current, total; /* bytes; 0: not told */
};
typedef void engine_pull_fn(void *ctx, const struct engine_pull_news *news);

/* Pull an image by its reference (without a tag: latest) for a platform (NULL: the engine's own),
 * with the credentials that the Docker configuration has for its registry (config.json of
 * DOCKER_CONFIG or ~/.docker: credHelpers, credsStore, auths). A few at once, the others wait. It
 * has no deadline, but ends when nothing is heard of it for five minutes. Any outcome but DONE has
 * changed nothing that counts. `news` may be NULL; both are called with `ctx`. */
void engine_image_pull(struct engine *engine, const char *image, const char *platform,
                       engine_pull_fn *news, engine_done_fn *done, void *ctx);

/* What a reference stands for at this engine: its image id as the result's `id`, or IMAGE_MISSING.
 */
void engine_image_id(struct engine *engine, const char *image, engine_done_fn *done, void *ctx);

/* The engine's own facts for `roost doctor`: version, API versions, live-restore. */
struct engine_info {
    const char *version;
    const char *api_version;
    const char *min_api_version;
    const char *os;
    bool live_restore;
    const char *root_dir;
};
typedef void engine_info_fn(void *ctx, const struct engine_result *result,
                            const struct engine_info *info);
void engine_info(struct engine *engine, engine_info_fn *done, void *ctx);

/* What a running container uses, from one look of the engine. */
struct engine_stats {
    int64_t read_ns;             /* when it looked, in the engine's own time, Unix */
    uint64_t cpu_ns;             /* CPU time since its start, all cores together */
    uint64_t memory_bytes;       /* without the file cache that could be dropped at once, as
                                  * `docker stats` counts */
    uint64_t memory_limit_bytes; /* the machine's memory when it has no limit; 0: not told */
};
/* `stats` is NULL unless DONE. A container that does not run has no figures. */
typedef void engine_stats_fn(void *ctx, const struct engine_result *result,
                             const struct engine_stats *stats);
/* Up to 5 s: Docker 20.10 answers with its next sampling, which all that ask meanwhile share. */
void engine_stats(struct engine *engine, const char *id, engine_stats_fn *done, void *ctx);

/* What a container has written, as its log driver kept it. */
struct engine_logs {
    bool tty; /* as its inspection says: else the answer is frames */
    bool follow;
    bool timestamps;  /* each line begins with the engine's time of it */
    int64_t tail;     /* so many of the last lines; negative: all */
    int64_t since_ns; /* Unix time; 0: always */
};
/* Bytes as they come, wherever they are cut; with a terminal none is stderr's. A negative errno
 * breaks the reading off. */
typedef int engine_log_fn(void *ctx, bool is_stderr, const char *data, size_t len);
/* DONE: all was told; with `follow`, up to the container's end. */
void engine_logs(struct engine *engine, const char *id, const struct engine_logs *what,
                 engine_log_fn *log, engine_done_fn *done, void *ctx);

/* The share of one core that was used between two looks at the same container: 200 is two cores.
 * False when there is none to tell: no time between them, or it was started anew. */
bool engine_cpu_percent(const struct engine_stats *before, const struct engine_stats *now,
                        double *ret_percent) _must_use_;

/* The event stream. One stream an engine. */
struct engine_event {
    const char *action; /* "start", "die", "health_status: healthy" is told as "health_status" with
                           `health` */
    const char *id;     /* the container */
    const char *name;   /* its name at that time, without a slash */
    const char *old_name; /* rename: the name before */
    const char
        *label_db; /* roost.db, roost.fleet, roost.agent of the event's attributes; NULL without */
    const char *label_fleet;
    const char *label_agent;
    int exit_code; /* die; -1 when not told */
    int signal;    /* kill; 0 when not told */
    enum container_health health;
    int64_t time_ns; /* the engine's own time, Unix */
};
typedef void engine_event_fn(void *ctx, const struct engine_event *event);

/* Opens GET /events for containers, from `since_ns` (engine time, inclusive; 0: from now). `opened`
 * runs when the answer's headers have come; `event` for each event of a container but exec_*,
 * attach, resize, top, copy …; `ended` once when the stream is over, for whatever reason (not after
 * engine_events_close()). */
struct engine_events_handler {
    void (*opened)(void *ctx);
    engine_event_fn *event;
    void (*ended)(void *ctx, const struct error *why);
};
int engine_events_open(struct engine *engine, int64_t since_ns,
                       const struct engine_events_handler *handler, void *ctx,
                       struct error *err) _must_use_;
void engine_events_close(struct engine *engine);
