/* SPDX-License-Identifier: MIT
 *
 * What an engine shows and says, in the words that the core decides on. The engine's
 * client fills these from JSON, the simulator from its own model; the core never sees either.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/agent.h"

/* `State` of a container, as Docker words it. Paused, dead and removing are states of their own,
 * not "stopped" (moby/moby#22312). */
enum container_status {
    CONTAINER_CREATED,
    CONTAINER_RUNNING,
    CONTAINER_PAUSED,
    CONTAINER_RESTARTING,
    CONTAINER_EXITED,
    CONTAINER_REMOVING,
    CONTAINER_DEAD,
    CONTAINER_STATUS_UNKNOWN, /* a word that this version does not know */
};

enum container_health {
    HEALTH_NONE, /* no health check, or not told */
    HEALTH_STARTING,
    HEALTH_HEALTHY,
    HEALTH_UNHEALTHY,
};

/* What an engine's answer means. */
enum engine_outcome {
    ENGINE_DONE,            /* it did it now */
    ENGINE_ALREADY,         /* it was so before (304) */
    ENGINE_NOT_FOUND,       /* no such container, network, volume */
    ENGINE_IMAGE_MISSING,   /* create: the image is not there */
    ENGINE_NAME_TAKEN,      /* create, rename: another container has or reserves the name */
    ENGINE_NETWORK_MISSING, /* start: a network of the container was removed, or there are two of
                               its name */
    ENGINE_BUSY,            /* removal in progress, or a state that forbids it now */
    ENGINE_REFUSED,         /* it understood and said no: bad option, port taken, command missing */
    ENGINE_UNSUPPORTED,     /* this engine has no such call (podman: update) */
    ENGINE_UNREACHABLE,     /* it was certainly not carried out: nothing was sent */
    ENGINE_UNKNOWN,         /* sent, and no whole answer: it may have been done or be done later */
};

const char *container_status_name(enum container_status status);
const char *engine_outcome_name(enum engine_outcome outcome);

#define CONTAINER_ID_SIZE 32

/* One container of a listing or an inspection. Strings are borrowed for the step and never NULL. */
struct observation {
    uint8_t id[CONTAINER_ID_SIZE];
    const char *name; /* without the leading slash */
    enum container_status status;
    enum container_health health;

    /* Labels. `ours`: roost.db is this database (or one that it took over) and roost.fleet this
     * fleet. */
    bool ours;
    bool by_id;        /* ours by its id in the store, not by labels: whatever its name is */
    const char *agent; /* roost.agent, "" without */
    const char *compose_service; /* com.docker.compose.service when the project is this fleet's
                                    name, else "" */
    struct spec_id spec;         /* roost.spec; version 0: none, or not readable */
    enum lifecycle made_as;      /* roost.lifecycle */
    uint64_t with;               /* roost.with; 0: none */

    /* What the listing shows against what the row asks for: bits of the shell's own
     * (image, networks, mounts); 0 when all agrees. */
    unsigned differs;

    /* Only from an inspection. */
    bool inspected;
    bool policy_agrees; /* the restart policy is the lifecycle's */
    int exit_code;
    bool oom_killed;
    int restarts;       /* how often the engine restarted it */
    int64_t started_ns; /* when its last run began, by the engine's clock; 0: never, or not told */
    int64_t ended_ns;   /* when that one, or the one before, ended; 0: never, or not told */
};
