/* SPDX-License-Identifier: MIT
 *
 * What a container is made from, in Compose's terms.
 *
 * A `struct spec` is one validated service mapping: immutable, reference-free,
 * owned by the caller. It comes from the `spec` column of a row (JSON, any process may
 * have written it) or from a compose file's service, through the same function.
 * Everything that is known of a key stands in one row of one table (spec/keys.c): how it is
 * checked, its canonical form, how it goes into the engine's create request and onto the `docker
 * run` line.
 *
 * The columns `lifecycle`, `image`, `idle_timeout` are not in the JSON; `x-roost` in it holds the
 * rest of roost's own settings (ready, ready_timeout, sleep, stop_after, on_unhealthy,
 * follow_image, job).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "core/agent.h"
#include "spec/pull.h"

struct spec;

/* Where a path of the input stands, for messages: fills `ret_where` with "compose.yaml:12:7" or the
 * like and returns true, or returns false. Paths are dotted, list indexes in brackets:
 * "healthcheck.test", "ports[2]". */
typedef bool spec_locate_fn(void *ctx, const char *path, char *ret_where, size_t size);

/* Limits: SPEC_JSON_MAX bytes of JSON in a row, SPEC_DEPTH_MAX nesting. */
#define SPEC_JSON_MAX  (1U << 20)
#define SPEC_DEPTH_MAX 16

/* Validate. `image` is the row's column (NULL or "" is an error: an agent needs an image). `locate`
 * may be NULL: then the message names the path alone ("spec.ports[2]: …"). A message says what,
 * where and how to mend it, with the nearest known key for an unknown one. -EINVAL with kind
 * ERROR_INVALID, -ENOMEM. A key whose value is null, or an empty list or map that means nothing,
 * counts as not written. `image` among the keys is accepted when it says the same as the column. */
int spec_from_json(const json_t *service, const char *image, spec_locate_fn *locate,
                   void *locate_ctx, struct spec **ret_spec, struct error *err) _must_use_;

/* The same from a row's text (duplicate keys refused, size and depth capped). */
int spec_parse(const char *json, const char *image, struct spec **ret_spec,
               struct error *err) _must_use_;

void spec_free(struct spec *spec); /* takes NULL */

/* For `_cleanup_`. */
void spec_freep(struct spec **spec);

/* `restart` is not part of the container: the policy follows the lifecycle. One that contradicts it
 * ("no" with hot, any other with lazy) is an error, and so is a job that is hot, of the same kind
 * and with the same places as spec_from_json's. */
int spec_check_lifecycle(const struct spec *spec, enum lifecycle lifecycle, spec_locate_fn *locate,
                         void *locate_ctx, struct error *err) _must_use_;

/* The names that stand in the table, for "did you mean" and for documents. NULL past the end. */
const char *spec_key_name(size_t index);

/* Of a key that nothing comes of: why. NULL: it is none of those. Only a compose file may have it,
 * with a warning; in a row it is an error. */
const char *spec_key_warning(const char *name);

/* A key that only a compose file has, or nobody: a row with it is refused. */
bool spec_key_is_never_in_a_row(const char *name);

/* Canonical form: compact JSON, keys sorted, one spelling for each meaning (a command line is a
 * list, an environment a map, a duration in its shortest text, …), and only what the user wrote.
 * What apply writes into the column. With `hashed`: without what is not part of the identity
 * (x-roost, depends_on, restart, container_name) and with the image. */
int spec_canonical(const struct spec *spec, bool hashed, struct buf *ret_json) _must_use_;

/* Rules of identity: the current version, and every one that ever was. An id is `version` and the
 * SHA-256 of the hashed canonical form by that version's rules. -ENOTSUP for a version that this
 * program does not know. */
#define SPEC_VERSION 1
int spec_id(const struct spec *spec, uint8_t version, struct spec_id *ret_id) _must_use_;

/* The label's text "1:ab12…" and back. */
#define SPEC_ID_TEXT_SIZE 72
void spec_id_format(const struct spec_id *id, char ret_text[SPEC_ID_TEXT_SIZE]);
int spec_id_parse(const char *text, struct spec_id *ret_id) _must_use_;

/* roost's own settings and what the keeper needs to know of a spec. Borrowed from the spec. */
struct spec_depends {
    const char *agent;
    enum depends_condition condition;
    bool optional; /* required: false: it need not exist */
    bool shares;   /* its container must be there to make this one */
    bool joins;    /* it lives in that one's namespace, which ends with each run of it */
    bool restart;  /* it is restarted after that one was, or was made anew, by roost */
};

struct spec_settings {
    const char *container_name; /* NULL: {fleet}-{agent} */
    enum ready_kind ready;
    uint16_t ready_port;
    const char *ready_path;    /* http */
    int ready_status;          /* http: 0 is any 2xx or 3xx */
    uint64_t ready_timeout_ns; /* as the specification's default where not given: max(60 s,
                                  start_period + retries × (interval + timeout)) */
    enum sleep_kind sleep;
    uint64_t stop_after_ns; /* a paused agent is stopped after this; 0: never */
    bool restart_unhealthy; /* on_unhealthy: restart */
    bool follow_image;
    bool job;             /* it wants one run by itself */
    const char *platform; /* "linux/arm64"; NULL: the engine's own */
    enum pull_policy pull;
    uint64_t pull_every_ns; /* PULL_EVERY */
    bool has_healthcheck;
    uint64_t stop_grace_ns; /* stop_grace_period; 10 s by default */
    const struct spec_depends *depends;
    size_t n_depends;
};
const struct spec_settings *spec_settings(const struct spec *spec);

/* What the spec does not know of itself, needed to make a container of it. */
struct spec_volume {
    const char *destination;
    const char *name; /* an anonymous volume that goes over to the next container */
};

struct spec_context {
    const char *fleet;
    const char *agent;
    const char *db_uid; /* label roost.db */
    enum lifecycle lifecycle;
    const char *image;
    const struct spec_volume *volumes;
    size_t n_volumes;
    /* The engine's name of a network or volume that the spec names by its key in the file; NULL:
     * "{fleet}_{key}". kind is "network" or "volume". The result is borrowed until the next call.
     */
    const char *(*resource_name)(void *ctx, const char *kind, const char *key);
    /* The name of another agent's container; NULL: "{fleet}-{agent}". Borrowed likewise. */
    const char *(*container_name)(void *ctx, const char *agent);
    void *resource_ctx;
};

/* The request that makes the container: the body of POST /containers/create, the platform that goes
 * beside it (spec_settings()), and the networks to attach after it (a service of several networks).
 * Restart policy by lifecycle; labels roost.db, roost.fleet, roost.agent, roost.lifecycle,
 * roost.spec beside the user's. Without `networks` and `network_mode` the agent joins
 * "{fleet}_default", like Compose does, with its name as alias. An entrypoint of several words is
 * sent as its first word, the others before the command: the docker line knows no other way, and
 * the process is the same. */
struct spec_request {
    json_t *body;
    struct spec_attach {
        char *network;
        json_t *endpoint; /* EndpointSettings */
    } * attach;
    size_t n_attach;
    unsigned api;        /* the least 1.N of the engine's API that has all of it; 0: any */
    const char *api_key; /* the key that asks for that: "healthcheck.start_interval" */
};
int spec_request(const struct spec *spec, const struct spec_context *context,
                 struct spec_request *ret_request, struct error *err) _must_use_;
void spec_request_close(struct spec_request *request);

/* One shell line that does the same by hand: `docker run -d --restart unless-stopped …` for hot,
 * `docker create --restart no …` for lazy; what cannot be said there follows after " && ". Quoted
 * for sh. Values of the environment are "***" unless `secrets`. The container equals that of
 * spec_request(), with two exceptions: a health check's list of words becomes a shell's text, for
 * the docker command takes no list; and `docker create --interactive` asks for an input that is
 * closed when the first client leaves, which a lazy agent's is not. -ENOTSUP for an empty
 * entrypoint without a command, which it cannot say at all. */
int spec_docker_line(const struct spec *spec, const struct spec_context *context, bool secrets,
                     struct buf *ret_line, struct error *err) _must_use_;

/* Does what a listing shows agree with the spec? What is compared: the image's reference (an image
 * id instead means that the tag has moved: not drift unless follow_image), the networks, and that
 * each mount of the spec is there (more may be: the image's own volumes). Allocates nothing. */
enum spec_difference {
    SPEC_DIFFERS_IMAGE = 1 << 0,
    SPEC_DIFFERS_NETWORKS = 1 << 1,
    SPEC_DIFFERS_MOUNTS = 1 << 2,
};

struct spec_seen_mount {
    const char *type, *name, *source, *destination;
    bool read_only;
};

struct spec_seen {
    const char *image;
    const char *network_mode; /* not looked at: Podman's listing always says "host" */
    const char *const *networks;
    size_t n_networks;
    const struct spec_seen_mount *mounts;
    size_t n_mounts;
};
unsigned spec_compare(const struct spec *spec, const struct spec_context *context,
                      const struct spec_seen *seen);

/* The networks and volumes that the spec uses, by key, for those that must exist first: calls
 * `each` once for each ("network", "default") … Nothing for network_mode. */
void spec_resources(const struct spec *spec,
                    void (*each)(void *ctx, const char *kind, const char *key), void *ctx);
