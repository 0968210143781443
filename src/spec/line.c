/* SPDX-License-Identifier: MIT
 *
 * The line that does by hand what the request does. It is made from the request's body, so that it
 * cannot say anything else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/internal.h"
#include "spec/request.h"
#include "spec/shell.h"

#define LINE_MAX_BYTES (8 * (size_t)SPEC_JSON_MAX)

static void line_close(struct line *l)
{
    buf_close(&l->before);
    buf_close(&l->options);
    buf_close(&l->command);
}

static void say_texts_of(struct buf *line, const char *option, const json_t *list)
{
    size_t i;
    json_t *text;
    json_array_foreach (list, i, text) {
        (void)buf_printf(line, " %s ", option);
        shell_quote(line, json_string_value(text));
    }
}

static void say_text_of(struct buf *line, const char *option, const json_t *text)
{
    if (!text)
        return;
    (void)buf_printf(line, " %s ", option);
    shell_quote(line, json_string_value(text));
}

/* What both commands say in the same words, but for the alias. */
static void say_endpoint(struct buf *line, const char *alias, const json_t *endpoint)
{
    const json_t *ipam = json_object_get(endpoint, "IPAMConfig");
    say_texts_of(line, alias, json_object_get(endpoint, "Aliases"));
    say_text_of(line, "--ip", json_object_get(ipam, "IPv4Address"));
    say_text_of(line, "--ip6", json_object_get(ipam, "IPv6Address"));
    say_texts_of(line, "--link-local-ip", json_object_get(ipam, "LinkLocalIPs"));
    say_texts_of(line, "--link", json_object_get(endpoint, "Links"));
}

static int say_driver_opts(struct buf *line, const json_t *opts)
{
    const char *name;
    json_t *text;
    json_object_foreach ((json_t *)opts, name, text) {
        _cleanup_free_ char *entry = NULL;
        if (asprintf(&entry, "%s=%s", name, json_string_value(text)) < 0) {
            entry = NULL;
            return -ENOMEM;
        }
        (void)buf_puts(line, " --driver-opt ");
        shell_quote(line, entry);
    }
    return 0;
}

/* `--network NAME`; with options of its driver `--network name=NAME,driver-opt=A=B`. */
static int say_network(struct line *l)
{
    const char *name, *network = json_string_value(
                          json_object_get(json_object_get(l->body, "HostConfig"), "NetworkMode"));
    const json_t *endpoints =
        json_object_get(json_object_get(l->body, "NetworkingConfig"), "EndpointsConfig");
    const json_t *endpoint = json_object_get(endpoints, network);
    json_t *text, *opts = json_object_get(endpoint, "DriverOpts");
    _cleanup_(buf_close) struct buf value = BUF_INIT(SPEC_JSON_MAX);
    if (json_object_size(opts) == 0) {
        line_option(l, "--network", network);
    } else {
        (void)buf_printf(&value, "name=%s", network);
        json_object_foreach (opts, name, text)
            (void)buf_printf(&value, ",\"driver-opt=%s=%s\"", name, json_string_value(text));
        if (value.error < 0)
            return value.error;
        line_option(l, "--network", buf_text(&value));
    }
    say_endpoint(&l->options, "--network-alias", endpoint);
    return 0;
}

/* networks.*.mac_address of the first network is the container's. */
static void say_hardware(struct line *l, const json_t *root)
{
    if (!json_object_get(root, "mac_address"))
        say_text_of(&l->options, "--mac-address", json_object_get(l->body, "MacAddress"));
}

static int say_keys(struct line *l, const json_t *root)
{
    for (size_t i = 0; key_at(i); i++) {
        const struct key *key = key_at(i);
        int r = key->say ? key->say(l, key, json_object_get(root, key->name)) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* The networks that come after creation; the container is started only then, as roost itself does.
 */
static int say_attach(struct buf *line, const struct spec_request *request, const char *container)
{
    for (size_t i = 0; i < request->n_attach; i++) {
        const json_t *endpoint = request->attach[i].endpoint;
        (void)buf_puts(line, " && docker network connect");
        say_endpoint(line, "--alias", endpoint);
        int r = say_driver_opts(line, json_object_get(endpoint, "DriverOpts"));
        if (r < 0)
            return r;
        (void)buf_putc(line, ' ');
        shell_quote(line, request->attach[i].network);
        (void)buf_putc(line, ' ');
        shell_quote(line, container);
    }
    return 0;
}

static int join(struct line *l, const struct spec *spec, const struct spec_context *context,
                const struct spec_request *request, struct buf *ret_line)
{
    const char *host_policy = lifecycle_restart_policy(context->lifecycle);
    _cleanup_(buf_close) struct buf name = BUF_INIT(1024);
    bool hot = context->lifecycle == LIFECYCLE_HOT;
    if (spec->settings.container_name)
        (void)buf_puts(&name, spec->settings.container_name);
    else
        (void)buf_printf(&name, "%s-%s", context->fleet, context->agent);
    (void)buf_puts(ret_line, buf_text(&l->before));
    (void)buf_printf(ret_line, "docker %s --restart %s --name ", hot ? "run -d" : "create",
                     host_policy);
    shell_quote(ret_line, buf_text(&name));
    (void)buf_append(ret_line, buf_text(&l->options), l->options.len);
    (void)buf_putc(ret_line, ' ');
    shell_quote(ret_line, json_string_value(json_object_get(l->body, "Image")));
    (void)buf_append(ret_line, buf_text(&l->command), l->command.len);
    int r = say_attach(ret_line, request, buf_text(&name));
    if (r < 0)
        return r;
    r = l->before.error < 0    ? l->before.error
        : l->options.error < 0 ? l->options.error
                               : l->command.error;
    return r < 0 ? r : ret_line->error;
}

static int make_line(struct line *l, const struct spec *spec, const struct spec_context *context,
                     struct buf *ret_line)
{
    _cleanup_(spec_request_close) struct spec_request request = {0};
    json_auto_t *root = spec_tree(spec);
    int r = root ? request_make(spec, root, context, &request, l->err) : -ENOMEM;
    if (r < 0)
        return r;
    l->body = request.body;
    r = say_network(l);
    if (r < 0)
        return r;
    say_hardware(l, root);
    r = say_keys(l, root);
    return r < 0 ? r : join(l, spec, context, &request, ret_line);
}

int spec_docker_line(const struct spec *spec, const struct spec_context *context, bool secrets,
                     struct buf *ret_line, struct error *err)
{
    _cleanup_(line_close) struct line l = {
        .before = BUF_INIT(LINE_MAX_BYTES),
        .options = BUF_INIT(LINE_MAX_BYTES),
        .command = BUF_INIT(LINE_MAX_BYTES),
        .secrets = secrets,
        .err = err,
    };
    int r = make_line(&l, spec, context, ret_line);
    if (r < 0 && !error_is_set(err))
        return error_wrap(err, r, "cannot make the docker line of %s", context->agent);
    return r;
}
