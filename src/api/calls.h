/* SPDX-License-Identifier: MIT
 *
 * What each route does once its request is found to be right: call the backend.
 */
#pragma once

#include "api/api.h"
#include "api/params.h"

/* One call on its way to the backend. */
struct call {
    const struct api_backend *backend;
    void *ctx;
    struct api_reply *reply;
    const struct api_request *request;
    const char *name; /* {name} or {lease} of the path; NULL without one */
    struct params params;
};

void call_health(struct call *call);
void call_ready(struct call *call);
void call_agents(struct call *call);
void call_agent(struct call *call);
void call_stats(struct call *call);
void call_reconcile(struct call *call);
void call_wake(struct call *call);
void call_renew(struct call *call);
void call_release(struct call *call);
void call_sleep(struct call *call);
void call_restart(struct call *call);
void call_hold(struct call *call);
void call_unhold(struct call *call);
void call_pull(struct call *call);
void call_outdated(struct call *call);
void call_events(struct call *call);
