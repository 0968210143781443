/* SPDX-License-Identifier: MIT
 *
 * The words that every part shares: an agent's lifecycle, its state, how it
 * gets ready. Plain enums and their names, nothing to own and nothing to fail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lifecycle {
    LIFECYCLE_HOT,  /* always up; the engine restarts it: unless-stopped */
    LIFECYCLE_LAZY, /* exists, asleep until leased; the engine never restarts it: no */
};

/* What roost believes of an agent. */
enum agent_state {
    STATE_MISSING,
    STATE_STOPPED,
    STATE_STARTING,
    STATE_RUNNING,
    STATE_STOPPING,
    STATE_PAUSED,
    STATE_FAILED,
};
#define AGENT_STATES 7

/* What makes a running container ready. */
enum ready_kind {
    READY_STARTED,
    READY_HEALTHY,
    READY_TCP,
    READY_HTTP,
};

enum sleep_kind {
    SLEEP_STOP,
    SLEEP_PAUSE,
};

/* What a dependent waits for, in Compose's words. */
enum depends_condition {
    DEPENDS_STARTED,
    DEPENDS_HEALTHY,
    DEPENDS_COMPLETED,
};

const char *lifecycle_name(enum lifecycle lifecycle);
bool lifecycle_parse(const char *text, enum lifecycle *ret_lifecycle);

const char *agent_state_name(enum agent_state state);
bool agent_state_parse(const char *text, enum agent_state *ret_state);

/* The restart policy that follows the lifecycle, in the engine's words. */
const char *lifecycle_restart_policy(enum lifecycle lifecycle);

/* The grammar of agent names: 1 to 63 of [a-zA-Z0-9_.-], beginning with a letter or a
 * digit, and never two dots in a row: the names of a recreate's spare containers
 * (AGENT_SUFFIX_NEW, AGENT_SUFFIX_OLD) stay outside of it. Fleet names: Compose's
 * project names, [a-z0-9][a-z0-9_-]*, at most 63. */
#define AGENT_NAME_MAX   63
#define AGENT_SUFFIX_NEW "..new"
#define AGENT_SUFFIX_OLD "..old"

bool agent_name_is_valid(const char *name);
bool fleet_name_is_valid(const char *name);

/* The identity of a spec: SHA-256 over its canonical form, by the rules of `version`.
 * Opaque to the core; version 0 means "none known". */
struct spec_id {
    uint8_t version;
    uint8_t sha256[32];
};
