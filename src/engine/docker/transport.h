/* SPDX-License-Identifier: MIT
 *
 * libcurl's multi interface on a libuv loop: its sockets become uv_poll handles, its one timeout a
 * uv_timer, and what has ended is told to the owner. Knows nothing of engines or requests.
 *
 * Re-entrancy is kept out by one rule: the owner touches curl (transport_add, transport_remove)
 * only in `on_soon` and `on_ended`, which run from the loop and never from within curl.
 * transport_soon() asks for `on_soon` in the next turn of the loop and may be called from anywhere.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

#include "base/cleanup.h"

struct transport_socket;

struct transport_owner {
    void (*on_soon)(void *owner);
    void (*on_ended)(void *owner, CURL *easy, CURLcode code);
    void (*on_closed)(void *owner);
};

struct transport {
    const struct transport_owner *calls;
    void *owner;
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer; /* curl's timeout */
    uv_timer_t again; /* for sockets that the loop could not watch */
    uv_idle_t soon;
    struct transport_socket *sockets;
    unsigned handles; /* uv handles that are not closed yet */
    bool ended;       /* transport_close() was called */
};

/* Embedded: the transport must stay in place until on_closed. Negative errno. */
int transport_open(struct transport *t, uv_loop_t *loop, const struct transport_owner *calls,
                   void *owner) _must_use_;

void transport_soon(struct transport *t);

/* -ENOMEM or -EIO. */
int transport_add(struct transport *t, CURL *easy) _must_use_;
void transport_remove(struct transport *t, CURL *easy);

/* All easy handles must have been removed. `on_closed` runs from the loop when the last handle is
 * closed. */
void transport_close(struct transport *t);
