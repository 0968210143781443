/* SPDX-License-Identifier: MIT
 *
 * The body of POST /containers/create.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/internal.h"
#include "spec/request.h"

/* What no key says: ours, and what the `docker` command always sends, so that a container made by
 * the line is told by nothing from one that is made by this. */
static int put_frame(struct maker *m, const struct spec *spec)
{
    static const char *const empty[] = {"BlkioWeightDevice", "Devices", "Dns", "DnsOptions",
                                        "DnsSearch"};
    const char *image = m->context->image ? m->context->image : spec->image;
    bool attached =
        m->context->lifecycle == LIFECYCLE_LAZY; /* `docker run -d` is not, `docker create` is */
    json_t *policy = json_pack("{s:s}", "Name", lifecycle_restart_policy(m->context->lifecycle));
    int r = maker_put(m, "HostConfig.RestartPolicy", policy);
    json_t *host = json_object_get(m->body, "HostConfig");
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(empty); i++)
        r = json_object_set_new(host, empty[i], json_array()) < 0 ? -ENOMEM : 0;
    if (r == 0 && !maker_map(m, "HostConfig.PortBindings"))
        r = -ENOMEM;
    if (r == 0)
        r = maker_put(m, "Image", json_string(image));
    if (r == 0)
        r = maker_put(m, "AttachStdout", json_boolean(attached));
    return r < 0 ? r : maker_put(m, "AttachStderr", json_boolean(attached));
}

static int put_keys(struct maker *m)
{
    for (size_t i = 0; key_at(i); i++) {
        const struct key *key = key_at(i);
        const json_t *value = json_object_get(m->root, key->name);
        int r = value && key->put ? key->put(m, key, value) : 0;
        if (r < 0)
            return r;
    }
    return mounts_put_remembered(m);
}

static int put_own_labels(struct maker *m, const struct spec *spec)
{
    char id[SPEC_ID_TEXT_SIZE];
    spec_id_format(&spec->id, id);
    const char *const labels[][2] = {
        {"roost.db", m->context->db_uid},
        {"roost.fleet", m->context->fleet},
        {"roost.agent", m->context->agent},
        {"roost.lifecycle", lifecycle_name(m->context->lifecycle)},
        {"roost.spec", id},
    };
    json_t *map = maker_map(m, "Labels");
    for (size_t i = 0; i < ARRAY_LEN(labels); i++)
        if (!map || json_object_set_new(map, labels[i][0], json_string(labels[i][1])) < 0)
            return -ENOMEM;
    return 0;
}

/* The agent's own name first, then what the spec says of that network. */
static json_t *aliases_of(const struct maker *m, const char *network)
{
    const json_t *networks = json_object_get(m->root, "networks");
    const json_t *more = json_object_get(json_object_get(networks, network), "aliases");
    json_auto_t *aliases = json_pack("[s]", m->context->agent);
    size_t i;
    json_t *alias;
    json_array_foreach (more, i, alias) {
        bool own = strcmp(json_string_value(alias), m->context->agent) == 0;
        if (!own && json_array_append(aliases, alias) < 0)
            return NULL;
    }
    return json_incref(aliases);
}

/* Addresses and the like, as the engine has them; takes the aliases. */
static json_t *endpoint_of(const struct maker *m, const char *key, json_t *aliases)
{
    static const char *const fields[][2] = {
        {"ipv4_address", "IPv4Address"},
        {"ipv6_address", "IPv6Address"},
        {"link_local_ips", "LinkLocalIPs"},
    };
    const json_t *said = json_object_get(json_object_get(m->root, "networks"), key);
    json_t *opts = json_object_get(said, "driver_opts");
    json_auto_t *endpoint = json_pack("{s:o}", "Aliases", aliases), *ipam = json_object();
    if (!endpoint || !ipam)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        json_t *value = json_object_get(said, fields[i][0]);
        if (value && json_object_set(ipam, fields[i][1], value) < 0)
            return NULL;
    }
    if (json_object_size(ipam) > 0 && json_object_set(endpoint, "IPAMConfig", ipam) < 0)
        return NULL;
    if (opts && json_object_set(endpoint, "DriverOpts", opts) < 0)
        return NULL;
    return json_incref(endpoint);
}

static const json_t *hardware_of(const struct maker *m, const char *key)
{
    return json_object_get(json_object_get(json_object_get(m->root, "networks"), key),
                           "mac_address");
}

/* The hardware address of the first is the container's, links are in the first alone: so does the
 * docker command. */
static int put_first_network(struct maker *m, const char *key, const char *network,
                             json_t *endpoint)
{
    const json_t *hardware = hardware_of(m, key);
    json_auto_t *links = links_of(m);
    if (!endpoint || !links ||
        (json_array_size(links) > 0 && json_object_set(endpoint, "Links", links) < 0)) {
        json_decref(endpoint);
        return -ENOMEM;
    }
    int r = maker_put(m, "NetworkingConfig",
                      json_pack("{s:{s:o}}", "EndpointsConfig", network, endpoint));
    if (r == 0 && hardware)
        r = maker_put(m, "MacAddress", json_incref((json_t *)hardware));
    return r < 0 ? r : maker_put(m, "HostConfig.NetworkMode", json_string(network));
}

static int add_attach(struct maker *m, struct spec_request *request, const char *key,
                      const char *network, json_t *endpoint)
{
    struct spec_attach *attach = &request->attach[request->n_attach];
    const json_t *hardware = hardware_of(m, key);
    attach->network = strdup(network);
    attach->endpoint = endpoint;
    request->n_attach++;
    if (!attach->network || !endpoint)
        return -ENOMEM;
    /* What `docker network connect` always sends. */
    json_auto_t *always = json_pack("{s:{}, s:{}}", "IPAMConfig", "DriverOpts");
    if (json_object_update_missing(endpoint, always) < 0)
        return -ENOMEM;
    if (!hardware)
        return 0;
    maker_needs(m, 44, "networks.*.mac_address of more than one network");
    return json_object_set(endpoint, "MacAddress", (json_t *)hardware) < 0 ? -ENOMEM : 0;
}

/* The engine takes one network when it makes a container: the first by priority and name. */
static int put_networks(struct maker *m, const struct spec *spec, struct spec_request *request)
{
    if (spec->n_networks > 1) {
        request->attach = calloc(spec->n_networks - 1, sizeof(*request->attach));
        if (!request->attach)
            return -ENOMEM;
    }
    for (size_t i = 0; i < spec->n_networks; i++) {
        _cleanup_(buf_close) struct buf name = BUF_INIT(1024);
        int r = maker_resource(m->context, "network", spec->networks[i], &name);
        if (r < 0)
            return r;
        const char *key = spec->networks[i];
        json_t *endpoint = endpoint_of(m, key, aliases_of(m, key));
        r = i == 0 ? put_first_network(m, key, buf_text(&name), endpoint)
                   : add_attach(m, request, key, buf_text(&name), endpoint);
        if (r < 0)
            return r;
    }
    return 0;
}

int request_make(const struct spec *spec, const json_t *root, const struct spec_context *context,
                 struct spec_request *request, struct error *err)
{
    struct maker m = {.body = json_object(), .root = root, .context = context, .err = err};
    request->body = m.body;
    if (!m.body)
        return -ENOMEM;
    int r = put_frame(&m, spec);
    if (r == 0)
        r = put_keys(&m);
    if (r == 0)
        r = put_own_labels(&m, spec);
    if (r == 0)
        r = put_networks(&m, spec, request);
    request->api = m.api;
    request->api_key = m.api_key;
    return r;
}

int spec_request(const struct spec *spec, const struct spec_context *context,
                 struct spec_request *ret_request, struct error *err)
{
    _cleanup_(spec_request_close) struct spec_request request = {0};
    json_auto_t *root = spec_tree(spec);
    int r = root ? request_make(spec, root, context, &request, err) : -ENOMEM;
    if (r < 0)
        return error_is_set(err)
                   ? r
                   : error_wrap(err, r, "cannot make the request for %s", context->agent);
    *ret_request = request;
    request = (struct spec_request){0};
    return 0;
}

void spec_request_close(struct spec_request *request)
{
    json_decref(request->body);
    for (size_t i = 0; i < request->n_attach; i++) {
        free(request->attach[i].network);
        json_decref(request->attach[i].endpoint);
    }
    free(request->attach);
    *request = (struct spec_request){0};
}
