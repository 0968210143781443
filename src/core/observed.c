/* SPDX-License-Identifier: MIT */
#include "core/observed.h"

const char *container_status_name(enum container_status status)
{
    switch (status) {
    case CONTAINER_CREATED:
        return "created";
    case CONTAINER_RUNNING:
        return "running";
    case CONTAINER_PAUSED:
        return "paused";
    case CONTAINER_RESTARTING:
        return "restarting";
    case CONTAINER_EXITED:
        return "exited";
    case CONTAINER_REMOVING:
        return "removing";
    case CONTAINER_DEAD:
        return "dead";
    case CONTAINER_STATUS_UNKNOWN:
        return "unknown";
    }
    return "unknown";
}

const char *engine_outcome_name(enum engine_outcome outcome)
{
    switch (outcome) {
    case ENGINE_DONE:
        return "done";
    case ENGINE_ALREADY:
        return "already";
    case ENGINE_NOT_FOUND:
        return "not_found";
    case ENGINE_IMAGE_MISSING:
        return "image_missing";
    case ENGINE_NAME_TAKEN:
        return "name_taken";
    case ENGINE_NETWORK_MISSING:
        return "network_missing";
    case ENGINE_BUSY:
        return "busy";
    case ENGINE_REFUSED:
        return "refused";
    case ENGINE_UNSUPPORTED:
        return "unsupported";
    case ENGINE_UNREACHABLE:
        return "unreachable";
    case ENGINE_UNKNOWN:
        return "unknown";
    }
    return "unknown";
}
