/* SPDX-License-Identifier: MIT
 *
 * A lease as the command line has it: who it keeps awake, and how long without a renewal. Only a
 * daemon gives, renews and ends leases.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "cli/cli.h"

#define LEASE_ID_SIZE 33

/* The daemon answers these at once, so one that does not hangs. */
#define LEASE_SILENCE_MS 10000

struct lease {
    char id[LEASE_ID_SIZE]; /* "" for none */
    uint64_t ttl_ns;        /* as asked for; 0: the daemon's default */
};

/* The id out of an answer {"lease":{"id",…},…}; left as it is when there is none. */
void lease_read(struct lease *lease, const json_t *answer);

/* 0, negative, or CALL_NO_DAEMON. `stop` as in struct api_client, or NULL. */
int lease_renew(const struct cli *cli, const struct lease *lease, bool (*stop)(void *ctx),
                void *stop_ctx, json_t **ret_answer, struct error *err) _must_use_;
int lease_release(const struct cli *cli, const char *id, json_t **ret_answer,
                  struct error *err) _must_use_;

/* The value of an option that is a duration: 0 when it was not given; ERROR_USAGE. */
int lease_duration(const struct cli *cli, enum option_id option, const char *name, uint64_t *ret_ns,
                   struct error *err) _must_use_;

/* {"ttl":"5m"}, or {} for the default. NULL when out of memory. */
json_t *lease_body(uint64_t ttl_ns) _must_use_;

/* Carries `one` out for each word of the command line, also when one before it failed, which is
 * said at once; the exit status of the first failure. */
int lease_each_word(struct cli *cli,
                    int (*one)(struct cli *cli, const char *word, struct error *err),
                    struct error *err) _must_use_;

/* {"agent","state"} of one agent of several: a line. */
int lease_print_state(const struct cli *cli, const json_t *answer, struct error *err) _must_use_;
