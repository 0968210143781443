/* SPDX-License-Identifier: MIT
 *
 * roost renew, roost release: what becomes of leases once they are given.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/agent_view.h"
#include "cli/cli.h"
#include "cli/lease.h"

static int run_renew(struct cli *cli, struct error *err)
{
    json_auto_t *answer = NULL;
    struct lease lease = {0};
    int r = lease_duration(cli, OPT_TTL, "ttl", &lease.ttl_ns, err);
    if (r < 0)
        return r;
    (void)snprintf(lease.id, sizeof(lease.id), "%s", cli->args.words[0]);
    if (strlen(cli->args.words[0]) >= sizeof(lease.id))
        return error_set(err, -EINVAL, ERROR_USAGE, "usage", "renew: \"%s\" is no id of a lease",
                         cli->args.words[0]);
    r = lease_renew(cli, &lease, NULL, NULL, &answer, err);
    r = cli_needs_daemon(cli, r, "a lease", err);
    if (r < 0)
        return r;
    if (cli->json)
        return cli_print_json(answer, err);
    const json_t *told = json_object_get(answer, "lease");
    cli_note(cli, "%s is %s; the lease ends at %s", view_text(told, "agent"),
             view_text(answer, "state"), view_text(told, "expires_at"));
    return EXIT_SUCCESS;
}

static int release_one(struct cli *cli, const char *id, struct error *err)
{
    json_auto_t *answer = NULL;
    int r = cli_needs_daemon(cli, lease_release(cli, id, &answer, err), "a lease", err);
    return r < 0 ? r : lease_print_state(cli, answer, err);
}

static int run_release(struct cli *cli, struct error *err)
{
    return lease_each_word(cli, release_one, err);
}

static const struct option_def renew_options[] = {
    {OPT_TTL, 0, "ttl", "DURATION", "how long it lasts from now (5m; at most 24h)"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_renew = {
    .name = "renew",
    .args = "LEASE",
    .min_words = 1,
    .max_words = 1,
    .summary = "make a lease last longer",
    .options = renew_options,
    .help = "The lease ends that long from now, whenever it would have ended before. One that has\n"
            "expired is gone; `roost wake` gives a new one.\n"
            "\n"
            "Examples:\n"
            "  roost renew \"$lease\" --ttl 1h\n",
    .run = run_renew,
};

const struct command command_release = {
    .name = "release",
    .args = "LEASE…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "end a lease",
    .help = "The agent stays awake while others hold leases of it or an awake agent depends on\n"
            "it; a lazy one sleeps once it has been idle for its idle_timeout.\n"
            "\n"
            "Examples:\n"
            "  roost release \"$lease\"\n",
    .run = run_release,
};
