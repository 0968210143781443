/* SPDX-License-Identifier: MIT
 *
 * Ports taken apart: one of these for each port of the container and way to publish it.
 */
#pragma once

#include <netinet/in.h>
#include <stdint.h>

#include "spec/keys.h"

#define PORT_PROTOCOLS 3
#define PORT_TEXT_SIZE (2 * INET6_ADDRSTRLEN + 64)

extern const char *const port_protocols[PORT_PROTOCOLS];

struct range {
    uint16_t low, high;
};

struct port {
    uint8_t protocol;
    char ip[INET6_ADDRSTRLEN]; /* without brackets; "": every address */
    uint16_t target;
    struct range host; /* 0-0: any free port; low < high: any free one of these */
    uint32_t index;    /* where in the list it was written */
};

struct ports {
    struct port *items;
    size_t n, cap;
};

void ports_close(struct ports *p);

/* "[[ip:]published:]target[/protocol]" with ranges, a number, or the long form: adds all that it
 * stands for. */
int ports_read_entry(struct reader *r, struct ports *ports, const json_t *value, size_t index);
