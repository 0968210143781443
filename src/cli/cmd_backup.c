/* SPDX-License-Identifier: MIT
 *
 * roost backup: a copy of the database, and of the secrets and configs that are kept beside it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/own_files.h"

struct backup {
    struct cli *cli;
    const char *file;
    char folder[PATH_MAX]; /* of the files of roost's own */
    struct own_files own;
    size_t n_files;
    off_t bytes;
};

/* Twice: what rows name that are written meanwhile is there before they are, and never changes. */
static int copy(struct backup *b, struct error *err)
{
    struct store *store = NULL;
    int r = cli_open_store(b->cli, DB_WRITE, &store, err); /* VACUUM INTO refuses a read-only one */
    if (r == 0)
        r = own_files_copy(&b->own, b->folder, &b->n_files, err);
    if (r == 0)
        r = store_backup(store, b->file, err);
    store = store_close(store);
    if (r == 0)
        r = own_files_copy(&b->own, b->folder, &b->n_files, err);
    if (r < 0)
        own_files_drop_copy(b->folder);
    return r;
}

static int refuse_existing(const struct backup *b, struct error *err)
{
    const char *const paths[] = {b->file, b->folder};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (access(paths[i], F_OK) == 0)
            return error_set(err, -EEXIST, ERROR_CONFLICT, "exists",
                             "%s exists already; give another name, or remove it first", paths[i]);
        if (errno != ENOENT && errno != ENOTDIR)
            return error_set(err, -errno, ERROR_FAILED, "unreadable",
                             "cannot tell whether %s exists: %s", paths[i], strerror(errno));
    }
    return 0;
}

static int tell(const struct backup *b, struct error *err)
{
    const char *folder = b->n_files > 0 ? b->folder : NULL;
    if (b->cli->json) {
        json_auto_t *json = json_pack("{s:s, s:I, s:s?}", "file", b->file, "bytes",
                                      (json_int_t)b->bytes, "files", folder);
        return json ? cli_print_json(json, err)
                    : error_set(err, -EINVAL, ERROR_FAILED, NULL, "%s is not UTF-8", b->file);
    }
    if (b->cli->quiet)
        return 0;
    (void)printf("%s: %lld bytes\n", b->file, (long long)b->bytes);
    if (folder)
        (void)printf("%s: the secrets and configs that roost keeps\n", folder);
    return 0;
}

static int run_backup(struct cli *cli, struct error *err)
{
    struct backup b = {.cli = cli, .file = cli->args.words[0]};
    struct stat st = {0};
    if ((size_t)snprintf(b.folder, sizeof(b.folder), "%s.files", b.file) >= sizeof(b.folder))
        return error_set(err, -ENAMETOOLONG, ERROR_USAGE, "usage", "the name is too long");
    int r = own_files_find(cli, &b.own, err);
    if (r == 0)
        r = refuse_existing(&b, err);
    if (r == 0)
        r = copy(&b, err);
    if (r < 0)
        return r;
    if (stat(b.file, &st) < 0)
        return error_wrap(err, -errno, "%s", b.file);
    b.bytes = st.st_size;
    r = tell(&b, err);
    return r < 0 ? r : EXIT_SUCCESS;
}

const struct command command_backup = {
    .name = "backup",
    .args = "FILE",
    .min_words = 1,
    .max_words = 1,
    .summary = "write a consistent copy of the database to a file",
    .help =
        "Copies the database as it is at one moment, also while a daemon runs. Secrets and\n"
        "configs whose values roost keeps itself are copied into the folder FILE.files.\n"
        "Neither may exist.\n"
        "\n"
        "To restore: stop the daemon, put FILE where the database was and FILE.files where its\n"
        "folder was (roost.db.files beside it; rows name it, so at no other place), and start\n"
        "it. The copy is as secret as the database itself (for its owner alone): it holds the\n"
        "values of the environment, and who may write it may start any container.\n"
        "\n"
        "Examples:\n"
        "  roost backup /var/backups/roost-$(date +%F).db\n",
    .run = run_backup,
};
