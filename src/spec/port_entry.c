/* SPDX-License-Identifier: MIT
 *
 * One entry of ports, short or long, into the ports that it stands for.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "spec/ports.h"

const char *const port_protocols[PORT_PROTOCOLS] = {"tcp", "udp", "sctp"};

/* All ports of one agent, ranges taken apart. */
#define PORTS_MAX 65536U

void ports_close(struct ports *p)
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
    for (uint8_t i = 0; i < PORT_PROTOCOLS; i++) {
        if (strcasecmp(text, port_protocols[i]) == 0) {
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

static int read_short(struct reader *r, const json_t *value, char text[PORT_TEXT_SIZE])
{
    char quoted[READER_QUOTE_SIZE];
    if (json_is_integer(value)) {
        (void)snprintf(text, PORT_TEXT_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return 0;
    }
    if (!json_is_string(value))
        return reader_expected(r, "text such as \"8080:80\", a number or a map", value);
    if ((size_t)snprintf(text, PORT_TEXT_SIZE, "%s", json_string_value(value)) >= PORT_TEXT_SIZE)
        return reader_fail(r, "\"%s\" is no port; write \"8080:80\"",
                           reader_quote(quoted, json_string_value(value)));
    return 0;
}

/* The parts of the long form, as the short form's text has them. */
enum part {
    PART_TARGET,
    PART_PUBLISHED,
    PART_HOST_IP,
    PART_PROTOCOL,
    PART_MODE,
    PARTS,
};

static const char *const part_names[] = {"target",   "published", "host_ip",
                                         "protocol", "mode",      NULL};

#define PART_SIZE INET6_ADDRSTRLEN

static int read_part(struct reader *r, enum part part, const json_t *value,
                     char ret_text[PART_SIZE])
{
    static const char *const modes[] = {"host", "ingress", NULL};
    char quoted[READER_QUOTE_SIZE];
    size_t i;
    if (part == PART_MODE)
        return reader_word(r, value, modes, &i); /* one machine: both are the same */
    if (json_is_integer(value) && (part == PART_TARGET || part == PART_PUBLISHED)) {
        (void)snprintf(ret_text, PART_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return 0;
    }
    if (!json_is_string(value))
        return reader_expected(r, part == PART_TARGET || part == PART_PUBLISHED ? "a port" : "text",
                               value);
    const char *text = json_string_value(value);
    /* Neither may say more than its own part of the short form. */
    if ((size_t)snprintf(ret_text, PART_SIZE, "%s", text) >= PART_SIZE || strpbrk(text, "/[]") ||
        (part != PART_HOST_IP && strchr(text, ':')))
        return reader_fail(r, "\"%s\" is not right here", reader_quote(quoted, text));
    return 0;
}

static int read_long(struct reader *r, const json_t *value, char text[PORT_TEXT_SIZE])
{
    char parts[PARTS][PART_SIZE] = {0};
    const char *name;
    json_t *part;
    json_object_foreach ((json_t *)value, name, part) {
        size_t i = 0;
        if (strncmp(name, "x-", 2) == 0)
            continue;
        while (part_names[i] && strcmp(part_names[i], name) != 0)
            i++;
        if (!part_names[i])
            return reader_unknown_key(r, name, part_names);
        if (json_is_null(part))
            continue;
        size_t mark = reader_enter(r, name);
        int rc = read_part(r, (enum part)i, part, parts[i]);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    if (parts[PART_TARGET][0] == '\0')
        return reader_fail(r, "the target is missing; write {target: 80}");
    const char *ip = parts[PART_HOST_IP], *published = parts[PART_PUBLISHED];
    bool v6 = strchr(ip, ':') != NULL;
    size_t len = 0;
    if (ip[0] || published[0])
        len = (size_t)snprintf(text, PORT_TEXT_SIZE, "%s%s%s%s%s:", v6 ? "[" : "", ip,
                               v6 ? "]" : "", ip[0] ? ":" : "", published);
    (void)snprintf(text + len, PORT_TEXT_SIZE - len, "%s/%s", parts[PART_TARGET],
                   parts[PART_PROTOCOL][0] ? parts[PART_PROTOCOL] : "tcp");
    return 0;
}

int ports_read_entry(struct reader *r, struct ports *ports, const json_t *value, size_t index)
{
    char text[PORT_TEXT_SIZE] = "";
    struct entry e = {.port.index = (uint32_t)index};
    int rc = json_is_object(value) ? read_long(r, value, text) : read_short(r, value, text);
    if (rc == 0)
        rc = parse_entry(r, text, &e);
    return rc < 0 ? rc : add_entry(r, ports, &e);
}
