/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a listing's row, an inspection and an event: read or refused, and what was read is
 * whole.
 */
#include "engine/docker/event_parse.h"
#include "engine/docker/parse.h"
#include "fuzz.h"

static size_t total; /* so that reading the strings is not optimised away */

static void read_text(const char *text)
{
    require(text != NULL);
    total += strlen(text);
}

static void read_container(const struct engine_container *c)
{
    require(parse_id_is_valid(c->id));
    read_text(c->name);
    read_text(c->image);
    read_text(c->image_id);
    read_text(c->network_mode);
    read_text(c->restart_policy);
    read_text(c->state_error);
    read_text(c->address);
    for (size_t i = 0; i < c->n_labels; i++) {
        read_text(c->labels[i].key);
        read_text(engine_container_label(c, c->labels[i].key));
    }
    for (size_t i = 0; i < c->n_networks; i++)
        read_text(c->networks[i]);
    for (size_t i = 0; i < c->n_mounts; i++) {
        read_text(c->mounts[i].type);
        read_text(c->mounts[i].name);
        read_text(c->mounts[i].source);
        read_text(c->mounts[i].destination);
    }
}

static void read_event(const char *json, size_t len)
{
    struct event_view view;
    (void)event_is_noise(json, len);
    int r = event_parse(json, len, &view);
    if (r != 0)
        return;
    read_text(view.event.action);
    read_text(view.event.name);
    read_text(view.event.old_name);
    require(parse_id_is_valid(view.event.id) && view.event.exit_code >= -1 &&
            view.event.signal >= 0);
    event_view_close(&view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of just this size: reading past its end is seen. */
    char *json = malloc(size ? size : 1);
    struct container_view view;
    require(json != NULL);
    if (size > 0)
        memcpy(json, data, size);
    if (parse_row(json, size, &view) == 0) {
        read_container(&view.c);
        container_view_close(&view);
    }
    if (parse_inspection(json, size, &view) == 0) {
        read_container(&view.c);
        container_view_close(&view);
    }
    read_event(json, size);
    free(json);
    return 0;
}
