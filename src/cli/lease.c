/* SPDX-License-Identifier: MIT */
#include "cli/lease.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "cli/agent_view.h"

void lease_read(struct lease *lease, const json_t *answer)
{
    const char *id = view_text(json_object_get(answer, "lease"), "id");
    if (strlen(id) == sizeof(lease->id) - 1)
        (void)snprintf(lease->id, sizeof(lease->id), "%s", id);
}

static int lease_path(const char *id, const char *rest, struct buf *path, struct error *err)
{
    (void)buf_puts(path, "/v1/leases");
    (void)api_path_append(path, id);
    int r = buf_puts(path, rest);
    return r < 0 ? error_set(err, r, ERROR_INVALID, NULL, "the id of the lease is too long") : 0;
}

json_t *lease_body(uint64_t ttl_ns)
{
    char ttl[DURATION_TEXT_SIZE];
    duration_format(ttl_ns, ttl);
    return ttl_ns ? json_pack("{s:s}", "ttl", ttl) : json_object();
}

int lease_renew(const struct cli *cli, const struct lease *lease, bool (*stop)(void *ctx),
                void *stop_ctx, json_t **ret_answer, struct error *err)
{
    _cleanup_(buf_close) struct buf path = BUF_INIT(AGENT_PATH_SIZE);
    json_auto_t *body = lease_body(lease->ttl_ns);
    struct api_client how = {.silence_ms = LEASE_SILENCE_MS, .stop = stop, .stop_ctx = stop_ctx};
    int r = lease_path(lease->id, "/renew", &path, err);
    if (r < 0)
        return r;
    return cli_ask(cli, &how, "POST", buf_text(&path), body, ret_answer, err);
}

int lease_release(const struct cli *cli, const char *id, json_t **ret_answer, struct error *err)
{
    _cleanup_(buf_close) struct buf path = BUF_INIT(AGENT_PATH_SIZE);
    struct api_client how = {.silence_ms = LEASE_SILENCE_MS};
    int r = lease_path(id, "", &path, err);
    return r < 0 ? r : cli_ask(cli, &how, "DELETE", buf_text(&path), NULL, ret_answer, err);
}

int lease_duration(const struct cli *cli, enum option_id option, const char *name, uint64_t *ret_ns,
                   struct error *err)
{
    const char *text = cli->args.value[option];
    *ret_ns = 0;
    if (!text || (duration_parse(text, ret_ns) == 0 && *ret_ns > 0))
        return 0;
    return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                     "%s: --%s must be a duration such as 90s or 1h30m, more than 0, not \"%s\"",
                     cli->args.command->name, name, text);
}

int lease_each_word(struct cli *cli,
                    int (*one)(struct cli *cli, const char *word, struct error *err),
                    struct error *err)
{
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < cli->args.n_words; i++) {
        int r = one(cli, cli->args.words[i], err);
        bool last = i + 1 == cli->args.n_words;
        if (r >= 0)
            continue;
        if (last && status == EXIT_SUCCESS)
            return r;
        cli_error("%s", error_is_set(err) ? err->text : strerror(-r));
        if (status == EXIT_SUCCESS)
            status = error_is_set(err) ? error_exit_status(err->kind) : EXIT_FAILURE;
        error_clear(err);
    }
    return status;
}

int lease_print_state(const struct cli *cli, const json_t *answer, struct error *err)
{
    if (cli->json)
        return cli_print_json_line(answer, err);
    cli_note(cli, "%s is %s", view_text(answer, "agent"), view_text(answer, "state"));
    return 0;
}
