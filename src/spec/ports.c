/* SPDX-License-Identifier: MIT
 *
 * ports.
 *
 * Reading takes ranges apart, so that it sees who publishes a host's port twice, sorts, and puts
 * neighbours together again: one spelling for each set of ports.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/ports.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_host(const void *pa, const void *pb)
{
    const struct port *a = pa, *b = pb;
    int c = COMPARE(a->protocol, b->protocol);
    c = c ? c : COMPARE(a->host.low, b->host.low);
    c = c ? c : COMPARE(a->host.high, b->host.high);
    c = c ? c : strcmp(a->ip, b->ip);
    c = c ? c : COMPARE(a->target, b->target);
    return c ? c : COMPARE(a->index, b->index);
}

static int by_target(const void *pa, const void *pb)
{
    const struct port *a = pa, *b = pb;
    int c = COMPARE(a->protocol, b->protocol);
    c = c ? c : strcmp(a->ip, b->ip);
    c = c ? c : COMPARE(a->host.low > 0, b->host.low > 0);
    c = c ? c : COMPARE(a->target, b->target);
    c = c ? c : COMPARE(a->host.low, b->host.low);
    return c ? c : COMPARE(a->host.high, b->host.high);
}

static bool is_wildcard(const char *ip)
{
    return ip[0] == '\0' || strcmp(ip, "0.0.0.0") == 0 || strcmp(ip, "::") == 0;
}

static bool same_family(const char *a, const char *b)
{
    return a[0] == '\0' || b[0] == '\0' || !strchr(a, ':') == !strchr(b, ':');
}

/* Do both want the same? Two that leave the choice to the engine collide only when they are the
 * same. */
static bool collide(const struct port *a, const struct port *b)
{
    if (a->protocol != b->protocol || a->host.low != b->host.low || a->host.high != b->host.high)
        return false;
    if (a->host.low == 0 || a->host.low != a->host.high)
        return a->target == b->target && strcmp(a->ip, b->ip) == 0;
    return same_family(a->ip, b->ip) &&
           (strcmp(a->ip, b->ip) == 0 || is_wildcard(a->ip) || is_wildcard(b->ip));
}

static int refuse_collision(struct reader *r, const struct port *a, const struct port *b)
{
    const struct port *first = a->index <= b->index ? a : b, *second = first == a ? b : a;
    (void)reader_enter_index(r, second->index);
    if (second->host.low == 0)
        return reader_fail(r, "port %u/%s stands in ports[%u] already; remove one", second->target,
                           port_protocols[second->protocol], first->index);
    return reader_fail(r, "publishes port %u/%s of the host, as ports[%u] does already; remove one",
                       second->host.low, port_protocols[second->protocol], first->index);
}

/* In by_host's order those of one protocol and port stand together, and equal addresses side by
 * side. An address for all of a family comes before the others of it ("", "0.0.0.0") or among them
 * ("::"): either way the first two that collide are neighbours within their family. */
static int check_collisions(struct reader *r, struct ports *ports)
{
    const struct port *last[2] = {0}; /* IPv4 and "", IPv6 */
    if (ports->n > 0)
        qsort(ports->items, ports->n, sizeof(*ports->items), by_host);
    for (size_t i = 0; i < ports->n; i++) {
        const struct port *port = &ports->items[i];
        for (size_t k = 0; k < ARRAY_LEN(last); k++)
            if (last[k] && collide(last[k], port))
                return refuse_collision(r, last[k], port);
        last[strchr(port->ip, ':') != NULL] = port;
    }
    return 0;
}

static size_t format_range(char *text, size_t size, unsigned low, unsigned high)
{
    int n =
        low == high ? snprintf(text, size, "%u", low) : snprintf(text, size, "%u-%u", low, high);
    return (size_t)n;
}

/* `n` neighbours, beginning with `p`, as one entry. */
static json_t *format_entry(const struct port *p, unsigned n)
{
    char text[PORT_TEXT_SIZE];
    size_t len = 0;
    if (p->ip[0])
        len += (size_t)snprintf(text, sizeof(text), strchr(p->ip, ':') ? "[%s]:" : "%s:", p->ip);
    if (p->host.low > 0)
        len += format_range(text + len, sizeof(text) - len, p->host.low, p->host.high + n - 1);
    if (p->host.low > 0 || p->ip[0])
        text[len++] = ':';
    len += format_range(text + len, sizeof(text) - len, p->target, p->target + n - 1);
    if (p->protocol > 0)
        (void)snprintf(text + len, sizeof(text) - len, "/%s", port_protocols[p->protocol]);
    return json_string(text);
}

/* Does `b` go on where `a`, `n` ports before it, began? */
static bool goes_on(const struct port *a, const struct port *b, unsigned n)
{
    bool one_each = a->host.low == a->host.high && b->host.low == b->host.high;
    unsigned step = a->host.low > 0 ? n : 0;
    return one_each && a->protocol == b->protocol && strcmp(a->ip, b->ip) == 0 &&
           b->target == a->target + n && b->host.low == a->host.low + step;
}

static json_t *format_ports(struct ports *ports)
{
    json_auto_t *list = json_array();
    qsort(ports->items, ports->n, sizeof(*ports->items), by_target);
    for (size_t i = 0; i < ports->n;) {
        unsigned n = 1;
        while (i + n < ports->n && goes_on(&ports->items[i], &ports->items[i + n], n))
            n++;
        if (json_array_append_new(list, format_entry(&ports->items[i], n)) < 0)
            return NULL;
        i += n;
    }
    return json_incref(list);
}

int read_ports(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    _cleanup_(ports_close) struct ports ports = {0};
    size_t i;
    json_t *item;
    if (!json_is_array(value))
        return reader_expected(r, "a list", value);
    json_array_foreach (value, i, item) {
        size_t mark = reader_enter_index(r, i);
        int rc = ports_read_entry(r, &ports, item, i);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    if (ports.n == 0)
        return 0;
    int rc = check_collisions(r, &ports);
    return rc < 0 ? rc : reader_give(r, format_ports(&ports), ret);
}

/* A reader for text that has been read before: says nothing and finds nothing wrong. */
static int expand(const json_t *value, struct ports *ports)
{
    struct reader silent = {0};
    size_t i;
    json_t *item;
    json_array_foreach (value, i, item) {
        int rc = ports_read_entry(&silent, ports, item, i);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int put_port(struct maker *m, const struct port *port)
{
    char name[32], host[16] = "";
    (void)snprintf(name, sizeof(name), "%u/%s", port->target, port_protocols[port->protocol]);
    if (port->host.low > 0)
        (void)format_range(host, sizeof(host), port->host.low, port->host.high);
    json_t *exposed = maker_map(m, "ExposedPorts"), *all = maker_map(m, "HostConfig.PortBindings");
    if (!exposed || !all || json_object_set_new(exposed, name, json_object()) < 0)
        return -ENOMEM;
    json_t *bindings = json_object_get(all, name);
    if (!bindings) {
        if (json_object_set_new(all, name, json_array()) < 0)
            return -ENOMEM;
        bindings = json_object_get(all, name);
    }
    json_t *binding = json_pack("{s:s, s:s}", "HostIp", port->ip, "HostPort", host);
    return json_array_append_new(bindings, binding) < 0 ? -ENOMEM : 0;
}

int put_ports(struct maker *m, const struct key *key, const json_t *value)
{
    _cleanup_(ports_close) struct ports ports = {0};
    int rc = expand(value, &ports);
    for (size_t i = 0; rc == 0 && i < ports.n; i++)
        rc = put_port(m, &ports.items[i]);
    return rc;
}

int say_ports(struct line *l, const struct key *key, const json_t *value)
{
    size_t i;
    json_t *item;
    json_array_foreach (value, i, item)
        line_option(l, "-p", json_string_value(item));
    return 0;
}
