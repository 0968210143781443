/* SPDX-License-Identifier: MIT
 *
 * roost backup: a copy of the database.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/cli.h"

static int run_backup(struct cli *cli, struct error *err)
{
    const char *file = cli->args.words[0];
    struct stat st = {0};
    struct store *store = NULL;
    int r = cli_open_store(cli, DB_WRITE, &store, err); /* VACUUM INTO refuses a read-only one */
    if (r == 0)
        r = store_backup(store, file, err);
    store = store_close(store);
    if (r < 0)
        return r;
    if (stat(file, &st) < 0)
        return error_wrap(err, -errno, "%s", file);
    if (cli->json) {
        json_auto_t *json = json_pack("{s:s,s:I}", "file", file, "bytes", (json_int_t)st.st_size);
        return json ? cli_print_json(json, err)
                    : error_set(err, -EINVAL, ERROR_FAILED, NULL, "%s is not UTF-8", file);
    }
    if (!cli->quiet)
        (void)printf("%s: %lld bytes\n", file, (long long)st.st_size);
    return EXIT_SUCCESS;
}

const struct command command_backup = {
    .name = "backup",
    .args = "FILE",
    .min_words = 1,
    .max_words = 1,
    .summary = "write a consistent copy of the database to a file",
    .help = "Copies the database as it is at one moment, also while a daemon runs. FILE must not\n"
            "exist. To restore: stop the daemon, put the copy where the database is, start it.\n"
            "The copy is as secret as the database itself (mode 0600): it holds the values of\n"
            "the environment, and who may write it may start any container.\n"
            "\n"
            "Examples:\n"
            "  roost backup /var/backups/roost-$(date +%F).db\n",
    .run = run_backup,
};
