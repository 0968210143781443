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

static void say_network(struct line *l)
{
    const char *network =
        json_string_value(json_object_get(json_object_get(l->body, "HostConfig"), "NetworkMode"));
    const json_t *endpoints =
        json_object_get(json_object_get(l->body, "NetworkingConfig"), "EndpointsConfig");
    const json_t *aliases = json_object_get(json_object_get(endpoints, network), "Aliases");
    line_option(l, "--network", network);
    for (size_t i = 0; i < json_array_size(aliases); i++)
        line_option(l, "--network-alias", json_string_value(json_array_get(aliases, i)));
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
static void say_attach(struct buf *line, const struct spec_request *request, const char *container)
{
    for (size_t i = 0; i < request->n_attach; i++) {
        const json_t *aliases = json_object_get(request->attach[i].endpoint, "Aliases");
        (void)buf_puts(line, " && docker network connect");
        for (size_t k = 0; k < json_array_size(aliases); k++) {
            (void)buf_puts(line, " --alias ");
            shell_quote(line, json_string_value(json_array_get(aliases, k)));
        }
        (void)buf_putc(line, ' ');
        shell_quote(line, request->attach[i].network);
        (void)buf_putc(line, ' ');
        shell_quote(line, container);
    }
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
    say_attach(ret_line, request, buf_text(&name));
    int r = l->before.error < 0    ? l->before.error
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
    say_network(l);
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
