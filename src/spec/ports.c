/* SPDX-License-Identifier: MIT
 *
 * ports, in Compose's short form: "[[ip:]published:]target[/protocol]" with ranges.
 *
 * Reading takes ranges apart, so that it sees who publishes a host's port twice, sorts, and puts
 * neighbours together again: one spelling for each set of ports.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "spec/keys.h"

/* All ports of one agent, ranges taken apart. */
#define PORTS_MAX 65536U

#define PORT_TEXT_SIZE (INET6_ADDRSTRLEN + 48)

static const char *const protocols[] = {"tcp", "udp", "sctp"};

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

static void ports_close(struct ports *p)
{
    free(p->items);
}

static int ports_add(struct reader *r, struct ports *p, const struct port *port)
{
    if (p->n == PORTS_MAX)
        return reader_fail(r, "more than %u ports; publish fewer", PORTS_MAX);
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 16;
        struct port *items = reallocarray(p->items, cap, sizeof(*items));
        if (!items)
            return reader_no_memory(r);
        p->items = items;
        p->cap = cap;
    }
    p->items[p->n++] = *port;
    return 0;
}

static bool parse_number(const char **text, uint16_t *ret)
{
    unsigned n = 0;
    if (!isdigit((unsigned char)**text))
        return false;
    for (; isdigit((unsigned char)**text); (*text)++) {
        n = n * 10 + (unsigned)(**text - '0');
        if (n > UINT16_MAX)
            return false;
    }
    *ret = (uint16_t)n;
    return true;
}

/* "80" or "80-90", and nothing behind. */
static bool parse_range(const char *text, struct range *ret)
{
    if (!parse_number(&text, &ret->low))
        return false;
    ret->high = ret->low;
    if (*text == '-') {
        text++;
        if (!parse_number(&text, &ret->high))
            return false;
    }
    return *text == '\0' && ret->low <= ret->high;
}

/* An address; IPv6 in brackets. Written back in its one spelling. */
static bool parse_ip(char *text, char ret_ip[INET6_ADDRSTRLEN])
{
    unsigned char address[sizeof(struct in6_addr)];
    size_t len = strlen(text);
    bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (bracketed) {
        text[len - 1] = '\0';
        text++;
    }
    int family = bracketed ? AF_INET6 : AF_INET;
    return inet_pton(family, text, address) == 1 &&
           inet_ntop(family, address, ret_ip, INET6_ADDRSTRLEN);
}

static bool parse_protocol(const char *text, uint8_t *ret)
{
    for (uint8_t i = 0; i < ARRAY_LEN(protocols); i++) {
        if (strcasecmp(text, protocols[i]) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* One entry of the list in its parts. */
struct entry {
    struct port port;
    struct range target;
};

/* Cuts the part behind the last `c` off; NULL when there is none. */
static char *cut_last(char *text, char c)
{
    char *at = strrchr(text, c);
    if (at)
        *at++ = '\0';
    return at;
}

static int parse_entry(struct reader *r, char *text, struct entry *e)
{
    char quoted[READER_QUOTE_SIZE];
    char *protocol = cut_last(text, '/');
    if (protocol && !parse_protocol(protocol, &e->port.protocol))
        return reader_fail(r, "unknown protocol \"%s\"; it is tcp, udp or sctp",
                           reader_quote(quoted, protocol));
    char *target = cut_last(text, ':');
    char *host = target ? cut_last(text, ':') : NULL;
    char *ip = host ? text : NULL;
    if (target && !host)
        host = text;
    if (!target)
        target = text;
    if (!parse_range(target, &e->target) || e->target.low == 0)
        return reader_fail(
            r, "\"%s\" is no port of the container; give 1 to 65535 or a range \"80-90\"",
            reader_quote(quoted, target));
    if (host && !(ip && host[0] == '\0') && !parse_range(host, &e->port.host))
        return reader_fail(
            r, "\"%s\" is no port of the host; give 1 to 65535 or a range \"8000-8010\"",
            reader_quote(quoted, host));
    if (ip && !parse_ip(ip, e->port.ip))
        return reader_fail(r, "\"%s\" is no address of the host; give \"127.0.0.1\" or \"[::1]\"",
                           reader_quote(quoted, ip));
    if (e->port.host.low == 0 && e->port.host.high > 0)
        return reader_fail(r, "a range of ports cannot begin with 0");
    return 0;
}

/* One port for each of the entry's; a host's range for one target stays a range, from which the
 * engine picks. */
static int add_entry(struct reader *r, struct ports *ports, const struct entry *e)
{
    struct range host = e->port.host;
    unsigned n_host = (unsigned)(host.high - host.low) + 1;
    unsigned n_target = (unsigned)(e->target.high - e->target.low) + 1;
    bool fixed = host.low > 0;
    if (fixed && n_target > 1 && n_host != n_target)
        return reader_fail(
            r, "%u ports of the host for %u of the container; make the ranges equally long", n_host,
            n_target);
    for (unsigned i = 0; i < n_target; i++) {
        struct port port = e->port;
        port.target = (uint16_t)(e->target.low + i);
        if (fixed && n_target > 1)
            port.host.low = port.host.high = (uint16_t)(host.low + i);
        int rc = ports_add(r, ports, &port);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_entry(struct reader *r, struct ports *ports, const json_t *value, size_t index)
{
    char text[PORT_TEXT_SIZE], quoted[READER_QUOTE_SIZE];
    struct entry e = {.port.index = (uint32_t)index};
    if (json_is_object(value))
        return reader_fail(r, "the long form is not supported yet; write \"8080:80\"");
    if (!json_is_string(value) && !json_is_integer(value))
        return reader_expected(r, "text such as \"8080:80\" or a number", value);
    if (json_is_integer(value)) {
        (void)snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if ((size_t)snprintf(text, sizeof(text), "%s", json_string_value(value)) >=
               sizeof(text)) {
        return reader_fail(r, "\"%s\" is no port; write \"8080:80\"",
                           reader_quote(quoted, json_string_value(value)));
    }
    int rc = parse_entry(r, text, &e);
    return rc < 0 ? rc : add_entry(r, ports, &e);
}

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
                           protocols[second->protocol], first->index);
    return reader_fail(r, "publishes port %u/%s of the host, as ports[%u] does already; remove one",
                       second->host.low, protocols[second->protocol], first->index);
}

/* In by_host's order those of one protocol and port stand together, and equal addresses side by
 * side; an address for all of a family collides with any other of it. */
static int check_collisions(struct reader *r, struct ports *ports)
{
    const struct port *last[2] = {0}, *wildcard[2] = {0}; /* by family: IPv4 and "", IPv6 */
    if (ports->n > 0)
        qsort(ports->items, ports->n, sizeof(*ports->items), by_host);
    for (size_t i = 0; i < ports->n; i++) {
        const struct port *port = &ports->items[i];
        const struct port *rivals[] = {last[0], last[1], wildcard[0], wildcard[1]};
        for (size_t k = 0; k < ARRAY_LEN(rivals); k++)
            if (rivals[k] && collide(rivals[k], port))
                return refuse_collision(r, rivals[k], port);
        bool v6 = strchr(port->ip, ':') != NULL;
        last[v6] = port;
        if (is_wildcard(port->ip))
            wildcard[v6] = port;
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
        (void)snprintf(text + len, sizeof(text) - len, "/%s", protocols[p->protocol]);
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
        int rc = read_entry(r, &ports, item, i);
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
        int rc = read_entry(&silent, ports, item, i);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int put_port(struct maker *m, const struct port *port)
{
    char name[32], host[16] = "";
    (void)snprintf(name, sizeof(name), "%u/%s", port->target, protocols[port->protocol]);
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
