/* SPDX-License-Identifier: MIT
 *
 * roost set: change one row, or make it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/assign.h"
#include "cli/cli.h"
#include "cli/write.h"

#define DEFAULT_FLEET "roost"

static bool has_image(const struct cli *cli)
{
    for (size_t i = 1; i < cli->args.n_words; i++)
        if (strncmp(cli->args.words[i], "image=", strlen("image=")) == 0)
            return true;
    return false;
}

static int new_row(const char *name, struct row *ret_row, struct error *err)
{
    if (!agent_name_is_valid(name))
        return error_set(err, -EINVAL, ERROR_INVALID, "bad_name",
                         "\"%s\" is no name for an agent; at most %d letters, digits, \"_\", "
                         "\".\", \"-\", the first a letter or a digit",
                         name, AGENT_NAME_MAX);
    _cleanup_(row_close) struct row row = {0};
    if (row_set(&row.name, name) < 0 || row_set(&row.lifecycle, "hot") < 0 ||
        row_set(&row.spec, "{}") < 0)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    *ret_row = row;
    memset(&row, 0, sizeof(row));
    return 0;
}

/* The row that is there, or one to begin with. A typing error must not make an agent: a new one
 * needs an image. */
static int find_row(const struct cli *cli, struct store *store, struct row *ret_row, bool *ret_new,
                    struct error *err)
{
    const char *name = cli->args.words[0];
    int r = row_read(store, name, ret_row, err);
    *ret_new = r == -ENOENT;
    if (r != -ENOENT)
        return r;
    if (!has_image(cli))
        return error_wrap(err, r, "a new agent needs image=…");
    error_clear(err);
    return new_row(name, ret_row, err);
}

/* Containers are named after the fleet, so the first agent needs one. */
static int name_fleet(const struct cli *cli, struct store *store, struct error *err)
{
    const char *name = cli->args.value[OPT_PROJECT];
    if (!name && store_fleet(store)[0])
        return 0;
    if (!name)
        cli_note(cli, "the fleet is now called " DEFAULT_FLEET " (-p NAME calls it otherwise)");
    return store_set_fleet(store, name ? name : DEFAULT_FLEET, err);
}

static int write_row(const struct cli *cli, struct store *store, json_t *written, struct error *err)
{
    _cleanup_(row_close) struct row row = {0};
    bool is_new = false, changed = false;
    int r = find_row(cli, store, &row, &is_new, err);
    if (r == 0)
        r = assign_words(&row, cli->args.words + 1, cli->args.n_words - 1, err);
    if (r == 0)
        r = name_fleet(cli, store, err);
    if (r < 0)
        return r;
    struct store_agent agent = row_as_agent(&row);
    r = store_write_agent(store, &agent, &changed, err);
    if (r < 0)
        return r;
    if (row.source && changed)
        cli_note(cli, "%s comes from %s: the next `roost apply` of it sets back what the file says",
                 row.name, row.source);
    return written_add(written, row.name, is_new ? "created" : changed ? "changed" : "unchanged");
}

static int run_set(struct cli *cli, struct error *err)
{
    json_auto_t *written = written_new();
    struct store *store = NULL;
    int r = cli_open_store(cli, has_image(cli) ? DB_CREATE : DB_WRITE, &store, err);
    if (r == 0)
        r = store_begin(store, err);
    if (r == 0)
        r = write_row(cli, store, written, err);
    if (r == 0)
        r = store_commit(store, err);
    store = store_close(store); /* rolls back what was not committed */
    return r < 0 ? r : written_finish(cli, written, CALL_DAEMON_ONLY, NULL, err);
}

static const struct option_def options[] = {
    {OPT_PROJECT, 'p', "project", "NAME", "the fleet's name, when it has none yet"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_set = {
    .name = "set",
    .args = "NAME KEY=VALUE…",
    .min_words = 2,
    .max_words = WORDS_MANY,
    .summary = "change an agent's row, or make one by hand",
    .options = options,
    .help = "Changes one row of the table; a daemon carries it out at once. An agent that does\n"
            "not exist is made when image= is among the words (hot, unless lifecycle=lazy).\n"
            "\n"
            "Keys:\n"
            "  lifecycle=hot|lazy   always up, or asleep until needed\n"
            "  image=REFERENCE      what it runs\n"
            "  idle_timeout=15m     sleep after so long without use; empty: the default\n"
            "  pool=NAME            empty: none\n"
            "  held=true|false      as `roost hold` and `roost unhold`\n"
            "  source=FILE          hand the row over to a compose file (absolute path), e.g.\n"
            "                       after the file has moved; empty: made by hand\n"
            "  spec='{…}'           the whole spec, as JSON\n"
            "  PATH=VALUE           a key of the spec, dotted, as in a compose file:\n"
            "                       command='sleep 9', environment.DEBUG=1,\n"
            "                       healthcheck.interval=5s, x-roost.ready.tcp=8080\n"
            "\n"
            "A value is a text, which does for numbers and true or false too; one that begins\n"
            "with { [ or \" is JSON. null takes a key out. Below environment and labels a dot is\n"
            "part of the key.\n"
            "\n"
            "A row that comes from a compose file is set back by the next `roost apply`, which\n"
            "says so.\n"
            "\n"
            "Examples:\n"
            "  roost set web image=busybox command='httpd -f -p 8080'\n"
            "  roost set web lifecycle=lazy idle_timeout=30m\n"
            "  roost set web ports='[\"8080:8080\"]' labels.com.example.team=core\n"
            "  roost set web environment.DEBUG=null\n",
    .run = run_set,
};
