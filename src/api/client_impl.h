/* SPDX-License-Identifier: MIT
 *
 * Inside the client: one request on its way.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

#include "api/client.h"
#include "api/sse.h"

struct call {
    CURL *easy;
    const struct api_client *client;
    uint64_t silence_ms;
    uint64_t heard_ms; /* when something came last */
    bool silent;       /* given up for that */
    bool stopped;      /* given up because the caller says so */
    bool is_head;      /* the method: no body will come */
    bool head_seen;
    bool streaming;
    struct buf text;          /* a plain answer */
    struct sse_parser parser; /* or a stream */
    json_t *report;           /* its last event */
    int failed;               /* why the body was refused: negative errno */

    /* Of a request that follows events. */
    const char *last_id; /* NULL: not that */
    api_event_fn *on_event;
    void *on_event_ctx;
    int ended; /* what on_event said, if that was not 0 */
};

/* The daemon went away in the middle. */
int call_died(const struct call *call, const char *why, struct error *err);

/* curl's result, in roost's words. */
int call_transfer_failed(const struct call *call, CURLcode code, struct error *err);
