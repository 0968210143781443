/* SPDX-License-Identifier: MIT
 *
 * Two services that publish one port of the host. What a service publishes is read off the
 * request that would make its container, so that there is one reading of the key.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compose/load.h"

/* One service's bindings on their way into what is taken: "80/tcp" of the host to a list of
 * {ip, service}. */
struct claim {
    const struct loader *l;
    json_t *taken;
    size_t service;
    const char *protocol;
};

/* An empty address is all of both families. */
static bool is_every(const char *ip)
{
    return *ip == '\0' || strcmp(ip, "0.0.0.0") == 0 || strcmp(ip, "::") == 0;
}

static bool addresses_meet(const char *a, const char *b)
{
    bool same_family = *a == '\0' || *b == '\0' || !strchr(a, ':') == !strchr(b, ':');
    return same_family && (strcmp(a, b) == 0 || is_every(a) || is_every(b));
}

/* The entry that names the port, or else the whole list. */
static const struct node *place_of_port(const struct node *service, const char *port)
{
    const struct node *list = node_get(service, "ports");
    for (size_t i = 0; list && i < list->n_entries; i++) {
        const struct node *item = list->entries[i].value;
        if (item->kind == NODE_SCALAR && strstr(item->text, port))
            return item;
    }
    return node_locate(service, "ports");
}

static int refuse(const struct claim *c, size_t other, const char *port)
{
    const struct compose_service *services = c->l->project->services;
    if (c->l->nodes[c->service] == c->l->nodes[other])
        return node_error(c->l, place_of_port(c->l->nodes[c->service], port),
                          "the agents \"%s\" and \"%s\" would both publish the port %s/%s of the "
                          "host; publish a range as large as the scale, or the container's port "
                          "alone",
                          services[other].name, services[c->service].name, port, c->protocol);
    return node_error(
        c->l, place_of_port(c->l->nodes[c->service], port),
        "service \"%s\" publishes the port %s/%s of the host, as service \"%s\" on line "
        "%d does; give one another port",
        services[c->service].name, port, c->protocol, services[other].name, services[other].line);
}

static int claim_port(const struct claim *c, const char *ip, const char *port)
{
    char key[32];
    if (*port == '\0' || strchr(port, '-'))
        return 0; /* the engine picks a free one */
    (void)snprintf(key, sizeof(key), "%s/%s", port, c->protocol);
    json_t *rivals = json_object_get(c->taken, key), *rival;
    if (!rivals) {
        rivals = json_array();
        if (json_object_set_new(c->taken, key, rivals) < 0)
            return -ENOMEM;
    }
    size_t i;
    json_array_foreach (rivals, i, rival) {
        size_t other = (size_t)json_integer_value(json_array_get(rival, 1));
        if (addresses_meet(ip, json_string_value(json_array_get(rival, 0))))
            return refuse(c, other, port);
    }
    json_t *own = json_pack("[s, I]", ip, (json_int_t)c->service);
    return json_array_append_new(rivals, own) < 0 ? -ENOMEM : 0;
}

static int claim_bindings(const struct claim *c, const json_t *bindings)
{
    size_t i;
    json_t *binding;
    json_array_foreach (bindings, i, binding) {
        const char *ip = "", *port = "";
        (void)json_unpack(binding, "{s?s, s?s}", "HostIp", &ip, "HostPort", &port);
        int r = claim_port(c, ip, port);
        if (r < 0)
            return r;
    }
    return 0;
}

static int claim_request(struct claim *c, const json_t *body)
{
    json_t *all = json_object_get(json_object_get(body, "HostConfig"), "PortBindings"), *bindings;
    const char *target;
    json_object_foreach (all, target, bindings) {
        const char *slash = strchr(target, '/');
        c->protocol = slash ? slash + 1 : "tcp";
        int r = claim_bindings(c, bindings);
        if (r < 0)
            return r;
    }
    return 0;
}

int ports_check(struct loader *l)
{
    json_auto_t *taken = json_object();
    if (!taken)
        return -ENOMEM;
    for (size_t i = 0; i < l->project->n_services; i++) {
        const struct compose_service *s = &l->project->services[i];
        if (!node_get(l->nodes[i], "ports"))
            continue;
        struct spec_context context = {.fleet = l->project->name,
                                       .agent = s->name,
                                       .db_uid = "",
                                       .lifecycle = s->lifecycle,
                                       .image = s->image};
        struct spec_request request = {0};
        struct claim claim = {.l = l, .taken = taken, .service = i};
        int r = spec_request(l->specs[i], &context, &request, l->diag.err);
        if (r == 0)
            r = claim_request(&claim, request.body);
        spec_request_close(&request);
        if (r < 0)
            return r;
    }
    return 0;
}
