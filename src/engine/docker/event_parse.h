/* SPDX-License-Identifier: MIT
 *
 * One event's JSON → struct engine_event. Both shapes: the old one (`status`, `id`, `from`; gone
 * with API 1.52) and the new one (`Type`, `Action`, `Actor`), and Podman's.
 */
#pragma once

#include <jansson.h>

#include "engine/engine.h"

struct event_view {
    struct engine_event event;
    json_t *root;
    char action[64]; /* without what follows ": " */
};

/* Whether this JSON begins like an event that nobody wants (exec_*, attach, top …), so that a
 * health check every few seconds costs no parsing. Goes by the place where Docker writes the
 * action, first of all, so no label can pass for it; an event that it does not know is parsed. */
bool event_is_noise(const char *json, size_t len);

/* 0: an event of a container. 1: of something else, or noise. -EBADMSG: no event. -ENOMEM. With 0
 * the view is to be closed. */
int event_parse(const char *json, size_t len, struct event_view *ret_view) _must_use_;

void event_view_close(struct event_view *v);
