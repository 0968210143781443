/* SPDX-License-Identifier: MIT
 *
 * What a service says and nothing comes of: a warning, and it is gone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compose/load.h"

/* A port's name and protocol above the transport: for people and for other tools. */
static int drop_port_names(struct loader *l, const struct node *node, json_t *ports)
{
    static const char *const names[] = {"name", "app_protocol"};
    size_t i;
    json_t *port;
    json_array_foreach (ports, i, port)
        for (size_t k = 0; k < ARRAY_LEN(names); k++) {
            char place[64];
            if (!json_object_get(port, names[k]))
                continue;
            (void)snprintf(place, sizeof(place), "ports[%zu].%s", i, names[k]);
            int r = node_warning(l, node_locate(node, place), names[k],
                                 "\"%s\" of a port says nothing to an engine and has no effect",
                                 names[k]);
            if (r < 0)
                return r;
            (void)json_object_del(port, names[k]);
        }
    return 0;
}

int unused_drop(struct loader *l, const struct node *node, json_t *service)
{
    for (size_t i = 0; i < node->n_entries; i++) {
        const struct node *key = node->entries[i].key;
        const char *why = spec_key_warning(key->text);
        if (!why || !json_object_get(service, key->text))
            continue;
        int r = node_warning(l, key, key->text, "\"%s\" has no effect: %s", key->text, why);
        if (r < 0)
            return r;
        (void)json_object_del(service, key->text);
    }
    return drop_port_names(l, node, json_object_get(service, "ports"));
}
