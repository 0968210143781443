/* SPDX-License-Identifier: MIT
 *
 * The table of keys: everything that roost knows of one key of a service stands in one row.
 *
 *   read    checks what was written and gives the canonical form (see reader.h)
 *   put     carries the canonical form into the engine's create request
 *   say     says on the `docker` line what `put` has put
 *
 * A key of a plain type needs no code of its own: READ_…, put_field with the request's field, and
 * say_option or say_flag with the option's name. The order of rows is the order of options on the
 * line.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "spec/reader.h"
#include "spec/spec.h"

struct key;

/* A request in the making. */
struct maker {
    json_t *body;
    const json_t *root; /* the spec's canonical form */
    const struct spec_context *context;
    struct error *err;
    unsigned api;        /* the least version of the engine's API that has all of it, 1.N; 0: any */
    const char *api_key; /* what asks for that */
};

/* A line in the making: options, then image and command. */
struct line {
    struct buf before; /* words before `docker`: env -u … */
    struct buf options;
    struct buf command;
    const json_t *body; /* the request that it shall say */
    bool secrets;
    struct error *err;
};

typedef int key_read_fn(struct reader *r, const struct key *key, const json_t *value, json_t **ret);
typedef int key_put_fn(struct maker *m, const struct key *key, const json_t *value);
typedef int key_say_fn(struct line *l, const struct key *key, const json_t *value);

enum key_flag {
    KEY_UNHASHED = 1 << 0, /* not part of the container's identity */
    KEY_SORTED = 1 << 1,   /* a list whose order means nothing */
    KEY_FILE = 1 << 2,     /* only in a compose file: `apply` reads it, and it never gets here */
    KEY_WARNED = 1 << 3,   /* the same, but nothing comes of it: there is a warning that says why */
    KEY_REFUSED = 1 << 4,  /* an error that says why */
};

struct key {
    const char *name;
    key_read_fn *read;
    key_put_fn *put;    /* NULL: it is no part of the request */
    const char *field;  /* put_field: "Hostname", "HostConfig.Init" */
    key_say_fn *say;    /* NULL: it has no option of its own */
    const char *option; /* say_option, say_flag */
    unsigned flags;
    const char *takes; /* its row in docs/keys.md: what is taken … */
    const char *does;  /* … and what comes of it; with KEY_WARNED or KEY_REFUSED why not */
    int64_t min, max;  /* read_number, read_micros, read_bytes */
};

/* NULL past the end. */
const struct key *key_at(size_t index);
const struct key *key_find(const char *name);

/* The plain ways. put and say return 0, -ENOMEM, or another negative errno with the maker's or
 * line's error set. */
key_put_fn put_field;
key_say_fn say_option; /* --option VALUE, from the canonical form */
key_say_fn say_flag;   /* --option, or --option=false */

/* Puts a fresh value at "Field" or "HostConfig.Field"; takes the reference. */
int maker_put(struct maker *m, const char *field, json_t *fresh);
/* The list or map at a field of the body, made when it is not there. NULL: out of memory. */
json_t *maker_list(struct maker *m, const char *field);
json_t *maker_map(struct maker *m, const char *field);
/* The request needs a newer API than the oldest that roost speaks. */
void maker_needs(struct maker *m, unsigned api, const char *key);
/* The engine's name of a network or volume; into `ret_name`. */
int maker_resource(const struct spec_context *context, const char *kind, const char *key,
                   struct buf *ret_name);

void line_option(struct line *l, const char *option, const char *value);

/* By noun; each file has the three columns of its keys. */
key_read_fn read_command;
key_put_fn put_entrypoint, put_command;
key_say_fn say_entrypoint, say_command;

key_read_fn read_environment, read_labels;
key_put_fn put_environment, put_labels;
key_say_fn say_environment, say_labels;

key_read_fn read_ports;
key_put_fn put_ports;
key_say_fn say_ports;

key_read_fn read_volumes, read_tmpfs;
key_put_fn put_volumes, put_tmpfs;
key_say_fn say_volumes, say_tmpfs;

key_read_fn read_networks, read_mac;

key_read_fn read_platform;
key_put_fn put_platform;

key_read_fn read_healthcheck;
key_put_fn put_healthcheck;
key_say_fn say_healthcheck;

key_read_fn read_texts, read_capabilities, read_security, read_expose, read_pairs, read_logging,
    read_extra_hosts;
key_put_fn put_texts, put_security, put_expose, put_annotations, put_logging;
key_say_fn say_texts, say_security, say_pairs, say_logging;

key_read_fn read_number, read_micros, read_bytes, read_cpuset, read_text_key, read_ulimits,
    read_blkio;
key_put_fn put_bytes, put_ulimits, put_blkio;
key_say_fn say_ulimits, say_blkio;

key_read_fn read_devices, read_device_rules, read_gpus;
key_put_fn put_devices, put_gpus;
key_say_fn say_gpus;

key_read_fn read_namespace, read_volumes_from, read_links, read_external_links;
key_put_fn put_namespace, put_cgroup, put_volumes_from;
key_say_fn say_namespace, say_volumes_from;
/* links and external_links as the engine has them: "container:alias". NULL: out of memory. */
json_t *links_of(const struct maker *m);

key_read_fn read_build, read_refused;

key_read_fn read_plain_bool, read_hostname, read_user, read_directory, read_container_name;
key_read_fn read_memory, read_cpus, read_pids_limit, read_stop_signal, read_grace_period,
    read_restart;
key_put_fn put_memory, put_cpus, put_grace_period;
key_say_fn say_grace_period;

key_read_fn read_depends_on, read_roost, read_pull_policy;
